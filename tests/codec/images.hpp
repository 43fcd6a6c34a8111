#pragma once

#include "files.hpp"

#include <reshard/codec/file_index.hpp>

#include <zlib.h>

namespace images {

using namespace reshard;

inline std::uint64_t elements(std::vector<index_t> const& shape) {
  std::uint64_t n = 1;
  for (index_t const dim : shape) n *= static_cast<std::uint64_t>(dim);
  return n;
}

/// The bytes of a file: an image with the contents of its entries filled in.
inline std::string filled(file_image const& image, std::vector<std::string> const& contents) {
  std::string bytes(image.size, '?');
  for (image_literal const& literal : image.literals)
    bytes.replace(literal.offset, literal.bytes.size(), literal.bytes);
  for (std::size_t i = 0; i < contents.size(); ++i) {
    std::size_t done = 0;
    for (byte_range const& range : image.ranges[i]) {
      bytes.replace(range.offset, range.bytes, contents[i], done, range.bytes);
      done += range.bytes;
    }
    REQUIRE(done == contents[i].size());
  }
  if (!image.crc) return bytes;
  uLong crc = 0;
  for (covered_part const& part : image.crc->covered) {
    std::string const covered = part.text + bytes.substr(part.range.offset, part.range.bytes);
    crc = ::crc32(crc, reinterpret_cast<Bytef const*>(covered.data()),
                  static_cast<uInt>(covered.size()));
  }
  std::string const field = crc_text(*image.crc, static_cast<std::uint32_t>(crc));
  return bytes.replace(image.crc->range.offset, field.size(), field);
}

/// The content of a tensor, gathered from its ranges.
inline std::string gathered(std::string const& file, indexed_tensor const& tensor) {
  std::string bytes;
  for (byte_range const& range : tensor.ranges) bytes += file.substr(range.offset, range.bytes);
  return bytes;
}

}  // namespace images
