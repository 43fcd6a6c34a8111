#include "safetensors_files.hpp"

#include <reshard/codec/weight_index_json.hpp>

using namespace reshard;
using files::error_of;

namespace {
weight_index of(std::string_view json) {
  return weight_index_of(json, "index.json");
}
std::string rule_of(std::string_view json) {
  auto const e = error_of([&] { (void)of(json); });
  CHECK(e.path() == "index.json");
  return e.rule();
}
bool is_index(std::string const& path) {
  return path.ends_with("index.json") || path.ends_with("param_name_map.json");
}
}  // namespace

TEST_CASE("an index is read in its order, nested or flat", "[weight_index]") {
  auto const nested = of(R"({"metadata":{"total_size":12,"format":"pt"},)"
                         R"("weight_map":{"z":"1.st","a.\u00e9":"2.st"}})");
  CHECK(nested.metadata == text_pairs{{"total_size", "12"}, {"format", "\"pt\""}});
  CHECK(nested.weight_map == text_pairs{{"z", "1.st"}, {"a.\xc3\xa9", "2.st"}});
  CHECK(nested.total_size() == 12U);
  auto const flat = of(R"({"z":"1.st","a":"2.st"})");
  CHECK(flat.weight_map == text_pairs{{"z", "1.st"}, {"a", "2.st"}});
  CHECK(flat.metadata.empty());
  auto const names = of(R"({"weight_map":"1.st","metadata":"2.st"})");  // tensors of these names
  CHECK(names.weight_map == text_pairs{{"weight_map", "1.st"}, {"metadata", "2.st"}});
  CHECK(of(R"({"weight_map":{},"metadata":{}})").weight_map.empty());
}

TEST_CASE("metadata of every kind is kept as JSON", "[weight_index]") {
  auto const index = of(R"({"weight_map":{"a":"1"},"metadata":{"i":-3,"f":1.50,"t":"q\"\n",)"
                        R"("n":null,"b":[true, {"x": [], "y": 1}, "z"],"o":{}}})");
  CHECK(index.metadata == text_pairs{{"i", "-3"},
                                     {"f", "1.50"},
                                     {"t", R"("q\"\n")"},
                                     {"n", "null"},
                                     {"b", R"([true,{"x":[],"y":1},"z"])"},
                                     {"o", "{}"}});
}

TEST_CASE("a key that is there twice is an error", "[weight_index]") {
  CHECK(rule_of(R"({"weight_map":{"a":"1","b":"2","a":"1"}})") == "key_occurs_twice");
  CHECK(rule_of(R"({"weight_map":{"a":"1","\u0061":"1"}})") == "key_occurs_twice");
  CHECK(rule_of(R"({"a":"1","a":"2"})") == "key_occurs_twice");
  CHECK(rule_of(R"({"weight_map":{"a":"1"},"weight_map":{"b":"1"}})") == "key_occurs_twice");
  CHECK(rule_of(R"({"metadata":{},"weight_map":{"a":"1"},"metadata":{}})") == "key_occurs_twice");
  CHECK(rule_of(R"({"metadata":{"k":1,"k":1},"weight_map":{}})") == "key_occurs_twice");
}

TEST_CASE("file names are plain", "[weight_index]") {
  for (char const* const file :
       {"", ".", "..", "../x", "/x", "a/b", "a\\\\b", "a\\u0000b", "./a"}) {
    INFO(file);
    auto const e =
        error_of([&] { (void)of(R"({"weight_map":{"t":")" + std::string{file} + "\"}}"); });
    CHECK(e.rule() == std::string{"shard_is_no_plain_file_name"});
    CHECK(e.tensor() == "t");
  }
  CHECK(of(R"({"weight_map":{"t":"..a"}})").weight_map.size() == 1);
}

TEST_CASE("what is no index is refused", "[weight_index]") {
  for (char const* const json :
       {"[]", "1", "\"x\"", "{}", R"({"weight_map":{"a":1}})", R"({"weight_map":{"a":null}})",
        R"({"weight_map":{"a":["1"]}})", R"({"weight_map":{"a":{}}})", R"({"a":1})",
        R"({"a":"1","b":{}})", R"({"weight_map":[]})", R"({"metadata":{"total_size":1}})"}) {
    INFO(json);
    CHECK(rule_of(json) == "weight_index_is_malformed");
  }
  CHECK(rule_of("{\"weight_map\":{\"a\":\"1\"}") == "json_is_malformed");
  CHECK(rule_of("") == "json_is_malformed");
  files::temporary_folder const folder;
  auto const e = error_of([&] {
    (void)read_weight_index(folder.write("i.json", "version https://git-lfs.github.com/spec/v1\n"));
  });
  CHECK(files::contains(e.what(), "Git LFS pointer"));
}

