#include "safetensors_files.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>

using namespace safetensors_files;
using nlohmann::json;

namespace {

/// The file of a row of the corpus.
std::string bytes_of_row(json const& row) {
  if (row.contains("hex")) return files::from_hex(row["hex"].get<std::string>());
  return file_of(row["header"], std::string(row["data"].get<std::size_t>(), '\0'));
}

/// "accepted", or the rule that a file breaks.
std::string outcome(std::string const& bytes, reading how, file_index& index) {
  files::memory_file const memory;
  random_access_file const file{memory.write(bytes)};
  try {
    index = safetensors_index(file, how);
    return "accepted";
  } catch (codec_error const& e) {
    CHECK(e.path() == file.path());
    CHECK(files::contains(e.what(), e.path()));
    return e.rule();
  }
}

void check_accepted(json const& row, std::string const& bytes, file_index const& index) {
  for (std::size_t i = 0; i < row.value("names", json::array()).size(); ++i)
    CHECK(index.tensors.at(i).name == row["names"][i].get<std::string>());
  if (row.contains("last_type"))
    CHECK(facts_of(index.tensors.back().type).safetensors == row["last_type"].get<std::string>());
  if (row.contains("warning")) {
    REQUIRE(index.warnings.size() == 1);
    CHECK(files::contains(index.warnings[0], row["warning"].get<std::string>()));
  }
  for (indexed_tensor const& t : index.tensors) {
    CHECK(gathered(bytes, t).size() * 8 == elements(t.shape) * bits_of(t.type));
    CHECK(t.stored_item_bytes == group_of(t.type).bytes);
  }
}

/// The names of the rules by the names of the reference's errors.
std::multimap<std::string, std::string> const rules{
    {"HeaderTooSmall", "file_is_too_short_for_a_header"},
    {"HeaderTooLarge", "header_is_too_long"},
    {"InvalidHeaderLength", "header_exceeds_the_file"},
    {"InvalidHeader", "json_is_not_utf8"},
    {"InvalidHeaderDeserialization", "json_is_malformed"},
    {"InvalidHeaderDeserialization", "header_is_malformed"},
    {"InvalidHeaderDeserialization", "header_has_blank_space"},
    {"InvalidHeaderDeserialization", "key_occurs_twice"},
    {"InvalidHeaderDeserialization", "dtype_is_unknown"},
    {"InvalidHeaderDeserialization", "json_is_nested_too_deeply"},
    {"InvalidOffset", "tensor_data_is_not_contiguous"},
    {"InvalidOffset", "key_occurs_twice"},
    {"ValidationOverflow", "tensor_size_overflows"},
    {"MisalignedSlice", "elements_do_not_fill_bytes"},
    {"TensorInvalidInfo", "range_does_not_fit_the_tensor"},
    {"MetadataIncompleteBuffer", "data_follows_the_last_tensor"},
    {"MetadataIncompleteBuffer", "tensor_is_cut_off"}};

bool is_rule_of(std::string const& reference, std::string const& rule) {
  auto const [first, last] = rules.equal_range(reference);
  return std::any_of(first, last, [&](auto const& row) { return row.second == rule; });
}
}  // namespace

TEST_CASE("every row of the corpus has its outcome, strictly and leniently", "[safetensors]") {
  json const corpus = json::parse(files::content(files::data("safetensors_corpus.json")));
  CHECK(corpus.size() > 150);
  for (json const& row : corpus) {
    INFO(row.dump());
    std::string const bytes = bytes_of_row(row);
    for (auto const& [how, key] :
         {std::pair{reading::strict, "strict"}, {reading::lenient, "lenient"}}) {
      file_index index;
      std::string const got = outcome(bytes, how, index);
      CHECK(got == row[key].get<std::string>());
      if (got == "accepted") check_accepted(row, bytes, index);
      // what the reference refuses is refused under a rule of that kind
      std::string const reference = row["reference"];
      if (reference != "accepted") CHECK(is_rule_of(reference, got));
    }
  }
}

