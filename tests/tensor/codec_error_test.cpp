#include <reshard/tensor/codec_error.hpp>

#include <catch2/catch.hpp>

using namespace reshard;

TEST_CASE("a message has the known parts of its place", "[codec_error]") {
  CHECK(codec_error{errc::none, "r", {"p", "t", 3}, "m"}.what() ==
        std::string{"p: tensor 't': byte 3: m"});
  CHECK(codec_error{errc::none, "r", {"p", {}, -1}, "m"}.what() == std::string{"p: m"});
  CHECK(codec_error{errc::none, "r", {}, "m"}.what() == std::string{"m"});
  CHECK(codec_error{errc::none, "r", {{}, "t", 0}, "m"}.what() ==
        std::string{"tensor 't': byte 0: m"});
}

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
