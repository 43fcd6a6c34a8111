#pragma once

#include <reshard/tensor/dtype.hpp>
#include <reshard/tensor/half_pack.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

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

/// Of each number the float next to it, towards zero or away from it, of which the last bit is odd;
/// the number itself if it is a float. Rounded again to a shorter type it gives what the number
/// would give.
struct round_to_odd_loop {
  template <std::size_t Bytes>
  [[gnu::always_inline]] static void run(double const* from, float* to, std::size_t n) {
    using f64 = typename pack_of<double, Bytes>::type;
    using i64 = typename pack_of<std::int64_t, Bytes>::type;
    using f32 = typename pack_of<float, Bytes / 2>::type;
    using i32 = typename pack_of<std::int32_t, Bytes / 2>::type;
    constexpr std::size_t lanes = Bytes / sizeof(double);
    i64 const magnitude = i64{} + 0x7fffffffffffffff;
    for (std::size_t i = 0; i < n; i += lanes) {
      f64 x;
      std::memcpy(&x, from + i, sizeof x);
      f32 const near = __builtin_convertvector(x, f32);
      f64 const back = __builtin_convertvector(near, f64);
      i64 const is_other = (back != x) & (x == x);  // -1 where it is
      i64 const is_larger = f64(i64(back) & magnitude) > f64(i64(x) & magnitude);
      i32 const other = __builtin_convertvector(is_other, i32);
      i32 const down = __builtin_convertvector(is_other & is_larger, i32);
      i32 const bits = (i32(near) + down) | (other & 1);
      std::memcpy(to + i, &bits, sizeof bits);
    }
  }
};

/// Runs of elements that fit a buffer on the stack.
inline constexpr std::size_t number_block = 64;
template <class Sink> void by_blocks(std::size_t n, Sink const& sink) {
  for (std::size_t i = 0; i < n; i += number_block) sink(i, std::min(number_block, n - i));
}
}  // namespace detail

/// Elements of a real type as floats: exact, but for float64, which is rounded.
///   throws: codec_error value_is_not_supported
inline void read_numbers(dtype type, std::byte const* from, std::size_t n, float* to) {
  if (type == dtype::bfloat16) return detail::widen<detail::bfloat16_format>(from, n, to);
  if (type == dtype::float16) return detail::widen<detail::float16_format>(from, n, to);
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

/// Floats as elements of a real type: the nearest one, even at a tie; too large is infinite, what
/// is no number stays none. Subnormal numbers are kept.
///   returns: whether all that is written is finite
///   throws:  codec_error value_is_not_supported
inline bool write_numbers(dtype type, float const* from, std::size_t n, std::byte* to) {
  if (type == dtype::bfloat16) return detail::narrow<detail::bfloat16_format>(from, n, to);
  if (type == dtype::float16) return detail::narrow<detail::float16_format>(from, n, to);
  if (type == dtype::float32) {
    if (n > 0) std::memcpy(to, from, n * sizeof(float));
  } else {
    if (type != dtype::float64) detail::type_is_not_real(type);
    for (std::size_t i = 0; i < n; ++i) {
      double const x = from[i];
      std::memcpy(to + i * sizeof x, &x, sizeof x);
    }
  }
  auto const* const numbers = reinterpret_cast<std::byte const*>(from);  // as finite as the result
  return first_not_finite(dtype::float32, numbers, n) == n;
}

/// Doubles as elements of a real type, rounded once: as above.
inline bool write_numbers(dtype type, double const* from, std::size_t n, std::byte* to) {
  if (type == dtype::float64) {
    if (n > 0) std::memcpy(to, from, n * sizeof(double));
    return first_not_finite(type, reinterpret_cast<std::byte const*>(from), n) == n;
  }
  std::size_t const item = item_bytes(type);
  bool finite = true;
  detail::by_blocks(n, [&](std::size_t at, std::size_t some) {
    float block[detail::number_block];
    double numbers[detail::number_block]{};
    std::copy_n(from + at, some, numbers);
    if (type == dtype::float32)
      std::copy_n(numbers, some, block);
    else
      detail::run_packed<detail::round_to_odd_loop>(+numbers, +block, detail::number_block);
    finite = write_numbers(type, block, some, to + at * item) && finite;
  });
  return finite;
}

}  // namespace v1
}  // namespace reshard
