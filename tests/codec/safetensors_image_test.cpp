#include "safetensors_files.hpp"

#include <reshard/codec/crc.hpp>

#include <set>

using namespace safetensors_files;

namespace {
std::string header_of(std::vector<image_entry> const& entries, image_options const& options = {}) {
  return safetensors_image(entries, options).literals.at(0).bytes;
}

std::string with_length(std::uint64_t n, std::string header) {
  header.resize(n, ' ');
  return file_of(header);
}
}  // namespace

TEST_CASE("headers as the reference library writes them", "[safetensors]") {
  CHECK(header_of({{"attn.0", dtype::float32, {1, 2, 3}}}) ==
        with_length(64, R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})"));
  CHECK(header_of({{"attn0", dtype::float32, {1, 2, 3}}}) ==
        with_length(64, R"({"attn0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})"));
  CHECK(header_of({{"attn0", dtype::float32, {1, 1, 2, 3}}}) ==
        with_length(72, R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}})"));
  CHECK(header_of({}) == with_length(8, "{}"));
  CHECK(header_of({}, {.metadata = {{"framework", "pt"}}}) ==
        with_length(40, R"({"__metadata__":{"framework":"pt"}})"));
  CHECK(header_of({{"attn.0", dtype::float4, {1, 2}}}) ==
        with_length(64, R"({"attn.0":{"dtype":"F4","shape":[1,2],"data_offsets":[0,1]}})"));
  CHECK(header_of({{"test2", dtype::float16, {2, 2}}, {"test1", dtype::int32, {2, 2}}}) ==
        with_length(128, R"({"test1":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]},)"
                         R"("test2":{"dtype":"F16","shape":[2,2],"data_offsets":[16,24]}})"));
  CHECK(header_of({{"test1", dtype::int32, {2, 2}}}, {.metadata = {{"framework", "pt"}}}) ==
        with_length(96, R"({"__metadata__":{"framework":"pt"},"test1":{"dtype":"I32",)"
                        R"("shape":[2,2],"data_offsets":[0,16]}})"));
}

TEST_CASE("texts are escaped as the reference library does", "[safetensors]") {
  // written by safetensors 0.8.0 for the same names and metadata
  std::string const name = std::string{"a\0\x01\b\t\n\x0b\f\r\x1f\"\\/\x7f", 14} +
                           "\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80";
  std::string const escaped = R"("a\u0000\u0001\b\t\n\u000b\f\r\u001f\"\\/)"
                              "\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\"";
  std::string const header = header_of({{name, dtype::uint8, {1}}}, {.metadata = {{"k", name}}});
  CHECK(header.substr(8).starts_with(R"({"__metadata__":{"k":)" + escaped + "}," + escaped +
                                     R"(:{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})"));
}

TEST_CASE("types descend, then names ascend byte by byte", "[safetensors]") {
  std::vector<image_entry> entries;
  for (dtype_facts const& row : dtype_table)
    if (!row.safetensors.empty())
      for (char const* const name : {"b", "a.10", "a.2", "\xc3\xa9", "Z"})
        entries.push_back({std::string{row.safetensors} + name, row.type, {4}});
  std::string const header = header_of(entries);
  std::size_t at = 0;
  for (char const* const type :
       {"U64", "I64", "F64",     "C64",         "F32",         "U32",     "I32",     "BF16",
        "F16", "U16", "I16",     "F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0", "F8_E4M3", "F8_E5M2",
        "I8",  "U8",  "F6_E3M2", "F6_E2M3",     "F4",          "BOOL"})
    for (char const* const name : {"Z", "a.10", "a.2", "b", "\xc3\xa9"}) {
      std::size_t const next = header.find('"' + std::string{type} + name + '"');
      INFO(type << name);
      REQUIRE(next != header.npos);
      CHECK(next > at);
      at = next;
    }
}

TEST_CASE("a safetensors index reverses the image, whatever the order of the entries",
          "[safetensors]") {
  std::mt19937_64 random{20261125};
  files::memory_file const memory;
  for (int round = 0; round < 400; ++round) {
    random_tensors some{random};
    image_options const options{.metadata = some.metadata};
    std::string const bytes = filled(safetensors_image(some.entries, options), some.contents);
    file_index const index = safetensors_index(random_access_file{memory.write(bytes)});
    CHECK(index.metadata == some.metadata);
    REQUIRE(index.tensors.size() == some.entries.size());
    for (indexed_tensor const& t : index.tensors) {
      auto const i = static_cast<std::size_t>(
          std::find_if(some.entries.begin(), some.entries.end(),
                       [&](image_entry const& e) { return e.name == t.name; }) -
          some.entries.begin());
      REQUIRE(i < some.entries.size());
      CHECK(t.type == some.entries[i].type);
      CHECK(t.shape == some.entries[i].shape);
      CHECK(gathered(bytes, t) == some.contents[i]);
    }
    CHECK(rewritten(bytes, index) == bytes);
    for (std::size_t i = some.entries.size(); i > 1; --i) {
      std::size_t const k = random() % i;
      std::swap(some.entries[i - 1], some.entries[k]);
      std::swap(some.contents[i - 1], some.contents[k]);
    }
    CHECK(filled(safetensors_image(some.entries, options), some.contents) == bytes);
  }
}

TEST_CASE("real files are written again byte for byte", "[safetensors]") {
  std::size_t same = 0;
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".safetensors")) {
    INFO(path);
    std::string const bytes = files::content(path);
    file_index const index = safetensors_index(random_access_file{path});
    CHECK(index.warnings.empty());
    // torch's own writer neither pads nor sorts; all others are by the reference library
    bool const by_torch = files::contains(path, "dcp_dp2tp2/expected");
    CHECK((rewritten(bytes, index) == bytes) == !by_torch);
    ++same;
  }
  CHECK(same > 110);
}

