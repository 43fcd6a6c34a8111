#pragma once

#include <reshard/tensor/dtype.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace reshard {
inline namespace v1 {

/// Types whose elements are numbers that this header reads and writes.
[[nodiscard]] constexpr bool is_real(dtype type) noexcept {
  return type == dtype::float16 || type == dtype::bfloat16 || type == dtype::float32 ||
         type == dtype::float64;
}

namespace detail {
[[noreturn]] inline void type_is_not_real(dtype type) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {},
                    "elements of " + std::string{name_of(type)} +
                        " are no numbers of 16, 32 or 64 bits, so nothing is computed with them"};
}

// Eight elements at a time in vector registers: one at a time, as Eigen::half converts them, is a
// fourth of the speed, and merging a checkpoint converts every element twice.
inline constexpr std::size_t half_lanes = 8;
using u16x8 [[gnu::vector_size(16)]] = std::uint16_t;
using u32x4 [[gnu::vector_size(16)]] = std::uint32_t;
using i32x4 [[gnu::vector_size(16)]] = std::int32_t;
using f32x4 [[gnu::vector_size(16)]] = float;

inline u32x4 below(u32x4 a, std::int32_t b) {
  return u32x4(i32x4(a) < i32x4{b, b, b, b});
}
inline u32x4 blend(u32x4 mask, u32x4 where, u32x4 otherwise) {
  return (mask & where) | (~mask & otherwise);
}
inline u32x4 all_lanes(std::uint32_t x) {
  return u32x4{x, x, x, x};
}

