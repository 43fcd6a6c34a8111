#include <reshard/tensor/float8.hpp>

#include <catch2/catch.hpp>

#include <cmath>

namespace float8_test {

using namespace reshard;

TEST_CASE("E4M3FN has the published values", "[float8]") {
  auto const& values = values_of_float8(dtype::float8_e4m3fn);
  CHECK(values[0x38] == 1.0F);
  CHECK(values[0x40] == 2.0F);
  CHECK(values[0x01] == 0.001953125F);
  CHECK(values[0x07] == 0.013671875F);
  CHECK(values[0x08] == 0.015625F);
  CHECK(values[0x7e] == 448.0F);
  CHECK((values[0x80] == 0.0F && std::signbit(values[0x80])));
  double sum = 0;
  int nans = 0;
  for (float const value : values) std::isnan(value) ? ++nans : sum += std::abs(value);
  CHECK(sum == 10815.75);
  CHECK((nans == 2 && std::isnan(values[0x7f]) && std::isnan(values[0xff])));
}

TEST_CASE("E5M2 has infinities, E8M0 is a power of two", "[float8]") {
  auto const& values = values_of_float8(dtype::float8_e5m2);
  CHECK(values[0x7b] == 57344.0F);
  CHECK(values[0x01] == std::ldexp(1.0F, -16));
  CHECK(values[0x3c] == 1.0F);
  CHECK((std::isinf(values[0x7c]) && values[0x7c] > 0 && std::isinf(values[0xfc])));
  CHECK((std::isnan(values[0x7d]) && std::isnan(values[0x7f])));
  auto const& scales = values_of_float8(dtype::float8_e8m0);
  for (int code = 0; code < 255; ++code)
    CHECK(scales[static_cast<std::size_t>(code)] == std::ldexp(1.0F, code - 127));
  CHECK(std::isnan(scales[255]));
  CHECK_THROWS_AS(values_of_float8(dtype::int8), codec_error);
}

}  // namespace float8_test