TEST_CASE("what a lenient reader accepts against the rules is a warning", "[safetensors]") {
  std::string const entry = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  for (std::string const& header :
       {R"({"a":)" + entry + R"(,"a":)" + entry + "}", R"({"__metadata__":null,"a":)" + entry + "}",
        R"({"__metadata__":{"k":"1","k":"2"},"a":)" + entry + "}"}) {
    INFO(header);
    file_index const index = index_of(file_of(header, "data"), reading::lenient);
    CHECK(index.warnings.size() == 1);
    CHECK(index.tensors.size() == 1);
  }
  std::string const twice = R"({"__metadata__":{"k":"1","j":"x","k":"2"}})";
  CHECK(index_of(file_of(twice), reading::lenient).metadata == text_pairs{{"j", "x"}, {"k", "2"}});
}

TEST_CASE("an index has name, type, shape and place of each tensor, and the metadata in order",
          "[safetensors]") {
  std::string const header =
      R"({"__metadata__":{"z":"1","a":"\u00e9\n"},"w":{"dtype":"BF16","shape":[2,3],)"
      R"("data_offsets":[0,12]},"f":{"dtype":"F4","shape":[2,2],"data_offsets":[12,14]},)"
      R"("none":{"dtype":"I64","shape":[0,7],"data_offsets":[14,14]}}  )";
  file_index const index = index_of(file_of(header, std::string(14, 'x')));
  std::uint64_t const begin = 8 + header.size();
  CHECK(index.metadata == text_pairs{{"z", "1"}, {"a", "\xc3\xa9\n"}});
  REQUIRE(index.tensors.size() == 3);
  CHECK(index.tensors[0] == indexed_tensor{"w", dtype::bfloat16, {2, 3}, {{begin, 12}}, 2, 0});
  CHECK(index.tensors[1] == indexed_tensor{"f", dtype::float4, {2, 2}, {{begin + 12, 2}}, 1, 0});
  CHECK(index.tensors[2] == indexed_tensor{"none", dtype::int64, {0, 7}, {}, 8, 0});
  CHECK(index.warnings.empty());
  CHECK_FALSE(index.crc.has_value());
}

TEST_CASE("messages name file, tensor, rule and byte", "[safetensors]") {
  auto const message = [](std::string const& header, std::string const& data = {}) {
    return index_error(file_of(header, data));
  };
  auto const type = message(one("F128", "[1]", 4), "data");
  CHECK(type.tensor() == "a");
  CHECK(type.code() == errc::value_is_not_supported);
  CHECK(type.byte() == 8 + 20);  // behind "F128"
  CHECK(files::contains(type.what(), "unknown dtype 'F128'"));

  auto const syntax = message(R"({"a":?})");
  CHECK(syntax.byte() == 8 + 5);
  auto const sizes = message(one("F32", "[1, 2, x]", 4), "data");
  CHECK(sizes.byte() == 8 + 35);  // the x

  auto const size = message(one("F32", "[1,-2]", 4), "data");
  CHECK(size.tensor() == "a");
  CHECK(files::contains(size.what(), "in the shape, found -2"));

  auto const hole = message(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                            R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                            "xyz");
  CHECK(hole.tensor() == "b");
  CHECK(files::contains(hole.what(), "data_offsets [2, 3], but the data before ends at 1"));

  std::string const cut = one("F32", "[2]", 8);
  auto const short_file = message(cut, "12345");
  CHECK(short_file.code() == errc::file_is_truncated);
  CHECK(short_file.tensor() == "a");
  CHECK(short_file.byte() == static_cast<std::int64_t>(8 + cut.size() + 5));
  CHECK(files::contains(short_file.what(), "3 bytes are missing"));

  auto const more = message(cut, "1234567890");
  CHECK(more.byte() == static_cast<std::int64_t>(8 + cut.size() + 8));
  CHECK(files::contains(more.what(), "2 bytes"));

  auto const odd_name = message("{\"a\\u0000\\n'\":{\"dtype\":1}}");
  CHECK(odd_name.tensor() == std::string{"a\0\n'", 4});
  CHECK(files::contains(odd_name.what(), R"(tensor 'a\x00\x0a'')"));
}