inline u32x4 bfloat16_to_float(u32x4 h) {
  return h << 16;
}
inline u32x4 bfloat16_of(u32x4 x) {
  u32x4 const even = x + 0x7fff + ((x >> 16) & 1);
  u32x4 const number = below(x & 0x7fffffff, 0x7f800001);
  return blend(number, even, x | 0x400000) >> 16;
}
inline u32x4 float16_to_float(u32x4 h) {
  u32x4 const magnitude = (h & 0x7fff) << 13;
  u32x4 const finite = u32x4(f32x4(magnitude) * f32x4{0x1p112F, 0x1p112F, 0x1p112F, 0x1p112F});
  return blend(below(magnitude, 0x0f800000), finite, magnitude | 0x7f800000) | ((h & 0x8000) << 16);
}
inline u32x4 float16_of(u32x4 x) {
  u32x4 const magnitude = x & 0x7fffffff;
  u32x4 const normal = (magnitude - (112U << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  u32x4 const small =  // one unit of 0.5 is the least number of float16
      u32x4(f32x4(magnitude) + f32x4{0.5F, 0.5F, 0.5F, 0.5F}) - 0x3f000000;
  u32x4 const nan = ((magnitude >> 13) & 0x3ff) | 0x7e00;
  u32x4 out = blend(below(magnitude, 0x38800000), small, normal);
  out = blend(below(magnitude, 0x47800000), out, all_lanes(0x7c00));
  return blend(below(magnitude, 0x7f800001), out, nan) | ((x >> 16) & 0x8000);
}

template <auto Convert>
[[gnu::always_inline]] inline void read_eight(std::byte const* from, float* to) {
  u16x8 h;
  std::memcpy(&h, from, sizeof h);
  u16x8 const zero{};
  u32x4 const low = Convert(u32x4(__builtin_shufflevector(h, zero, 0, 8, 1, 9, 2, 10, 3, 11)));
  u32x4 const high = Convert(u32x4(__builtin_shufflevector(h, zero, 4, 12, 5, 13, 6, 14, 7, 15)));
  std::memcpy(to, &low, sizeof low);
  std::memcpy(to + 4, &high, sizeof high);
}
template <auto Convert>
[[gnu::always_inline]] inline void write_eight(float const* from, std::byte* to) {
  u32x4 low;
  u32x4 high;
  std::memcpy(&low, from, sizeof low);
  std::memcpy(&high, from + 4, sizeof high);
  u16x8 const h =
      __builtin_shufflevector(u16x8(Convert(low)), u16x8(Convert(high)), 0, 2, 4, 6, 8, 10, 12, 14);
  std::memcpy(to, &h, sizeof h);
}

/// Calls Eight(from, to) for elements eight by eight; the last ones go through a padded copy.
template <auto Eight, class From, class To>
void by_eights(From const* from, std::size_t from_step, To* to, std::size_t to_step,
               std::size_t n) {
  std::size_t i = 0;
  for (; i + half_lanes <= n; i += half_lanes) Eight(from + i * from_step, to + i * to_step);
  if (i == n) return;
  From last[4 * half_lanes]{};
  To out[4 * half_lanes];
  std::copy_n(from + i * from_step, (n - i) * from_step, last);
  Eight(last, out);
  std::copy_n(out, (n - i) * to_step, to + i * to_step);
}

/// The float next to a number towards zero or away from it of which the last bit is odd; the number
/// itself if it is a float. Rounded again to a shorter type it gives what the number would give.
inline float rounded_to_odd(double number) noexcept {
  auto const near = static_cast<float>(number);
  auto const back = static_cast<double>(near);
  auto bits = std::bit_cast<std::uint32_t>(near);
  if (back == number || number != number || (bits & 1) != 0) return near;
  return std::bit_cast<float>(std::abs(back) > std::abs(number) ? bits - 1 : bits + 1);
}

/// Runs of elements that fit a buffer on the stack.
inline constexpr std::size_t number_block = 64;
template <class Sink> void by_blocks(std::size_t n, Sink const& sink) {
  for (std::size_t i = 0; i < n; i += number_block) sink(i, std::min(number_block, n - i));
}
}  // namespace detail

/// Elements of a real type as floats: exact, but for float64, which is rounded.
///   throws: codec_error value_is_not_supported
inline void read_numbers(dtype type, std::byte const* from, std::size_t n, float* to) {
  if (type == dtype::bfloat16)
    return detail::by_eights<detail::read_eight<detail::bfloat16_to_float>>(from, 2, to, 1, n);
  if (type == dtype::float16)
    return detail::by_eights<detail::read_eight<detail::float16_to_float>>(from, 2, to, 1, n);
  if (type == dtype::float32) {
    if (n > 0) std::memcpy(to, from, n * sizeof(float));
    return;
  }
  if (type != dtype::float64) detail::type_is_not_real(type);
  for (std::size_t i = 0; i < n; ++i) {
    double x = 0;
    std::memcpy(&x, from + i * sizeof x, sizeof x);
    to[i] = static_cast<float>(x);
  }
}

/// Elements of a real type as doubles: exact.
///   throws: codec_error value_is_not_supported
inline void read_numbers(dtype type, std::byte const* from, std::size_t n, double* to) {
  if (type == dtype::float64) {
    if (n > 0) std::memcpy(to, from, n * sizeof(double));
    return;
  }
  std::size_t const item = item_bytes(type);
  detail::by_blocks(n, [&](std::size_t at, std::size_t some) {
    float block[detail::number_block];
    read_numbers(type, from + at * item, some, block);
    std::copy_n(block, some, to + at);
  });
}

/// Floats as elements of a real type: the nearest one, even at a tie; too large is infinite, what
/// is no number stays none. Subnormal numbers are kept.
///   throws: codec_error value_is_not_supported
inline void write_numbers(dtype type, float const* from, std::size_t n, std::byte* to) {
  if (type == dtype::bfloat16)
    return detail::by_eights<detail::write_eight<detail::bfloat16_of>>(from, 1, to, 2, n);
  if (type == dtype::float16)
    return detail::by_eights<detail::write_eight<detail::float16_of>>(from, 1, to, 2, n);
  if (type == dtype::float32) {
    if (n > 0) std::memcpy(to, from, n * sizeof(float));
    return;
  }
  if (type != dtype::float64) detail::type_is_not_real(type);
  for (std::size_t i = 0; i < n; ++i) {
    double const x = from[i];
    std::memcpy(to + i * sizeof x, &x, sizeof x);
  }
}

/// Doubles as elements of a real type, rounded once: as above.
///   throws: codec_error value_is_not_supported
inline void write_numbers(dtype type, double const* from, std::size_t n, std::byte* to) {
  if (type == dtype::float64) {
    if (n > 0) std::memcpy(to, from, n * sizeof(double));
    return;
  }
  std::size_t const item = item_bytes(type);
  detail::by_blocks(n, [&](std::size_t at, std::size_t some) {
    float block[detail::number_block];
    for (std::size_t i = 0; i < some; ++i)
      block[i] = type == dtype::float32 ? static_cast<float>(from[at + i])
                                        : detail::rounded_to_odd(from[at + i]);
    write_numbers(type, block, some, to + at * item);
  });
}

namespace detail {
/// The first of n numbers with Bits bits each of which all bits of the exponent are set; n if none.
template <class Bits> std::size_t first_with(Bits exponent, std::byte const* from, std::size_t n) {
  using pack [[gnu::vector_size(16)]] = Bits;
  constexpr std::size_t lanes = sizeof(pack) / sizeof(Bits);
  constexpr std::size_t block = 32 * lanes;
  std::size_t i = 0;
  for (bool found = false; !found && i + lanes <= n;) {  // one look at the lanes per block
    std::size_t const begin = i;
    pack seen{};
    for (; i + lanes <= n && i < begin + block; i += lanes) {
      pack x;
      std::memcpy(&x, from + i * sizeof(Bits), sizeof x);
      seen |= pack((x & exponent) == exponent);
    }
    for (std::size_t k = 0; k < lanes; ++k) found = found || seen[k] != 0;
    if (found) i = begin;
  }
  for (; i < n; ++i) {
    Bits x = 0;
    std::memcpy(&x, from + i * sizeof x, sizeof x);
    if ((x & exponent) == exponent) break;
  }
  return i;
}
}  // namespace detail

/// The first element of a real type that is infinite or no number; n if all are finite.
///   throws: codec_error value_is_not_supported
[[nodiscard]] inline std::size_t first_not_finite(dtype type, std::byte const* from,
                                                  std::size_t n) {
  switch (type) {
    case dtype::float16:
      return detail::first_with<std::uint16_t>(0x7c00, from, n);
    case dtype::bfloat16:
      return detail::first_with<std::uint16_t>(0x7f80, from, n);
    case dtype::float32:
      return detail::first_with<std::uint32_t>(0x7f800000, from, n);
    case dtype::float64:
      return detail::first_with<std::uint64_t>(0x7ff0000000000000, from, n);
    default:
      detail::type_is_not_real(type);
  }
}

}  // namespace v1
}  // namespace reshard
