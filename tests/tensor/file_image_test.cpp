#include <reshard/tensor/file_image.hpp>

#include <catch2/catch.hpp>

using namespace reshard;

TEST_CASE("a big-endian checksum fills its field from the right", "[file_image]") {
  auto const text = [](std::uint64_t width, std::uint32_t crc) {
    return crc_text({{7, width}, crc_notation::big_endian, {}}, crc);
  };
  CHECK(text(4, 258) == std::string{"\0\0\1\2", 4});
  CHECK(text(10, 0xa88248e5U) == std::string{"\0\0\0\0\0\0\xa8\x82\x48\xe5", 10});
  CHECK(text(2, 0x01020304U) == "\3\4");
}

TEST_CASE("a checksum as a JSON string has blanks behind its closing quote", "[file_image]") {
  auto const text = [](std::uint32_t crc) {
    return crc_text({{7, 12}, crc_notation::json_string, {}}, crc);
  };
  CHECK(text(0) == "\"0\"         ");
  CHECK(text(258) == "\"258\"       ");
  CHECK(text(4294967295U) == "\"4294967295\"");
}
