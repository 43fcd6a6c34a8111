#pragma once

#include <reshard/codec/ckpt_index.hpp>
#include <reshard/codec/first_bytes.hpp>

namespace reshard {
inline namespace v1 {

/// What a file is, told by its content.
enum class file_kind : std::uint8_t {
  safetensors,
  encrypted,  ///< a .ckpt that MindSpore encrypted
  zip,        ///< a PyTorch file, among others
  json,
  ckpt,
  strategy,  ///< a MindSpore strategy in protobuf
  unknown
};

namespace detail {

[[noreturn]] inline void file_kind_is_unknown(std::string const& path, std::string const& begin) {
  throw codec_error{errc::file_kind_is_unknown, __func__, {path, {}, 0}, begin};
}

/// Field 1 is a number, then comes field 2 or 3 in full, itself a message that begins with a text.
inline bool is_strategy(random_access_file const& file) {
  try {
    file_window window{file};
    wire_message root{window, {0, file.size()}};
    auto const counter = root.next();
    auto const item = root.next();
    if (!counter || counter->number != 1 || counter->type != wire_type::varint) return false;
    if (!item || (item->number != 2 && item->number != 3)) return false;
    auto const name = message_of(window, *item).next();
    return name && name->number == 1 && name->type == wire_type::bytes;
  } catch (codec_error const&) {
    return false;
  }
}
}  // namespace detail

/// The file is what Git LFS puts in the place of a file that it did not fetch.
[[nodiscard]] inline bool is_lfs_pointer(random_access_file const& file) {
  return detail::first_bytes(file).starts_with(detail::lfs_pointer);
}

/// The kind of a file. Looks at its first bytes, and at the first record for .ckpt.
[[nodiscard]] inline file_kind kind_of(random_access_file const& file) {
  std::string const begin = detail::first_bytes(file);
  if (detail::is_safetensors(file, begin)) return file_kind::safetensors;
  if (encryption_of(file)) return file_kind::encrypted;
  if (begin.starts_with(detail::zip_magic)) return file_kind::zip;
  if (begin.starts_with('{')) return file_kind::json;
  if (recognises_ckpt(file)) return file_kind::ckpt;
  if (begin.starts_with('\x08') && detail::is_strategy(file)) return file_kind::strategy;
  return file_kind::unknown;
}

/// Says that a file is of no known kind, with its first 16 bytes and what it seems to be.
///   throws: codec_error file_kind_is_unknown
[[noreturn]] inline void report_unknown_kind(random_access_file const& file) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (file.size() == 0) detail::file_kind_is_unknown(file.path(), "the file is empty");
  std::string const begin = detail::first_bytes(file);
  std::string hex = "of no known kind; it begins with";
  for (char const c : begin.substr(0, 16)) {
    auto const byte = static_cast<unsigned char>(c);
    hex += {' ', digits[byte >> 4], digits[byte & 15]};
  }
  detail::file_kind_is_unknown(file.path(), hex + detail::hint_of(begin));
}

}  // namespace v1
}  // namespace reshard
