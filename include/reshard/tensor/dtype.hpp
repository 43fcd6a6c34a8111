#pragma once

#include <reshard/algebra/text.hpp>
#include <reshard/tensor/codec_error.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace reshard {
inline namespace v1 {

static_assert(std::endian::native == std::endian::little,
              "reshard requires a little-endian machine");

/// Element types of checkpoint files. Up to uint64 in the order in which safetensors sorts tensors,
/// low to high. `string` is MindSpore's UTF-32LE text, 4 bytes a character.
enum class dtype : std::uint8_t {
  boolean,
  float4,
  float6_e2m3,
  float6_e3m2,
  uint8,
  int8,
  float8_e5m2,
  float8_e4m3fn,
  float8_e8m0,
  float8_e4m3fnuz,
  float8_e5m2fnuz,
  int16,
  uint16,
  float16,
  bfloat16,
  int32,
  uint32,
  float32,
  complex64,
  float64,
  int64,
  uint64,
  complex128,
  hifloat8,
  int4,
  string
};

struct dtype_facts {
  dtype type;
  std::string_view mindspore;    ///< tensor_type of a .ckpt record; "" = not storable there
  std::string_view safetensors;  ///< "" = not storable there
  std::size_t bits;              ///< of one element, as it is stored
};

inline constexpr dtype_facts dtype_table[] = {
    {dtype::boolean, "Bool", "BOOL", 8},
    {dtype::float4, "", "F4", 4},
    {dtype::float6_e2m3, "", "F6_E2M3", 6},
    {dtype::float6_e3m2, "", "F6_E3M2", 6},
    {dtype::uint8, "UInt8", "U8", 8},
    {dtype::int8, "Int8", "I8", 8},
    {dtype::float8_e5m2, "Float8E5M2", "F8_E5M2", 8},
    {dtype::float8_e4m3fn, "Float8E4M3FN", "F8_E4M3", 8},
    {dtype::float8_e8m0, "", "F8_E8M0", 8},
    {dtype::float8_e4m3fnuz, "", "F8_E4M3FNUZ", 8},
    {dtype::float8_e5m2fnuz, "", "F8_E5M2FNUZ", 8},
    {dtype::int16, "Int16", "I16", 16},
    {dtype::uint16, "UInt16", "U16", 16},
    {dtype::float16, "Float16", "F16", 16},
    {dtype::bfloat16, "BFloat16", "BF16", 16},
    {dtype::int32, "Int32", "I32", 32},
    {dtype::uint32, "UInt32", "U32", 32},
    {dtype::float32, "Float32", "F32", 32},
    {dtype::complex64, "Complex64", "C64", 64},
    {dtype::float64, "Float64", "F64", 64},
    {dtype::int64, "Int64", "I64", 64},
    {dtype::uint64, "UInt64", "U64", 64},
    {dtype::complex128, "Complex128", "", 128},
    {dtype::hifloat8, "HiFloat8", "", 8},
    {dtype::int4, "Int4", "", 8},  // kept as int8; how MindSpore packs it is not known
    {dtype::string, "str", "", 32},
};

namespace detail {
[[noreturn]] inline void elements_do_not_fill_bytes(file_place const& place, std::string_view type,
                                                    std::uint64_t elements, std::size_t bits) {
  throw codec_error{errc::elements_do_not_fill_bytes, __func__, place,
                    std::to_string(elements) + " elements of " + std::string{type} + ", " +
                        std::to_string(bits) + " bits each, end inside a byte"};
}
[[noreturn]] inline void byte_count_overflows(std::string_view type, index_t elements) {
  throw codec_error{errc::element_count_overflows,
                    __func__,
                    {},
                    std::to_string(elements) + " elements of " + std::string{type} +
                        " are no number of bits below 2^63"};
}

constexpr bool is_in_order(dtype_facts const* rows, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    if (static_cast<std::size_t>(rows[i].type) != i) return false;
  return true;
}
static_assert(is_in_order(dtype_table, std::size(dtype_table)));
}  // namespace detail

[[nodiscard]] constexpr dtype_facts const& facts_of(dtype type) noexcept {
  return dtype_table[static_cast<std::size_t>(type)];
}

/// Bits of one element.
[[nodiscard]] constexpr std::size_t bits_of(dtype type) noexcept {
  return facts_of(type).bits;
}

/// MindSpore's name of the type; that of safetensors if MindSpore has none.
[[nodiscard]] constexpr std::string_view name_of(dtype type) noexcept {
  dtype_facts const& facts = facts_of(type);
  return facts.mindspore.empty() ? facts.safetensors : facts.mindspore;
}

/// The fewest elements that fill whole bytes, and those bytes: the unit of cuts and copies.
///   example: float32 (1, 4), float4 (2, 1), float6_e2m3 (4, 3)
struct element_group {
  std::size_t elements = 1;
  std::size_t bytes = 1;
  friend bool operator==(element_group const&, element_group const&) = default;
};

[[nodiscard]] constexpr element_group group_of(dtype type) noexcept {
  std::size_t const bits = bits_of(type);
  std::size_t const elements = 8 / std::gcd(bits, std::size_t{8});
  return {elements, elements * bits / 8};
}

/// Bytes of one element of a type whose elements fill bytes; for others use group_of, bytes_of.
///   throws: codec_error elements_do_not_fill_bytes for types of 4 and 6 bits
[[nodiscard]] constexpr std::size_t item_bytes(dtype type) {
  element_group const group = group_of(type);
  if (group.elements != 1) detail::elements_do_not_fill_bytes({}, name_of(type), 1, bits_of(type));
  return group.bytes;
}

/// Bytes of so many elements, or of the elements before that one.
///   throws: codec_error elements_do_not_fill_bytes, element_count_overflows (negative, too many)
///   example: bytes_of(dtype::float4, 6) == 3, bytes_of(dtype::float4, 5) throws
[[nodiscard]] constexpr std::uint64_t bytes_of(dtype type, index_t elements) {
  auto const bits = static_cast<index_t>(bits_of(type));
  if (elements < 0 || elements > max_index / bits)
    detail::byte_count_overflows(name_of(type), elements);
  auto const all = static_cast<std::uint64_t>(elements * bits);
  if (all % 8 != 0)
    detail::elements_do_not_fill_bytes({}, name_of(type), static_cast<std::uint64_t>(elements),
                                       bits_of(type));
  return all / 8;
}

/// The type of a MindSpore name; nothing for an unknown name.
[[nodiscard]] constexpr std::optional<dtype> dtype_of_mindspore(std::string_view name) noexcept {
  for (dtype_facts const& row : dtype_table)
    if (!name.empty() && row.mindspore == name) return row.type;
  return std::nullopt;
}

/// The type of a safetensors name; nothing for an unknown name. Names are case-sensitive.
[[nodiscard]] constexpr std::optional<dtype> dtype_of_safetensors(std::string_view name) noexcept {
  for (dtype_facts const& row : dtype_table)
    if (!name.empty() && row.safetensors == name) return row.type;
  return std::nullopt;
}

}  // namespace v1
}  // namespace reshard
