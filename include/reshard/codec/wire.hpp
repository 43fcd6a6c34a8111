#pragma once

#include <reshard/algebra/text.hpp>
#include <reshard/codec/file_window.hpp>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {

/// How the value of a protobuf field is stored. Groups are not among them: nobody writes them here.
enum class wire_type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a protobuf message, without its content.
struct wire_field {
  std::uint32_t number = 0;
  wire_type type = wire_type::varint;
  std::uint64_t offset = 0;  ///< where its tag begins in the file
  std::uint64_t value = 0;   ///< of a varint
  byte_range content;        ///< of the other types; may reach beyond a truncated file
};

namespace detail {
[[noreturn]] inline void message_is_malformed(std::string const& path, std::uint64_t byte,
                                              std::string const& reason) {
  throw codec_error{
      errc::file_is_malformed, __func__, {path, {}, static_cast<std::int64_t>(byte)}, reason};
}
[[noreturn]] inline void field_has_another_type(std::string const& path, wire_field const& field) {
  message_is_malformed(path, field.offset,
                       "field " + std::to_string(field.number) + " has wire type " +
                           std::to_string(static_cast<int>(field.type)) + ", expected another");
}
[[noreturn]] inline void field_occurs_twice(std::string const& path, wire_field const& field) {
  message_is_malformed(path, field.offset,
                       "field " + std::to_string(field.number) + " occurs twice in its message");
}
}  // namespace detail

/// The fields of one protobuf message, wherever in a file of any size. Content is skipped, not
/// read: positions are 64-bit sums, protobuf sees a few bytes at a time.
///   throws: codec_error file_is_malformed, file_is_truncated
class wire_message {
 public:
  wire_message(file_window& window, byte_range where)
      : window_(&window), at_(where.offset), end_(where.offset + where.bytes) {}

  /// Where the next field begins.
  [[nodiscard]] std::uint64_t offset() const noexcept { return at_; }

  /// The next field; nothing at the end of the message.
  [[nodiscard]] std::optional<wire_field> next() {
    if (at_ == end_) return std::nullopt;
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(longest_head, end_ - at_));
    std::span<std::byte const> const head = window_->bytes(at_, wanted);
    google::protobuf::io::CodedInputStream in{reinterpret_cast<std::uint8_t const*>(head.data()),
                                              static_cast<int>(head.size())};
    wire_field field;
    field.offset = at_;
    if (!read_head(in, field)) cannot_be_parsed(head.size());
    at_ += static_cast<std::uint64_t>(in.CurrentPosition());
    if (field.type != wire_type::varint) skip_content(field);
    return field;
  }

 private:
  static constexpr std::size_t longest_head = 20;  // a tag and a length, 10 bytes each

  /// Tag, and value or length.
  bool read_head(google::protobuf::io::CodedInputStream& in, wire_field& field) const {
    std::uint32_t const tag = in.ReadTag();
    field.number = tag >> 3;
    field.type = static_cast<wire_type>(tag & 7);
    if (tag == 0) return false;
    if (field.number == 0) not_a_field();
    switch (field.type) {
      case wire_type::varint:
        return in.ReadVarint64(&field.value);
      case wire_type::bytes:
        return in.ReadVarint64(&field.content.bytes);
      case wire_type::fixed64:
        field.content.bytes = 8;
        return true;
      case wire_type::fixed32:
        field.content.bytes = 4;
        return true;
    }
    not_a_field();
  }

  void skip_content(wire_field& field) {
    if (field.content.bytes > end_ - at_) {
      if (end_ == window_->file().size())
        detail::require_in_file(window_->file(), {at_, field.content.bytes});
      detail::message_is_malformed(window_->file().path(), field.offset,
                                   "field " + std::to_string(field.number) + " of " +
                                       std::to_string(field.content.bytes) +
                                       " bytes is longer than the rest of its message, " +
                                       std::to_string(end_ - at_) + " bytes");
    }
    field.content.offset = at_;
    at_ += field.content.bytes;
  }

  [[noreturn]] void cannot_be_parsed(std::size_t got) const {
    random_access_file const& file = window_->file();
    if (got < longest_head && at_ + got == file.size())
      detail::file_is_truncated(file.path(), file.size(), at_, got + 1);
    not_a_field();
  }

  [[noreturn]] void not_a_field() const {
    detail::message_is_malformed(window_->file().path(), at_, "no protobuf field begins here");
  }

  file_window* window_;
  std::uint64_t at_;
  std::uint64_t end_;
};

