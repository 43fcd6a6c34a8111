#pragma once

#include <reshard/tensor/storage.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Bytes of a file that are known before any tensor is: record heads, headers.
struct image_literal {
  std::uint64_t offset = 0;
  std::string bytes;
};

/// A part of what a checksum is taken of: a text that need not be in the file, then bytes that are.
struct covered_part {
  std::string text;
  byte_range range;
  friend bool operator==(covered_part const&, covered_part const&) = default;
};

/// How a checksum is written: as a big-endian number, or as a JSON string of decimal digits with
/// blanks after its closing quote, where JSON ignores them.
enum class crc_notation : std::uint8_t { big_endian, json_string };

/// A field of fixed width that depends on the finished file: the CRC-32 of the covered parts, one
/// after another. It lies behind or within a literal that holds its place, never among covered
/// bytes.
struct crc_field {
  byte_range range;
  crc_notation notation = crc_notation::big_endian;
  std::vector<covered_part> covered;
};

/// The bytes of a checksum field, as many as it is wide.
///   example: width 4, big_endian, 258 -> 00 00 01 02; width 7, json_string, 258 -> "258" and two
///            blanks
[[nodiscard]] inline std::string crc_text(crc_field const& field, std::uint32_t crc) {
  auto const width = static_cast<std::size_t>(field.range.bytes);
  std::string out;
  if (field.notation == crc_notation::json_string) {
    out = '"' + std::to_string(crc) + '"';
    out.resize(width, ' ');
    return out;
  }
  for (std::size_t i = width; i-- > 0;)
    out.push_back(i < 4 ? static_cast<char>(crc >> (8 * i) & 0xff) : '\0');
  return out;
}

/// A file before it is written: every byte has its place.
struct file_image {
  std::uint64_t size = 0;
  std::vector<image_literal> literals;          ///< ascending, not overlapping
  std::vector<std::vector<byte_range>> ranges;  ///< per entry, in the order of the entries
  std::optional<crc_field> crc;
};

}  // namespace v1
}  // namespace reshard
