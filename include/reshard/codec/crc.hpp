#pragma once

#include <reshard/codec/file_index.hpp>

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void checksum_differs(std::string const& path, std::uint32_t stored,
                                          std::uint32_t computed) {
  throw codec_error{errc::checksum_differs,
                    __func__,
                    {path, {}, -1},
                    "the stored CRC-32 is " + std::to_string(stored) + ", that of the content is " +
                        std::to_string(computed)};
}
}  // namespace detail

/// The CRC-32 (zlib's) of parts of a file and of texts, one after another.
///   throws: codec_error file_is_truncated, file_cannot_be_read
[[nodiscard]] inline std::uint32_t crc32_of(random_access_file const& file,
                                            std::span<covered_part const> parts) {
  constexpr std::uint64_t block = std::uint64_t{4} << 20;
  std::vector<std::byte> buffer;
  uLong crc = ::crc32(0, nullptr, 0);
  for (covered_part const& part : parts) {
    if (!part.text.empty())
      crc = ::crc32_z(crc, reinterpret_cast<Bytef const*>(part.text.data()), part.text.size());
    for (std::uint64_t done = 0; done < part.range.bytes;) {
      auto const n = static_cast<std::size_t>(std::min(block, part.range.bytes - done));
      buffer.resize(std::max(buffer.size(), n));
      file.read(part.range.offset + done, std::span{buffer}.first(n));
      crc = ::crc32_z(crc, reinterpret_cast<Bytef const*>(buffer.data()), n);
      done += n;
    }
  }
  return static_cast<std::uint32_t>(crc);
}

/// Compares the stored CRC of a file with its bytes; nothing to do if it carries none.
///   throws: codec_error checksum_differs
inline void check_crc(random_access_file const& file, file_index const& index) {
  if (!index.crc) return;
  std::uint32_t const computed = crc32_of(file, index.covered);
  if (computed != *index.crc) detail::checksum_differs(file.path(), *index.crc, computed);
}

}  // namespace v1
}  // namespace reshard