namespace detail {
inline wire_field const& require_type(file_window& window, wire_field const& field,
                                      wire_type type) {
  if (field.type != type) field_has_another_type(window.file().path(), field);
  return field;
}

inline constexpr std::size_t longest_text = std::size_t{1} << 20;

/// The content of a text field, at most 1 MiB of UTF-8.
inline std::string text_of(file_window& window, wire_field const& field) {
  byte_range const content = require_type(window, field, wire_type::bytes).content;
  if (content.bytes > longest_text) {
    message_is_malformed(window.file().path(), field.offset,
                         "a text of " + std::to_string(content.bytes) + " bytes, at most " +
                             std::to_string(longest_text) + " are accepted");
  }
  require_in_file(window.file(), content);
  auto const bytes = window.bytes(content.offset, static_cast<std::size_t>(content.bytes));
  std::string text{reinterpret_cast<char const*>(bytes.data()), bytes.size()};
  if (!google::protobuf::internal::IsStructurallyValidUTF8(text))
    message_is_malformed(window.file().path(), content.offset, "a text that is not UTF-8");
  return text;
}

/// The text of a field that names something: not empty, without NUL.
inline std::string identifier_of(file_window& window, wire_field const& field) {
  std::string name = text_of(window, field);
  if (name.empty()) message_is_malformed(window.file().path(), field.offset, "the name is empty");
  if (name.find('\0') != std::string::npos)
    message_is_malformed(window.file().path(), field.offset, "the name contains a NUL");
  return name;
}

/// The message in a field.
inline wire_message message_of(file_window& window, wire_field const& field) {
  return {window, require_type(window, field, wire_type::bytes).content};
}

/// Appends the numbers of one field: a single one, or packed ones.
///   most: more than these are an error
inline void append_numbers(file_window& window, wire_field const& field, std::size_t most,
                           std::vector<std::uint64_t>& numbers) {
  auto const append = [&](std::uint64_t number) {
    if (numbers.size() == most) {
      message_is_malformed(window.file().path(), field.offset,
                           "more than " + std::to_string(most) + " numbers in a list");
    }
    numbers.push_back(number);
  };
  if (field.type == wire_type::varint) return append(field.value);
  std::uint64_t at = require_type(window, field, wire_type::bytes).content.offset;
  std::uint64_t const end = at + field.content.bytes;
  while (at < end) {
    auto const head =
        window.bytes(at, static_cast<std::size_t>(std::min<std::uint64_t>(10, end - at)));
    google::protobuf::io::CodedInputStream in{reinterpret_cast<std::uint8_t const*>(head.data()),
                                              static_cast<int>(head.size())};
    std::uint64_t number = 0;
    if (!in.ReadVarint64(&number)) {
      require_in_file(window.file(), field.content);
      message_is_malformed(window.file().path(), at, "not a packed number");
    }
    append(number);
    at += static_cast<std::uint64_t>(in.CurrentPosition());
  }
}

/// What `write` puts into a protobuf stream.
template <class Write> [[nodiscard]] std::string wire_bytes(Write&& write) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream text{&bytes};
    google::protobuf::io::CodedOutputStream out{&text};
    write(out);
  }
  return bytes;
}

/// Tag and length of a field whose content is written by others.
inline void write_length(std::uint32_t number, std::uint64_t bytes,
                         google::protobuf::io::CodedOutputStream& out) {
  using lite = google::protobuf::internal::WireFormatLite;
  lite::WriteTag(static_cast<int>(number), lite::WIRETYPE_LENGTH_DELIMITED, &out);
  out.WriteVarint64(bytes);
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
