#include <reshard/tensor/file_image.hpp>

#include <catch2/catch.hpp>

namespace file_image_test {

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

TEST_CASE("an image without entries is an empty file", "[file_image]") {
  file_image const image;
  CHECK(image.size == 0);
  CHECK(image.literals.empty());
  CHECK(image.ranges.empty());
  CHECK_FALSE(image.crc.has_value());
}

TEST_CASE("an entry may have no range, one or several", "[file_image]") {
  file_image const image{20, {{0, "head"}, {10, "head"}}, {{}, {{4, 6}}, {{14, 2}, {16, 4}}}, {}};
  REQUIRE(image.ranges.size() == 3);
  std::uint64_t bytes = 0;
  for (image_literal const& literal : image.literals) bytes += literal.bytes.size();
  for (auto const& ranges : image.ranges)
    for (byte_range const& range : ranges) bytes += range.bytes;
  CHECK(bytes == image.size);
}

}  // namespace file_image_test
