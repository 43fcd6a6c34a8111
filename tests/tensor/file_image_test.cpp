#include <reshard/tensor/file_image.hpp>

#include <catch2/catch.hpp>

using namespace reshard;

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
