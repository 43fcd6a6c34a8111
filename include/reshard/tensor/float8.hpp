#pragma once

#include <reshard/tensor/dtype.hpp>

#include <array>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void type_has_no_8_bits(dtype type) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {},
                    "elements of " + std::string{name_of(type)} +
                        " are no numbers of 8 bits that this library reads"};
}

/// 2^n, for all exponents of normal and subnormal numbers of 8 bits and of scales.
constexpr float power_of_two(int n) {
  return n < -126 ? std::bit_cast<float>(std::uint32_t{1} << (149 + n))
                  : std::bit_cast<float>(static_cast<std::uint32_t>(n + 127) << 23);
}
inline constexpr float quiet_nan = std::bit_cast<float>(0x7fc00000);
inline constexpr float infinity = std::bit_cast<float>(0x7f800000);

/// The value of a code with a sign, an exponent and a mantissa.
///   last: the largest exponent also has numbers (E4M3FN: all but the last mantissa)
constexpr float float8_value(unsigned code, int mantissa_bits, int bias, bool last) {
  float const sign = (code & 0x80U) != 0 ? -1.0F : 1.0F;
  unsigned const mantissa = code & ((1U << mantissa_bits) - 1);
  unsigned const exponent = (code & 0x7fU) >> mantissa_bits;
  unsigned const most = (0x7fU >> mantissa_bits);
  unsigned const all = (1U << mantissa_bits) - 1;
  if (exponent == most && (!last || mantissa == all))
    return !last && mantissa == 0 ? sign * infinity : quiet_nan;
  int const shift = (exponent == 0 ? 1 : static_cast<int>(exponent)) - bias - mantissa_bits;
  unsigned const whole = exponent == 0 ? mantissa : mantissa + all + 1;
  return sign * static_cast<float>(whole) * power_of_two(shift);
}

using float8_table = std::array<float, 256>;
template <class Value> constexpr float8_table table_of(Value const& value) {
  float8_table out{};
  for (unsigned code = 0; code < 256; ++code) out[code] = value(code);
  return out;
}

inline constexpr float8_table e4m3fn_values =
    table_of([](unsigned code) { return float8_value(code, 3, 7, true); });
inline constexpr float8_table e5m2_values =
    table_of([](unsigned code) { return float8_value(code, 2, 15, false); });
inline constexpr float8_table e8m0_values = table_of([](unsigned code) {
  return code == 255 ? quiet_nan : power_of_two(static_cast<int>(code) - 127);
});
}  // namespace detail

/// The value of each code of a type of 8 bits: E4M3FN (no infinities), E5M2, E8M0 (a power of two:
/// a scale).
///   throws: codec_error value_is_not_supported
[[nodiscard]] inline std::array<float, 256> const& values_of_float8(dtype type) {
  if (type == dtype::float8_e4m3fn) return detail::e4m3fn_values;
  if (type == dtype::float8_e5m2) return detail::e5m2_values;
  if (type == dtype::float8_e8m0) return detail::e8m0_values;
  detail::type_has_no_8_bits(type);
}

}  // namespace v1
}  // namespace reshard
