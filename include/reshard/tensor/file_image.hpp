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

/// A field of fixed width that depends on the finished file: the CRC trailer. The bytes at `range`
/// are `prefix` followed by the CRC-32 of bytes [0, range.offset), big-endian in the rest.
struct crc_field {
  byte_range range;
  std::string prefix;
};

/// A file before it is written: every byte has its place.
struct file_image {
  std::uint64_t size = 0;
  std::vector<image_literal> literals;          ///< ascending, not overlapping
  std::vector<std::vector<byte_range>> ranges;  ///< per entry, in the order of the entries
  std::optional<crc_field> crc;
};

}  // namespace v1
}  // namespace reshard
