#include "safetensors_checker.hpp"
#include "safetensors_files.hpp"

#include <map>

using namespace safetensors_files;

namespace {

/// A file whose content changes, read again and again.
class changing_file {
 public:
  /// The index accepts a content if the checker does, with the same tensors; lenient accepts more.
  void check(std::string const& content) {
    random_access_file const file{memory_.write(content)};
    auto const expected = safetensors_checker::tensors_of(content);
    try {
      file_index const index = safetensors_index(file);
      REQUIRE(expected.has_value());
      check_same(index, *expected);
      CHECK(safetensors_index(file, reading::lenient) == index);
      ++accepted;
    } catch (codec_error const& e) {
      REQUIRE_FALSE(expected.has_value());
      REQUIRE(e.path() == file.path());
      try {
        (void)safetensors_index(file, reading::lenient);
      } catch (codec_error const&) {
      }
      ++refused;
    }
  }

  std::size_t accepted = 0;
  std::size_t refused = 0;

 private:
  static void check_same(file_index const& index,
                         std::vector<safetensors_checker::tensor> const& expected) {
    REQUIRE(index.tensors.size() == expected.size());
    std::map<std::string, safetensors_checker::tensor const*> by_name;
    for (auto const& t : expected) by_name[t.name] = &t;
    for (indexed_tensor const& t : index.tensors) {
      auto const& other = *by_name.at(t.name);
      REQUIRE(facts_of(t.type).safetensors == other.type);
      REQUIRE(std::vector<std::uint64_t>{t.shape.begin(), t.shape.end()} == other.shape);
      REQUIRE(t.ranges.size() == (other.bytes == 0 ? 0 : 1));
      if (other.bytes != 0) REQUIRE(t.ranges[0] == byte_range{other.begin, other.bytes});
    }
  }

  files::memory_file memory_;
};

std::string const small = file_of(one("U8", "[4]", 4), "data");
std::string const three = file_of(
    R"({"__metadata__":{"format":"pt"},"b.w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
    R"("e":{"dtype":"I16","shape":[0],"data_offsets":[8,8]},)"
    R"("s":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}})",
    "123456789");
}  // namespace

TEST_CASE("every byte with every value: accepted only what the format allows", "[safetensors]") {
  changing_file file;
  file.check(small);
  CHECK(file.accepted == 1);
  for (std::size_t at = 0; at < small.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      std::string bytes = small;
      bytes[at] = static_cast<char>(value);
      INFO(at << " " << value);
      file.check(bytes);
    }
  CHECK(file.accepted > 4 * 256);  // the data, other names, blanks for nothing
  CHECK(file.refused > 10'000);
}

TEST_CASE("every byte of three tensors with every interesting value", "[safetensors]") {
  changing_file file;
  file.check(three);
  CHECK(file.accepted == 1);
  std::string const values{"\0\1\x1f \"\\{}[]:,09-+.eEu/a_\x7f\x80\xc3\xff\t\n\r", 34};
  for (std::size_t at = 0; at < three.size(); ++at)
    for (char const value : values)
      for (bool const replace : {true, false}) {
        std::string bytes = three;
        if (replace) bytes[at] = value;
        if (!replace) bytes.insert(at, 1, value);
        INFO(at << " " << static_cast<int>(value) << replace);
        file.check(bytes);
      }
  CHECK(file.refused > 5'000);
}

TEST_CASE("every truncation is refused", "[safetensors]") {
  std::string const real =
      files::content(files::data("mindspore/unified_safetensors/src/rank_0/m.safetensors"));
  files::memory_file const memory;
  for (std::string const& whole : {small, three, real})
    for (std::size_t n = 0; n < whole.size(); ++n) {
      random_access_file const file{memory.write(whole.substr(0, n))};
      auto const e = files::error_of([&] { (void)safetensors_index(file); });
      CHECK(e.code() == errc::file_is_truncated);
      CHECK(e.byte() == static_cast<std::int64_t>(n));
    }
}

TEST_CASE("several damaged bytes of real files", "[safetensors]") {
  std::mt19937_64 random{4711};
  std::string const real =
      files::content(files::data("safetensors/tp4_llama_layer/src/model-tp0-of-4.safetensors"));
  changing_file file;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = real;
    for (std::size_t flips = 1 + random() % 3; flips > 0; --flips)
      bytes[random() % 480] = static_cast<char>(32 + random() % 95);
    file.check(bytes);
  }
  CHECK(file.refused > 1000);
}
