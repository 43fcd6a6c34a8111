#include "safetensors_files.hpp"

#include <reshard/codec/dcp_info_json.hpp>

#include <map>

using namespace reshard;
using files::error_of;

namespace {
std::string rule_of(std::string_view json) {
  auto const e = error_of([&] { (void)dcp_info_of(json, "m"); });
  CHECK(files::contains(e.path(), "m: DCP_SHARDING_INFO"));
  return e.rule();
}
}  // namespace

TEST_CASE("offsets are read in the order of the text", "[dcp_info]") {
  CHECK(dcp_info_of(R"({"w": {"saved_offsets": [4, 0]}, "b": {"saved_offsets": []}})", "m") ==
        dcp_info{{{"w", {4, 0}}, {"b", {}}}});
  CHECK(dcp_info_of("{}", "m").shards.empty());
}

TEST_CASE("what is in another form is refused", "[dcp_info]") {
  for (char const* const json :
       {"[]", "null", R"({"w":[0]})", R"({"w":{"saved_offsets":0}})", R"({"w":{}})",
        R"({"w":{"saved_offsets":[-1]}})", R"({"w":{"saved_offsets":["0"]}})",
        R"({"w":{"saved_offsets":[9223372036854775808]}})", R"({"w":{"saved_offsets":[[0]]}})",
        R"({"w":{"saved_offsets":[0],"size":[1]}})",
        R"({"w":{"saved_offsets":[0],"saved_offsets":[0]}})", R"({"w":{"saved_offsets":{}}})"}) {
    INFO(json);
    CHECK(rule_of(json) == "dcp_info_is_malformed");
  }
  CHECK(rule_of(R"({"w":{"saved_offsets":[0]},"w":{"saved_offsets":[0]}})") == "key_occurs_twice");
  CHECK(rule_of("{") == "json_is_malformed");
}

TEST_CASE("a file without the metadata has no info", "[dcp_info]") {
  CHECK_FALSE(dcp_info_of(file_index{}, "m").has_value());
}

TEST_CASE("version, names and dims must fit the file", "[dcp_info]") {
  file_index index;
  index.tensors = {{"w", dtype::float32, {2, 3}, {{8, 24}}, 4, 0}};
  auto const with = [&](char const* info, char const* version) {
    index.metadata = {{"DCP_SHARDING_INFO", info}, {"DCP_VERSION", version}};
    return dcp_info_of(index, "m");
  };
  char const* const good = R"({"w":{"saved_offsets":[1,0]}})";
  CHECK(with(good, "1.0")->shards[0].saved_offsets == std::vector<index_t>{1, 0});
  CHECK(error_of([&] { (void)with(good, "2.0"); }).code() == errc::value_is_not_supported);
  for (char const* const bad : {R"({"w":{"saved_offsets":[1]}})", "{}",
                                R"({"w":{"saved_offsets":[1,0]},"v":{"saved_offsets":[0]}})"})
    CHECK(error_of([&] { (void)with(bad, "1.0"); }).code() == errc::file_is_malformed);
  index.metadata = {{"DCP_SHARDING_INFO", good}};
  CHECK(error_of([&] { (void)dcp_info_of(index, "m"); }).code() == errc::value_is_not_supported);
}

TEST_CASE("real shards join to the tensors of the consolidated file", "[dcp_info]") {
  std::map<std::string, std::vector<index_t>> shapes;
  for (std::string const& path :
       files::below(files::data("safetensors/dcp_dp2tp2/src"), ".safetensors")) {
    file_index const index = safetensors_index(random_access_file{path});
    auto const info = dcp_info_of(index, path);
    REQUIRE(info.has_value());
    for (dcp_shard const& shard : info->shards)
      for (indexed_tensor const& t : index.tensors) {
        if (t.name != shard.name) continue;
        std::vector<index_t>& shape = shapes[t.name];
        shape.resize(t.shape.size());
        for (std::size_t d = 0; d < shape.size(); ++d)
          shape[d] = std::max(shape[d], shard.saved_offsets[d] + t.shape[d]);
      }
  }
  file_index const whole = safetensors_index(random_access_file{
      files::data("safetensors/dcp_dp2tp2/expected/model-00001-of-00001.safetensors")});
  REQUIRE(whole.tensors.size() == shapes.size());
  for (indexed_tensor const& t : whole.tensors) CHECK(t.shape == shapes.at(t.name));
  CHECK_FALSE(dcp_info_of(whole, "m").has_value());
}
