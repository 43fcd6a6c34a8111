#pragma once

#include <reshard/tensor/pack.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Registers of numbers of 16 bits, and of the floats that they are widened to.
template <std::size_t Bytes> struct half_pack {
  static constexpr std::size_t lanes = Bytes / sizeof(float);
  using u16 = typename pack_of<std::uint16_t, Bytes>::type;
  using u32 = typename pack_of<std::uint32_t, Bytes>::type;
  using i32 = typename pack_of<std::int32_t, Bytes>::type;
  using f32 = typename pack_of<float, Bytes>::type;

  // Compilers warn of registers by value that a function without AVX2 would pass elsewhere.
  [[gnu::always_inline]] static void below(u32& x, std::int32_t b) { x = u32(i32(x) < b); }
  [[gnu::always_inline]] static void blend(u32& otherwise, u32 const& mask, u32 const& where) {
    otherwise = (mask & where) | (~mask & otherwise);
  }

  /// Numbers become the upper halves of the elements of two registers, zeros the lower ones.
  [[gnu::always_inline]] static void load(std::byte const* from, u32& first, u32& second) {
    u16 const zero{};
    u16 h;
    std::memcpy(&h, from, sizeof h);
    if constexpr (Bytes == 16) {
      first = u32(__builtin_shufflevector(zero, h, 0, 8, 1, 9, 2, 10, 3, 11));
      second = u32(__builtin_shufflevector(zero, h, 4, 12, 5, 13, 6, 14, 7, 15));
    } else {  // AVX2 unpacks within 16 bytes
      h = __builtin_shufflevector(h, h, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
      first = u32(__builtin_shufflevector(zero, h, 0, 16, 1, 17, 2, 18, 3, 19,  //
                                          8, 24, 9, 25, 10, 26, 11, 27));
      second = u32(__builtin_shufflevector(zero, h, 4, 20, 5, 21, 6, 22, 7, 23,  //
                                           12, 28, 13, 29, 14, 30, 15, 31));
    }
  }
  /// The upper halves.
  [[gnu::always_inline]] static void store(u32 const& first, u32 const& second, std::byte* to) {
    u16 h;
    if constexpr (Bytes == 16)
      h = __builtin_shufflevector(u16(first), u16(second), 1, 3, 5, 7, 9, 11, 13, 15);
    else
      h = __builtin_shufflevector(u16(first), u16(second), 1, 3, 5, 7, 9, 11, 13, 15,  //
                                  17, 19, 21, 23, 25, 27, 29, 31);
    std::memcpy(to, &h, sizeof h);
  }
};

/// A format of 16 bits.
///   largest: the bits of the largest float that becomes a finite number
///   widen:   the number in the upper half of each element becomes a float
///   narrow:  floats become numbers in the upper halves, the lower ones are anything; without Any
///            all are finite and stay so
struct bfloat16_format {
  static constexpr std::int32_t largest = 0x7f7f7fff;

  template <class P> [[gnu::always_inline]] static void widen(typename P::u32&) {}
  template <class P, bool Any> [[gnu::always_inline]] static void narrow(typename P::u32& x) {
    auto out = x + 0x7fff + ((x >> 16) & 1);
    if constexpr (Any) {
      auto number = x & 0x7fffffff;
      P::below(number, 0x7f800001);
      P::blend(out, ~number, x | 0x400000);
    }
    x = out;
  }
};
struct float16_format {
  static constexpr std::int32_t largest = 0x477fefff;

  template <class P> [[gnu::always_inline]] static void widen(typename P::u32& x) {
    using u32 = typename P::u32;
    u32 const magnitude = (x & 0x7fff0000) >> 3;
    u32 finite = magnitude;
    P::below(finite, 0x0f800000);
    u32 out = magnitude | 0x7f800000;
    P::blend(out, finite, u32(typename P::f32(magnitude) * 0x1p112F));
    x = out | (x & 0x80000000);
  }
  template <class P, bool Any> [[gnu::always_inline]] static void narrow(typename P::u32& x) {
    using u32 = typename P::u32;
    u32 const magnitude = x & 0x7fffffff;
    u32 const bits = magnitude >> 13;
    u32 out = (magnitude - (112U << 23) + 0xfff + (bits & 1)) << 3;
    u32 small = magnitude;
    P::below(small, 0x38800000);  // one unit of 0.5 is the least number of float16
    P::blend(out, small, (u32(typename P::f32(magnitude) + 0.5F) - 0x3f000000) << 16);
    if constexpr (Any) {
      u32 other = magnitude;
      P::below(other, 0x47800000);
      P::blend(out, ~other, u32{} + 0x7c000000);
      other = magnitude;
      P::below(other, 0x7f800001);
      P::blend(out, ~other, ((bits & 0x3ff) | 0x7e00) << 16);
    }
    x = (out & 0x7fff0000) | (x & 0x80000000);
  }
};

/// Elements are converted so many at a time; the last ones go through a padded copy.
inline constexpr std::size_t half_lanes = 16;

template <class Format> struct widen_loop {
  template <std::size_t Bytes>
  [[gnu::always_inline]] static void run(std::byte const* from, float* to, std::size_t n) {
    using pack = half_pack<Bytes>;
    for (std::size_t i = 0; i < n; i += 2 * pack::lanes) {
      typename pack::u32 first, second;
      pack::load(from + 2 * i, first, second);
      Format::template widen<pack>(first);
      Format::template widen<pack>(second);
      std::memcpy(to + i, &first, sizeof first);
      std::memcpy(to + i + pack::lanes, &second, sizeof second);
    }
  }
};

/// finite: whether all are, and stay so; without Any, what is written for others is nothing
template <class Format, bool Any> struct narrow_loop {
  template <std::size_t Bytes>
  [[gnu::always_inline]] static void run(float const* from, std::byte* to, std::size_t n,
                                         bool* finite) {
    using pack = half_pack<Bytes>;
    using i32 = typename pack::i32;
    i32 too_large{};
    for (std::size_t i = 0; i < n; i += 2 * pack::lanes) {
      typename pack::u32 first, second;
      std::memcpy(&first, from + i, sizeof first);
      std::memcpy(&second, from + i + pack::lanes, sizeof second);
      too_large |= (i32(first & 0x7fffffff) > Format::largest) |
                   (i32(second & 0x7fffffff) > Format::largest);
      Format::template narrow<pack, Any>(first);
      Format::template narrow<pack, Any>(second);
      pack::store(first, second, to + 2 * i);
    }
    for (std::size_t k = 0; k < pack::lanes; ++k) *finite = *finite && too_large[k] == 0;
  }
};

template <class Format> void widen(std::byte const* from, std::size_t n, float* to) {
  std::size_t const whole = n / half_lanes * half_lanes;
  run_packed<widen_loop<Format>>(from, to, whole);
  if (whole == n) return;
  std::byte last[2 * half_lanes]{};
  float out[half_lanes];
  std::memcpy(last, from + 2 * whole, 2 * (n - whole));
  run_packed<widen_loop<Format>>(static_cast<std::byte const*>(last), +out, half_lanes);
  std::copy_n(out, n - whole, to + whole);
}

/// A multiple of half_lanes elements; finite ones in one pass, of others each block in two.
template <class Format> bool narrow_whole(float const* from, std::size_t n, std::byte* to) {
  constexpr std::size_t block = 256;
  bool finite = true;
  for (std::size_t i = 0; i < n; i += block) {
    std::size_t const some = std::min(block, n - i);
    bool here = true;
    run_packed<narrow_loop<Format, false>>(from + i, to + 2 * i, some, &here);
    if (here) continue;
    run_packed<narrow_loop<Format, true>>(from + i, to + 2 * i, some, &here);
    finite = false;
  }
  return finite;
}
/// Returns whether all numbers that are written are finite.
template <class Format> bool narrow(float const* from, std::size_t n, std::byte* to) {
  std::size_t const whole = n / half_lanes * half_lanes;
  bool const finite = narrow_whole<Format>(from, whole, to);
  if (whole == n) return finite;
  float last[half_lanes]{};
  std::byte out[2 * half_lanes];
  std::copy_n(from + whole, n - whole, last);
  bool const also = narrow_whole<Format>(last, half_lanes, out);
  std::memcpy(to + 2 * whole, out, 2 * (n - whole));
  return finite && also;
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