TEST_CASE("hints at files of other kinds", "[safetensors]") {
  auto const hint = [](std::string const& bytes) { return std::string{index_error(bytes).what()}; };
  std::string const zip = files::from_hex("504b03040a0000080000") + std::string(40, 'x');
  CHECK(files::contains(hint(zip), "zip archive"));
  CHECK(files::contains(hint("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
                        "Git LFS pointer"));
  CHECK(files::contains(hint("{\"metadata\": {}}"), "JSON"));
  CHECK(files::contains(hint("<!DOCTYPE html><html>"), "web page"));
  CHECK(files::contains(hint(files::from_hex("0a2c0a0177122708020803")), ".ckpt"));
  CHECK(files::contains(hint(files::from_hex("80027d71002e00000000")), "pickle"));
}

TEST_CASE("a header of 100,000,000 bytes is read, a longer one refused", "[safetensors][slow]") {
  files::memory_file const memory;
  for (std::uint64_t const n : {100'000'000U, 100'000'001U}) {
    random_access_file const file{memory.write(file_of("{}" + std::string(n - 2, ' ')))};
    if (n == 100'000'000) CHECK(safetensors_index(file).tensors.empty());
    if (n > 100'000'000)
      CHECK(files::error_of([&] { (void)safetensors_index(file); }).rule() ==
            std::string{"header_is_too_long"});
  }
}

TEST_CASE("faults that other readers had", "[safetensors]") {
  auto const rule = [](std::string const& bytes) { return std::string{index_error(bytes).rule()}; };
  // a product that wraps to 0 or to a small number, then no check
  CHECK(rule(file_of(one("F32", "[4294967296,4294967296]", 0))) == "tensor_size_overflows");
  CHECK(rule(file_of(one("U8", "[4611686018427387905,4]", 4), "data")) == "tensor_size_overflows");
  CHECK(rule(file_of(one("F64", "[2305843009213693953]", 8), "12345678")) ==
        "tensor_size_overflows");
  // a size that is negative as a signed number
  CHECK(rule(file_of(one("U8", "[18446744073709551615]", 4), "data")) == "size_is_not_supported");
  CHECK(rule(file_of(one("U8", "[18446744073709551615,2]", 4), "data")) == "tensor_size_overflows");
  // a header length that wraps when 8 is added, or is believed before the file is asked
  CHECK(rule(files::from_hex("fbffffffffffffff7b7d")) == "header_is_too_long");
  CHECK(rule(files::from_hex("00e1f505000000007b7d")) == "header_exceeds_the_file");
  // a range that is not that of the shape, or lies outside of the file
  CHECK(rule(file_of(one("F32", "[1000]", 4), "data")) == "range_does_not_fit_the_tensor");
  CHECK(rule(file_of(one("U8", "[1152921504606846976]", 1152921504606846976), "data")) ==
        "tensor_is_cut_off");
  // more than 8 dims
  CHECK(index_of(file_of(one("U8", "[1,1,1,1,1,1,1,1,1,1,1,1]", 1), "x")).tensors[0].shape.size() ==
        12);
  // a second file hidden behind the data
  CHECK(rule(file_of(one("U8", "[1]", 1), "xPK\3\4")) == "data_follows_the_last_tensor");
}

TEST_CASE("many tensors on one range are refused at once", "[safetensors]") {
  std::string header = "{";
  for (int i = 0; i < 100'000; ++i)
    header += (i ? R"(,"weight_)" : R"("weight_)") + std::to_string(i) +
              R"(":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})";
  auto const e = index_error(file_of(header + "}", std::string(16, '\0')));
  CHECK(e.rule() == std::string{"tensor_data_is_not_contiguous"});
}

