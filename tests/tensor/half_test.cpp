#include <reshard/tensor/half.hpp>

#include "widths.hpp"

#include <Eigen/Core>
#include <catch2/catch.hpp>

#include <vector>

namespace half_test {

using namespace reshard;

namespace {

template <class T> std::byte const* bytes(std::vector<T> const& v) {
  return reinterpret_cast<std::byte const*>(v.data());
}
template <class Number> std::uint16_t written(dtype type, Number x) {
  std::uint16_t out[4] = {};  // as long as any type, so that compilers see no overflow
  write_numbers(type, &x, 1, reinterpret_cast<std::byte*>(out));
  return out[0];
}
float float_of(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

/// Every upper half with lower halves at and around the ties of both types.
std::vector<float> floats() {
  std::vector<float> out;
  for (std::uint32_t high = 0; high < 0x10000; ++high)
    for (std::uint32_t const low :
         {0U, 1U, 0xfffU, 0x1000U, 0x1001U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU})
      out.push_back(float_of(high << 16 | low));
  return out;
}
}  // namespace

TEST_CASE("all numbers of both 16 bit types are widened as Eigen widens them", "[half]") {
  widths::for_each_width([] {
    std::vector<std::uint16_t> all(0x10000);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    std::vector<float> f16(all.size()), bf16(all.size());
    std::vector<double> wide(all.size());
    read_numbers(dtype::float16, bytes(all), all.size(), f16.data());
    read_numbers(dtype::bfloat16, bytes(all), all.size(), bf16.data());
    read_numbers(dtype::float16, bytes(all), all.size(), wide.data());
    std::size_t wrong = 0;
    for (std::uint16_t const h : all) {
      float const a = Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(h));
      float const b = float_of(std::uint32_t{h} << 16);
      bool const same16 =
          f16[h] == a ? std::signbit(a) == std::signbit(f16[h]) : a != a && f16[h] != f16[h];
      bool const same = bf16[h] == b || (b != b && bf16[h] != bf16[h]);
      wrong += same16 && same && (wide[h] == a || a != a) ? 0 : 1;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("floats become 16 bit numbers as Eigen rounds them, none of them a number less",
          "[half]") {
  widths::for_each_width([] {
    std::vector<float> const from = floats();
    std::vector<std::uint16_t> f16(from.size()), bf16(from.size());
    write_numbers(dtype::float16, from.data(), from.size(),
                  reinterpret_cast<std::byte*>(f16.data()));
    write_numbers(dtype::bfloat16, from.data(), from.size(),
                  reinterpret_cast<std::byte*>(bf16.data()));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      auto const bits = std::bit_cast<std::uint32_t>(from[i]);
      if (from[i] != from[i]) {  // quiet, with its sign and upper payload
        wrong += f16[i] == ((bits >> 16 & 0x8000) | 0x7e00 | (bits >> 13 & 0x3ff)) &&
                         bf16[i] == (bits >> 16 | 0x40)
                     ? 0
                     : 1;
        continue;
      }
      wrong += f16[i] == Eigen::half_impl::float_to_half_rtne(from[i]).x &&
                       bf16[i] == Eigen::bfloat16_impl::float_to_bfloat16_rtne<true>(from[i]).value
                   ? 0
                   : 1;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("doubles are rounded once, not by way of floats", "[half]") {
  // 1 + 2^-8 is a tie of bfloat16; what lies beyond it is lost in a float
  CHECK(written(dtype::bfloat16, 1 + 0x1p-8) == 0x3f80);
  CHECK(written(dtype::bfloat16, 1 + 0x1p-8 + 0x1p-40) == 0x3f81);
  CHECK(written(dtype::bfloat16, -1 - 0x1p-8 - 0x1p-40) == 0xbf81);
  CHECK(written(dtype::bfloat16, 1 + 0x3p-8 - 0x1p-40) == 0x3f81);
  CHECK(written(dtype::float16, 1 + 0x1p-11 + 0x1p-45) == 0x3c01);
  CHECK(written(dtype::float16, 0x1p-25 + 0x1p-70) == 0x0001);
  CHECK(written(dtype::float16, 65520.0) == 0x7c00);
  CHECK(written(dtype::float16, 65520 - 0x1p-36) == 0x7bff);
  CHECK(written(dtype::bfloat16, 1e300) == 0x7f80);
  std::vector<float> const from = floats();
  std::size_t wrong = 0;
  for (float const x : from)
    for (dtype const type : {dtype::float16, dtype::bfloat16})
      wrong += written(type, static_cast<double>(x)) == written(type, x) ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("runs of any length are converted, and one number that is not finite is noticed",
          "[half]") {
  float const odd[] = {std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::quiet_NaN(),
                       float_of(0x7fffffff),
                       float_of(0xffffffff),
                       std::numeric_limits<float>::max(),
                       65520};
  widths::for_each_width([&] {
    for (dtype const type : {dtype::float16, dtype::bfloat16, dtype::float32, dtype::float64})
      for (std::size_t const n : {0U, 1U, 7U, 16U, 17U, 255U, 256U, 300U, 600U}) {
        std::vector<float> from(n);
        for (std::size_t i = 0; i < n; ++i) from[i] = static_cast<float>(i) * 0.25F - 20;
        std::size_t const item = item_bytes(type);
        std::vector<std::byte> to((n + 1) * item, std::byte{7});
        CHECK(write_numbers(type, from.data(), n, to.data()));
        CHECK(to.back() == std::byte{7});
        std::vector<float> back(n + 1, 7);
        read_numbers(type, to.data(), n, back.data());
        CHECK(back.back() == 7);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < n; ++i) {
          for (float const x : odd) {
            std::vector<float> with = from;
            with[i] = x;
            bool const finite = write_numbers(type, with.data(), n, to.data());
            std::vector<float> read(n);
            read_numbers(type, to.data(), n, read.data());
            wrong += finite == std::isfinite(read[i]) ? 0 : 1;
            wrong += first_not_finite(type, to.data(), n) == (finite ? n : i) ? 0 : 1;
            read[i] = back[i];
            wrong += std::equal(read.begin(), read.end(), back.begin()) ? 0 : 1;
          }
        }
        CHECK(wrong == 0);
      }
  });
}

TEST_CASE("numbers of 32 and 64 bits pass, other types are refused by name", "[half]") {
  std::vector<double> const d{1.5, -0.0, 1e-300, 0x1p-149, 3};
  std::vector<double> wide(5), from_floats(5);
  std::vector<float> f(5);
  read_numbers(dtype::float64, bytes(d), 5, wide.data());
  CHECK(wide == d);
  read_numbers(dtype::float64, bytes(d), 5, f.data());
  CHECK(f == std::vector<float>{1.5F, -0.0F, 0, 0x1p-149F, 3});
  read_numbers(dtype::float32, bytes(f), 5, from_floats.data());
  CHECK(from_floats == std::vector<double>{1.5, -0.0, 0, 0x1p-149, 3});
  write_numbers(dtype::float64, f.data(), 5, reinterpret_cast<std::byte*>(wide.data()));
  CHECK(wide == from_floats);
  write_numbers(dtype::float32, d.data(), 5, reinterpret_cast<std::byte*>(f.data()));
  CHECK(f[2] == 0);
  CHECK_THROWS_WITH(read_numbers(dtype::int32, bytes(f), 5, f.data()),
                    Catch::Contains("elements of Int32 are no numbers"));
}

}  // namespace half_test
