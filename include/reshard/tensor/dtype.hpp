#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace reshard {
inline namespace v1 {

static_assert(std::endian::native == std::endian::little,
              "reshard requires a little-endian machine");

/// Element types of checkpoint files. `string` is MindSpore's UTF-32LE text, 4 bytes a character.
enum class dtype : std::uint8_t {
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  bfloat16,
  float32,
  float64,
  complex64,
  complex128,
  float8_e4m3fn,
  float8_e5m2,
  hifloat8,
  int4,
  string
};

struct dtype_facts {
  dtype type;
  std::string_view mindspore;    ///< tensor_type of a .ckpt record (spec/mindspore.md 1.4)
  std::string_view safetensors;  ///< "" = not storable there
  std::size_t item_bytes;
};

inline constexpr dtype_facts dtype_table[] = {
    {dtype::boolean, "Bool", "BOOL", 1},
    {dtype::int8, "Int8", "I8", 1},
    {dtype::uint8, "UInt8", "U8", 1},
    {dtype::int16, "Int16", "I16", 2},
    {dtype::uint16, "UInt16", "U16", 2},
    {dtype::int32, "Int32", "I32", 4},
    {dtype::uint32, "UInt32", "U32", 4},
    {dtype::int64, "Int64", "I64", 8},
    {dtype::uint64, "UInt64", "U64", 8},
    {dtype::float16, "Float16", "F16", 2},
    {dtype::bfloat16, "BFloat16", "BF16", 2},
    {dtype::float32, "Float32", "F32", 4},
    {dtype::float64, "Float64", "F64", 8},
    {dtype::complex64, "Complex64", "C64", 8},
    {dtype::complex128, "Complex128", "", 16},
    {dtype::float8_e4m3fn, "Float8E4M3FN", "F8_E4M3", 1},
    {dtype::float8_e5m2, "Float8E5M2", "F8_E5M2", 1},
    {dtype::hifloat8, "HiFloat8", "", 1},
    {dtype::int4, "Int4", "", 1},
    {dtype::string, "str", "", 4},
};

[[nodiscard]] constexpr dtype_facts const& facts_of(dtype type) noexcept {
  return dtype_table[static_cast<std::size_t>(type)];
}

/// Bytes of one element.
[[nodiscard]] constexpr std::size_t item_bytes(dtype type) noexcept {
  return facts_of(type).item_bytes;
}

/// MindSpore's name of the type.
[[nodiscard]] constexpr std::string_view name_of(dtype type) noexcept {
  return facts_of(type).mindspore;
}

/// The type of a MindSpore name; nothing for an unknown name.
[[nodiscard]] constexpr std::optional<dtype> dtype_of_mindspore(std::string_view name) noexcept {
  for (dtype_facts const& row : dtype_table)
    if (row.mindspore == name) return row.type;
  return std::nullopt;
}

}  // namespace v1
}  // namespace reshard