TEST_CASE("unknown keys beside a weight_map are warnings", "[weight_index]") {
  auto const index = of(R"({"weight_map":{"a":"1"},"version":"2","extra":{"b":[1]},"n":3})");
  CHECK(index.weight_map == text_pairs{{"a", "1"}});
  CHECK(index.warnings.size() == 3);
}

TEST_CASE("real index files are printed again byte for byte", "[weight_index]") {
  weight_index_style by_hand = torch_style;  // json.dump(index, indent=1)
  by_hand.indent = 1;
  std::size_t printed = 0;
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".json")) {
    if (!is_index(path)) continue;
    INFO(path);
    weight_index const index = read_weight_index(path);
    CHECK(index.warnings.empty());
    weight_index_style style = mindspore_style;
    if (files::contains(path, "/convert/")) style = huggingface_style;
    if (files::contains(path, "/dcp_")) style = torch_style;
    if (files::contains(path, "/deepseek3-gmm-bf16/expected")) style = flat_style;
    if (files::contains(path, "/deepseek3-gmm-bf16/src")) style = by_hand;
    CHECK(weight_index_json(index, style) == files::content(path));
    ++printed;
  }
  CHECK(printed >= 13);
}

TEST_CASE("printing sorts for Hugging Face only, and escapes as Python does", "[weight_index]") {
  weight_index const index{{{"b", "1"}, {"a", "\"x\""}}, {{"z\xc3\xa9\"", "2"}, {"a", "1"}}, {}};
  CHECK(weight_index_json(index, huggingface_style) ==
        "{\n  \"metadata\": {\n    \"a\": \"x\",\n    \"b\": 1\n  },\n  \"weight_map\": {\n"
        "    \"a\": \"1\",\n    \"z\\u00e9\\\"\": \"2\"\n  }\n}\n");
  CHECK(weight_index_json(index, mindspore_style) ==
        "{\n    \"metadata\": {\n        \"b\": 1,\n        \"a\": \"x\"\n    },\n"
        "    \"weight_map\": {\n        \"z\\u00e9\\\"\": \"2\",\n        \"a\": \"1\"\n    }\n}");
  CHECK(weight_index_json({{}, {{"a", "1"}}, {}}, flat_style) == "{\n  \"a\": \"1\"\n}");
  CHECK(weight_index_json({}, torch_style) == "{\n  \"metadata\": {},\n  \"weight_map\": {}\n}");
  CHECK(error_of([&] { (void)weight_index_json(index, flat_style); }).rule() ==
        std::string{"flat_index_has_no_metadata"});
  CHECK(error_of([] {
          (void)weight_index_json({{}, {{"\xff", "1"}}, {}}, flat_style);
        }).code() == errc::value_is_not_supported);
}

TEST_CASE("92,000 names are read and printed", "[weight_index]") {
  weight_index index;
  for (int i = 0; i < 92'000; ++i)
    index.weight_map.emplace_back("layers." + std::to_string(i), "m.safetensors");
  weight_index const again = of(weight_index_json(index, torch_style));
  CHECK(again.weight_map == index.weight_map);
}

TEST_CASE("real folders fit their indices", "[weight_index]") {
  std::size_t folders = 0;
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".json")) {
    if (!is_index(path) || files::contains(path, "deepseek3-gmm-bf16/src") ||
        files::contains(path, "mixtral"))
      continue;  // these are here without their shards
    INFO(path);
    weight_index const index = read_weight_index(path);
    std::string const folder = std::filesystem::path{path}.parent_path().string();
    std::vector<std::string> names;
    std::vector<file_index> indices;
    for (std::string const& file : files::below(folder, ".safetensors")) {
      std::string const name = std::filesystem::path{file}.filename().string();
      if (name == "hyper_param.safetensors") continue;
      names.push_back(name);
      indices.push_back(safetensors_index(random_access_file{shard_path(folder, name)}));
    }
    std::vector<weight_shard> shards;
    for (std::size_t i = 0; i < names.size(); ++i) shards.push_back({names[i], &indices[i]});
    CHECK(check_shards(index, shards).empty());
    ++folders;
  }
  CHECK(folders >= 11);
}
