#pragma once

#include <reshard/codec/ckpt_index.hpp>

#include <span>
#include <unordered_set>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void entry_is_not_storable(std::string const& name, std::string const& reason) {
  throw codec_error{errc::value_is_not_supported, __func__, {{}, name, -1}, reason};
}

/// The record of a whole entry: what each of its chunks repeats.
inline ckpt_record record_of(image_entry const& entry) {
  ckpt_record record;
  record.name = entry.name;
  record.type = facts_of(entry.type).mindspore;
  record.dims.assign(entry.shape.begin(), entry.shape.end());
  if (entry.type == dtype::string) record.dims = {0};
  return record;
}

inline void require_storable(image_entry const& entry) {
  if (entry.name.empty()) entry_is_not_storable("(unnamed)", "the name is empty");
  if (entry.name.size() > longest_text || entry.name.find('\0') != std::string::npos ||
      !google::protobuf::internal::IsStructurallyValidUTF8(entry.name))
    entry_is_not_storable(entry.name, "the name is no UTF-8 text without NUL of at most 1 MiB");
  if (entry.shape.size() > most_dims)
    entry_is_not_storable(entry.name, std::to_string(entry.shape.size()) + " dims are too many");
  if (facts_of(entry.type).mindspore.empty())
    entry_is_not_storable(entry.name, "MindSpore has no type " + std::string{name_of(entry.type)});
  if (entry.type == dtype::string && entry.shape.size() != 1)
    entry_is_not_storable(entry.name, "a string needs the shape (characters)");
  if (entry.type != dtype::string && entry.shape == std::vector<index_t>{0})
    entry_is_not_storable(entry.name, "a tensor of shape (0) would be read as a scalar");
}

/// The bytes of all elements of an entry.
inline std::uint64_t content_bytes(image_entry const& entry) {
  ckpt_record record = record_of(entry);
  record.dims.assign(entry.shape.begin(), entry.shape.end());
  return bytes_of({}, record, item_bytes(entry.type));
}

/// Head of one record: everything before its content.
inline std::string record_head(ckpt_record const& record, std::uint64_t content_bytes) {
  using lite = google::protobuf::internal::WireFormatLite;
  std::string const described = wire_bytes([&](auto& out) {
    for (std::uint64_t const dim : record.dims)
      lite::WriteInt64(1, static_cast<std::int64_t>(dim), &out);
    lite::WriteString(2, record.type, &out);
    write_length(3, content_bytes, out);
  });
  std::string const value = wire_bytes([&](auto& out) {
    lite::WriteString(1, record.name, &out);
    write_length(2, described.size() + content_bytes, out);
  });
  return wire_bytes([&](auto& out) {
    write_length(1, value.size() + described.size() + content_bytes, out);
    out.WriteString(value);
    out.WriteString(described);
  });
}

/// Puts one record after another.
class ckpt_layout {
 public:
  explicit ckpt_layout(std::uint64_t chunk_bytes) : chunk_bytes_(chunk_bytes) {}

  /// Appends the records of an entry.
  void append(image_entry const& entry) {
    require_storable(entry);
    if (!names_.insert(entry.name).second)
      entry_is_not_storable(entry.name, "the name is used by two entries");
    std::uint64_t const bytes = content_bytes(entry);
    if (image.size + bytes > most_bytes) entry_is_not_storable(entry.name, "the file is too long");
    ckpt_record const record = record_of(entry);
    std::vector<byte_range>& ranges = image.ranges.emplace_back();
    std::uint64_t done = 0;
    do {
      std::uint64_t const chunk = std::min(chunk_bytes_, bytes - done);
      append_head(record_head(record, chunk));
      if (chunk != 0) ranges.push_back({image.size, chunk});
      image.size += chunk;
      done += chunk;
    } while (done < bytes);
  }

  file_image image;

 private:
  static constexpr std::uint64_t most_bytes = std::uint64_t{1} << 62;

  void append_head(std::string head) {
    std::uint64_t const offset = image.size;
    image.size += head.size();
    image.literals.push_back({offset, std::move(head)});
  }

  std::uint64_t chunk_bytes_;
  std::unordered_set<std::string> names_;
};
}  // namespace detail

/// A .ckpt file that will hold these tensors, byte for byte as MindSpore writes it.
///   throws: codec_error value_is_not_supported: shape (0), a name that no file can hold
[[nodiscard]] inline file_image ckpt_image(std::span<image_entry const> entries,
                                           image_options const& options) {
  if (options.chunk_bytes == 0) detail::entry_is_not_storable({}, "chunks of 0 bytes");
  if (!options.metadata.empty()) detail::entry_is_not_storable({}, "a .ckpt holds no metadata");
  detail::ckpt_layout records{options.chunk_bytes};
  for (image_entry const& entry : entries) records.append(entry);
  file_image image = std::move(records.image);
  if (options.crc) {
    std::uint64_t const begin = image.size;
    std::uint64_t const number = begin + detail::crc_name.size();
    image.size += detail::crc_trailer_bytes;
    image.literals.push_back({begin, std::string{detail::crc_name}});
    image.crc =
        crc_field{{number, image.size - number}, crc_notation::big_endian, {{"", {0, begin}}}};
  }
  return image;
}

}  // namespace v1
}  // namespace reshard
