#pragma once

#include <reshard/codec/wire.hpp>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {

/// One record of a .ckpt file: a whole tensor, or one chunk of it.
struct ckpt_record {
  std::uint64_t offset = 0;  ///< where the record begins
  std::string name;
  bool is_map = false;
  std::vector<std::uint64_t> dims;  ///< of the whole tensor
  std::string type;
  byte_range content;
};

inline constexpr std::size_t most_dims = 64;

[[noreturn]] inline void record_has_no(std::string_view field, random_access_file const& file,
                                       std::string const& tensor, std::uint64_t byte) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {file.path(), tensor, static_cast<std::int64_t>(byte)},
                    "record without " + std::string{field}};
}

/// A field that must not have been seen before.
inline void require_first(file_window& window, wire_field const& field, bool& seen) {
  if (seen) field_occurs_twice(window.file().path(), field);
  seen = true;
}

/// Reads message TensorProto: dims 1, tensor_type 2, tensor_content 3.
inline void read_tensor_proto(file_window& window, wire_field const& tensor, ckpt_record& record) {
  bool type = false;
  bool content = false;
  wire_message message = message_of(window, tensor);
  while (std::optional<wire_field> const field = message.next()) {
    if (field->number == 1) append_numbers(window, *field, most_dims, record.dims);
    if (field->number == 2) {
      require_first(window, *field, type);
      record.type = text_of(window, *field);
    }
    if (field->number == 3) {
      require_first(window, *field, content);
      record.content = require_type(window, *field, wire_type::bytes).content;
    }
  }
  if (!type) record_has_no("tensor_type", window.file(), record.name, tensor.offset);
  if (!content) record_has_no("tensor_content", window.file(), record.name, tensor.offset);
}

/// Reads message Checkpoint.Value: tag 1, tensor 2 or maptensor 3.
inline void read_value(file_window& window, wire_field const& value, ckpt_record& record) {
  bool tag = false;
  bool content = false;
  wire_message message = message_of(window, value);
  while (std::optional<wire_field> const field = message.next()) {
    if (field->number == 1) {
      require_first(window, *field, tag);
      record.name = identifier_of(window, *field);
    }
    if (field->number == 2 || field->number == 3) {
      require_first(window, *field, content);
      record.is_map = field->number == 3;
      if (!record.is_map) read_tensor_proto(window, *field, record);
    }
  }
  if (!tag) record_has_no("tag", window.file(), {}, value.offset);
  if (!content) record_has_no("tensor", window.file(), record.name, value.offset);
}

/// The records of a .ckpt file in [0, end): messages Checkpoint with one field 1 each.
class ckpt_records {
 public:
  ckpt_records(random_access_file const& file, std::uint64_t end)
      : window_(file), fields_(window_, {0, unlimited}), end_(end) {}
  ckpt_records(ckpt_records const&) = delete;
  ckpt_records& operator=(ckpt_records const&) = delete;

  /// The next record; nothing at the end.
  ///   throws: codec_error file_is_malformed, file_is_truncated, with the tensor if it is known
  [[nodiscard]] std::optional<ckpt_record> next() {
    while (fields_.offset() < end_) {
      ckpt_record record;
      record.offset = fields_.offset();
      try {
        wire_field const field = *fields_.next();
        if (field.number == 1) read_value(window_, field, record);
        require_in_records();
        if (field.number == 1) return record;
      } catch (codec_error const& e) {
        throw codec_error{e.code(), e.rule(), {e.path(), record.name, e.byte()}, e.message()};
      }
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::int64_t>::max();

  /// The record that was just read ends before the file does, and before its trailer.
  void require_in_records() const {
    if (fields_.offset() <= end_) return;
    file_is_truncated(window_.file().path(), end_, end_, fields_.offset() - end_);
  }

  file_window window_;
  wire_message fields_;
  std::uint64_t end_;
};

}  // namespace detail
}  // namespace v1
}  // namespace reshard