TEST_CASE("many extra fields and many equal keys are settled in little time", "[safetensors]") {
  std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1])";
  for (int i = 0; i < 100'000; ++i) header += R"(,"f)" + std::to_string(i) + R"(":0)";
  file_index const many = index_of(file_of(header + "}}", "x"));
  CHECK(many.warnings.size() == 100'000);
  header = "{";
  for (int i = 0; i < 50'000; ++i)
    header += std::string{i ? "," : ""} + R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  file_index const last = index_of(file_of(header + "}", "x"), reading::lenient);
  CHECK(last.tensors.size() == 1);
}

TEST_CASE("92,000 tensors, 10 MB of header", "[safetensors]") {
  std::string header = "{";
  for (std::uint64_t i = 0; i < 92'000; ++i)
    header += std::string{i ? "," : ""} + "\"layers." + std::to_string(100 + i / 400) +
              ".experts." + std::to_string(100 + i % 400) +
              R"(.gate_proj.weight":{"dtype":"BF16","shape":[1,1],"data_offsets":[)" +
              std::to_string(2 * i) + "," + std::to_string(2 * i + 2) + "]}";
  files::temporary_folder const folder;
  random_access_file const file{
      folder.write("m.safetensors", file_of(header + "}", std::string(184'000, 'x')))};
  auto const begin = std::chrono::steady_clock::now();
  file_index const index = safetensors_index(file);
  double const seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  WARN("92,000 tensors are indexed in " << seconds << " s");
  REQUIRE(index.tensors.size() == 92'000);
  CHECK(index.tensors[91'999].ranges[0] == byte_range{file.size() - 2, 2});
  CHECK(index.tensors[401].name == "layers.101.experts.101.gate_proj.weight");
}

TEST_CASE("tensors of a real file are those that were saved", "[safetensors]") {
  json const saved =
      json::parse(files::content(files::data("mindspore/save_safetensors/case.json")));
  std::string const bytes =
      files::content(files::data("mindspore/save_safetensors/expected/m.safetensors"));
  file_index const index = index_of(bytes);
  CHECK(index.metadata == text_pairs{{"format", "ms"}});
  REQUIRE(index.tensors.size() == saved["entries"].size());
  for (json const& entry : saved["entries"]) {
    auto const t = std::find_if(index.tensors.begin(), index.tensors.end(), [&](auto const& x) {
      return x.name == entry["name"].get<std::string>();
    });
    REQUIRE(t != index.tensors.end());
    CHECK(name_of(t->type) == entry["dtype"].get<std::string>());
    CHECK(t->shape == entry["shape"].get<std::vector<index_t>>());
    CHECK(gathered(bytes, *t) == files::from_hex(entry["bytes_hex"].get<std::string>()));
  }
}

TEST_CASE("a header with the shapes of GPT-2", "[safetensors]") {
  std::vector<image_entry> entries{{"wte", dtype::float32, {50257, 768}},
                                   {"wpe", dtype::float32, {1024, 768}},
                                   {"ln_f.weight", dtype::float32, {768}},
                                   {"ln_f.bias", dtype::float32, {768}}};
  for (int i = 0; i < 12; ++i)
    for (auto const& [name, shape] : std::vector<std::pair<char const*, std::vector<index_t>>>{
             {"ln_1.weight", {768}},
             {"ln_1.bias", {768}},
             {"attn.bias", {1, 1, 1024, 1024}},
             {"attn.c_attn.weight", {768, 2304}},
             {"attn.c_attn.bias", {2304}},
             {"mlp.c_fc.weight", {768, 3072}},
             {"mlp.c_proj.weight", {3072, 768}}})
      entries.push_back({"h." + std::to_string(i) + "." + name, dtype::float32, shape});
  file_image const image = safetensors_image(entries, {});
  files::temporary_folder const folder;
  std::string const path = folder.write("m.safetensors", image.literals[0].bytes);
  std::filesystem::resize_file(path, image.size);  // sparse
  file_index const index = safetensors_index(random_access_file{path});
  REQUIRE(index.tensors.size() == entries.size());
  std::map<std::string, std::vector<byte_range>> expected;
  for (std::size_t i = 0; i < entries.size(); ++i) expected[entries[i].name] = image.ranges[i];
  for (indexed_tensor const& t : index.tensors) CHECK(t.ranges == expected.at(t.name));
}