TEST_CASE("an image refuses what safetensors cannot hold", "[safetensors]") {
  auto const error = [](image_entry const& entry, image_options const& options = {}) {
    return files::error_of([&] { (void)safetensors_image(std::span{&entry, 1}, options); });
  };
  for (dtype const type : {dtype::complex128, dtype::hifloat8, dtype::int4, dtype::string}) {
    auto const e = error({"t", type, {4}});
    CHECK(e.code() == errc::value_is_not_supported);
    CHECK(e.tensor() == "t");
    CHECK(files::contains(e.what(), name_of(type)));
  }
  CHECK(error({"__metadata__", dtype::int8, {1}}).tensor() == "__metadata__");
  CHECK(error({"\xff", dtype::int8, {1}}).code() == errc::value_is_not_supported);
  CHECK(error({"t", dtype::int8, {-1}}).tensor() == "t");
  CHECK(error({"t", dtype::int8, {max_index, 4}}).rule() == std::string{"tensor_size_overflows"});
  CHECK(error({"t", dtype::int8, {max_index}}).rule() == std::string{"tensor_size_overflows"});
  CHECK(error({"t", dtype::uint8, {index_t{1} << 61}}).rule() ==
        std::string{"tensor_size_overflows"});
  CHECK(error({"t", dtype::float4, {3}}).code() == errc::elements_do_not_fill_bytes);
  CHECK(error({"t", dtype::float6_e3m2, {2}}).code() == errc::elements_do_not_fill_bytes);
  CHECK(error({"t", dtype::int8, {1}}, {.metadata = {{"k", "\xff"}}}).code() ==
        errc::value_is_not_supported);
  CHECK(error({"t", dtype::int8, {1}}, {.metadata = {{"k", "1"}, {"k", "2"}}}).code() ==
        errc::value_is_not_supported);
  std::vector<image_entry> huge(3, {"t", dtype::uint8, {(index_t{1} << 61) - 1}});
  huge[1].name = "u", huge[2].name = "v";
  CHECK(files::contains(files::error_of([&] { (void)safetensors_image(huge, {}); }).what(),
                        "too long"));
  std::vector<image_entry> const same{{"t", dtype::int8, {1}}, {"t", dtype::int16, {1}}};
  CHECK(files::error_of([&] { (void)safetensors_image(same, {}); }).tensor() == "t");
}

TEST_CASE("no header of more than 100,000,000 bytes is written", "[safetensors][slow]") {
  std::string const around = R"({"__metadata__":{"k":""}})";
  std::string const longest(100'000'000 - around.size(), 'a');
  CHECK(header_of({}, {.metadata = {{"k", longest}}}).size() == 100'000'008);
  auto const e = files::error_of([&] {
    (void)header_of({}, {.metadata = {{"k", longest + "a"}}});
  });
  CHECK(files::contains(e.what(), "100000008 bytes"));
}

TEST_CASE("crc_num has its place in the header and is computed over names and bytes",
          "[safetensors][crc]") {
  std::string const path = files::data("mindspore/crc_safetensors_nobf16/expected/m.safetensors");
  random_access_file const file{path};
  file_index const index = safetensors_index(file);
  CHECK(index.crc == 2107552954U);
  CHECK_NOTHROW(check_crc(file, index));
  std::string const bytes = files::content(path);
  CHECK(rewritten(bytes, index, true) == bytes);  // as MindSpore wrote it: ten digits
}

TEST_CASE("a CRC of few digits leaves blanks behind the text, not in it", "[safetensors][crc]") {
  files::memory_file const memory;
  image_options const options{.crc = true, .metadata = {{"format", "ms"}}};
  std::vector<image_entry> const entries{{"a", dtype::uint32, {1}}};
  file_image const image = safetensors_image(entries, options);
  std::set<std::size_t> digits;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    std::string content(4, '\0');
    std::memcpy(content.data(), &i, 4);
    std::string const bytes = filled(image, {content});
    auto const crc = static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<Bytef const*>(("a" + content).data()), 5));
    digits.insert(std::to_string(crc).size());
    if (i % 50 != 0) continue;
    random_access_file const file{memory.write(bytes)};
    file_index const index = safetensors_index(file);
    CHECK(index.metadata == text_pairs{{"format", "ms"}, {"crc_num", std::to_string(crc)}});
    CHECK(index.crc == crc);
    CHECK_NOTHROW(check_crc(file, index));
  }
  CHECK(digits.size() > 2);
}

TEST_CASE("an image whose CRC is not yet computed is a file that says so", "[safetensors][crc]") {
  std::vector<image_entry> const entries{{"a", dtype::uint8, {1}}};
  file_image const image = safetensors_image(entries, {.crc = true, .metadata = {}});
  file_index const index = index_of(image.literals[0].bytes + "x");
  CHECK_FALSE(index.crc.has_value());
  REQUIRE(index.warnings.size() == 1);
  CHECK(files::contains(index.warnings[0], "crc_num"));
}

TEST_CASE("a damaged name or byte is found by the CRC", "[safetensors][crc]") {
  files::memory_file const memory;
  std::string const bytes =
      files::content(files::data("mindspore/crc_safetensors_nobf16/expected/m.safetensors"));
  std::string renamed = bytes;
  renamed.replace(renamed.find("t.uint64"), 8, "T.uint64");
  std::string damaged = bytes;
  damaged[1500] = static_cast<char>(damaged[1500] ^ 1);
  for (std::string const& content : {renamed, damaged}) {
    random_access_file const file{memory.write(content)};
    auto const e = files::error_of([&] { check_crc(file, safetensors_index(file)); });
    CHECK(e.code() == errc::checksum_differs);
  }
}
