#pragma once

#include <reshard/tensor/storage.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void file_is_encrypted(std::string const& path, std::string_view mode) {
  throw codec_error{
      errc::file_is_encrypted,
      __func__,
      {path, {}, 0},
      "encrypted with " + std::string{mode} + "; decrypt it with MindSpore and save it again"};
}
}  // namespace detail

/// The mode in which MindSpore encrypted a file, told by its first four bytes; nothing for others.
///   source: spec of the encryption container, magic numbers 0x7F3A5ED8 to ...DA, little-endian
[[nodiscard]] inline std::optional<std::string_view> encryption_of(random_access_file const& file) {
  if (file.size() < 4) return std::nullopt;
  std::byte magic[4];
  file.read(0, magic);
  if (magic[1] != std::byte{0x5e} || magic[2] != std::byte{0x3a} || magic[3] != std::byte{0x7f})
    return std::nullopt;
  switch (std::to_integer<int>(magic[0])) {
    case 0xd8:
      return "AES-GCM";
    case 0xd9:
      return "AES-CBC";
    case 0xda:
      return "SM4-CBC";
    default:
      return std::nullopt;
  }
}

}  // namespace v1
}  // namespace reshard
