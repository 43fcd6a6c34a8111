#pragma once

#include <reshard/tensor/storage.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace reshard {
inline namespace v1 {
namespace detail {

inline constexpr std::string_view zip_magic = "PK\3\4";
inline constexpr std::string_view lfs_pointer = "version https://git-lfs";

/// The longest header of a safetensors file.
inline constexpr std::uint64_t most_header_bytes = 100'000'000;

/// The first bytes of a file, fewer if it is shorter.
inline std::string first_bytes(random_access_file const& file) {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(64, file.size())), '\0');
  file.read(0, std::as_writable_bytes(std::span{bytes}));
  return bytes;
}

/// The number that a safetensors file begins with: the length of its header.
///   pre: bytes.size() >= 8
inline std::uint64_t header_bytes_of(std::string_view bytes) {
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data(), sizeof n);
  return n;
}

/// u64 header length, then the header, which begins with '{'.
inline bool is_safetensors(random_access_file const& file, std::string_view begin) {
  return begin.size() > 8 && header_bytes_of(begin) <= most_header_bytes &&
         header_bytes_of(begin) + 8 <= file.size() && begin[8] == '{';
}

/// What a file that holds no tensors, or holds them in another way, seems to be; "" if unknown.
inline std::string_view other_content(std::string_view begin) {
  struct magic {
    std::string_view begin;
    std::string_view what;
  };
  static constexpr magic known[] = {
      {lfs_pointer, "a Git LFS pointer: the file itself was not fetched"},
      {zip_magic, "a zip archive, as torch.save writes"},
      {"\x80\2", "a Python pickle, as old torch.save wrote"},
      {"{", "JSON text"},
      {"<", "a web page"},
      {"\n", "a .ckpt file"}};
  for (magic const& row : known)
    if (begin.starts_with(row.begin)) return row.what;
  return {};
}

/// "; it seems to be ...", or nothing: for the end of a message.
inline std::string hint_of(std::string_view begin) {
  std::string_view const what = other_content(begin);
  return what.empty() ? std::string{} : "; it seems to be " + std::string{what};
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
