#pragma once

#include <reshard/codec/file_index.hpp>

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void checksum_differs(std::string const& path, std::uint64_t byte,
                                          std::uint32_t stored, std::uint32_t computed) {
  throw codec_error{errc::checksum_differs,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(byte)},
                    "the stored CRC-32 is " + std::to_string(stored) +
                        ", the bytes before it have " + std::to_string(computed)};
}
}  // namespace detail

/// The CRC-32 (zlib's) of bytes [0, bytes) of a file, read from front to back.
[[nodiscard]] inline std::uint32_t crc32_of(random_access_file const& file, std::uint64_t bytes) {
  constexpr std::uint64_t block = std::uint64_t{4} << 20;
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(block, bytes)));
  uLong crc = ::crc32(0, nullptr, 0);
  for (std::uint64_t done = 0; done < bytes;) {
    auto const part =
        std::span{buffer}.first(static_cast<std::size_t>(std::min(block, bytes - done)));
    file.read(done, part);
    crc = ::crc32_z(crc, reinterpret_cast<Bytef const*>(part.data()), part.size());
    done += part.size();
  }
  return static_cast<std::uint32_t>(crc);
}

/// Compares the stored CRC of a file with its bytes; nothing to do if it carries none.
///   throws: codec_error checksum_differs
inline void check_crc(random_access_file const& file, file_index const& index) {
  if (!index.crc) return;
  std::uint32_t const computed = crc32_of(file, index.covered);
  if (computed != *index.crc)
    detail::checksum_differs(file.path(), index.covered, *index.crc, computed);
}

}  // namespace v1
}  // namespace reshard
