#include <reshard/tensor/codec_error.hpp>

#include <catch2/catch.hpp>

#include <type_traits>

namespace codec_error_test {

using namespace reshard;

TEST_CASE("names from files stay one readable line", "[codec_error]") {
  CHECK(in_quotes(std::string_view{"a\0b\n\x1f\x7f", 6}) == R"('a\x00b\x0a\x1f\x7f')");
  CHECK(in_quotes("caf\xc3\xa9") == "'caf\xc3\xa9'");
  CHECK(in_quotes("") == "''");
  CHECK(in_quotes(std::string(200, 'n')) == "'" + std::string(200, 'n') + "'");
  CHECK(in_quotes(std::string(201, 'n')) == "'" + std::string(200, 'n') + "...'");
  codec_error const e{errc::none, "r", {"p", std::string{"x\0y", 3}, -1}, "m"};
  CHECK(e.what() == std::string{R"(p: tensor 'x\x00y': m)"});
  CHECK(e.tensor() == std::string{"x\0y", 3});
}

TEST_CASE("a message has the parts of its place that are known", "[codec_error]") {
  auto const text = [](file_place place) {
    return std::string{codec_error{errc::file_is_malformed, "rule", std::move(place), "m"}.what()};
  };
  CHECK(text({"f.ckpt", "w", 12}) == "f.ckpt: tensor 'w': byte 12: m");
  CHECK(text({"f.ckpt", {}, 0}) == "f.ckpt: byte 0: m");
  CHECK(text({{}, "w", -1}) == "tensor 'w': m");
  CHECK(text({}) == "m");
}

TEST_CASE("an error keeps its facts in every copy", "[codec_error]") {
  std::string const long_text(10'000, 'x');
  auto const copy = [&] {
    codec_error const original{errc::checksum_differs, "rule", {"f", "w", 7}, long_text};
    return codec_error{original};
  }();
  CHECK(copy.code() == errc::checksum_differs);
  CHECK(std::string{copy.rule()} == "rule");
  CHECK(copy.path() == "f");
  CHECK(copy.tensor() == "w");
  CHECK(copy.byte() == 7);
  CHECK(copy.message() == long_text);
  CHECK(copy.what() == "f: tensor 'w': byte 7: " + long_text);
  static_assert(std::is_nothrow_copy_constructible_v<codec_error>);
}

}  // namespace codec_error_test
