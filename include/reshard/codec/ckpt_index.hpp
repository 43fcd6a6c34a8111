#pragma once

#include <reshard/codec/ckpt_record.hpp>
#include <reshard/codec/encrypted.hpp>
#include <reshard/codec/file_index.hpp>

#include <array>
#include <cstring>
#include <unordered_set>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void record_is_malformed(std::string const& path, std::string const& tensor,
                                             std::uint64_t byte, std::string const& reason) {
  throw codec_error{
      errc::file_is_malformed, __func__, {path, tensor, static_cast<std::int64_t>(byte)}, reason};
}
[[noreturn]] inline void record_is_not_supported(std::string const& path, ckpt_record const& record,
                                                 std::string const& reason) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, record.name, static_cast<std::int64_t>(record.offset)},
                    reason};
}
[[noreturn]] inline void tensor_name_is_not_unique(std::string const& path,
                                                   ckpt_record const& record) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, record.name, static_cast<std::int64_t>(record.offset)},
                    "the name was used before by a record that is not adjacent"};
}
[[noreturn]] inline void content_does_not_fill_the_tensor(std::string const& path,
                                                          ckpt_record const& record,
                                                          std::uint64_t bytes,
                                                          std::uint64_t needed) {
  record_is_malformed(path, record.name, record.offset,
                      "content of " + std::to_string(bytes) + " bytes, its dims and type need " +
                          std::to_string(needed));
}

/// The name of a crc trailer, before the checksum as a number of 10 bytes, big-endian.
inline constexpr std::string_view crc_name = "crc_num";
inline constexpr std::uint64_t crc_trailer_bytes = 17;

/// Splits the trailer off, if there is one: `crc` and `covered` of the index.
inline void read_crc_trailer(random_access_file const& file, file_index& index) {
  if (file.size() < crc_trailer_bytes) return;
  std::array<std::byte, crc_trailer_bytes> trailer{};
  std::uint64_t const begin = file.size() - crc_trailer_bytes;
  file.read(begin, trailer);
  if (std::memcmp(trailer.data(), crc_name.data(), crc_name.size()) != 0) return;
  std::uint32_t crc = 0;
  for (std::size_t i = crc_name.size(); i < trailer.size(); ++i) {
    if (crc >> 24 != 0) record_is_malformed(file.path(), {}, begin, "the crc is above 32 bits");
    crc = crc << 8 | std::to_integer<std::uint32_t>(trailer[i]);
  }
  index.crc = crc;
  index.covered = {{"", {0, begin}}};
}

/// A tensor while its chunks are gathered.
struct gathered_tensor {
  ckpt_record last;
  std::uint64_t bytes = 0;
  std::vector<byte_range> ranges;
};

inline std::string list_of(std::vector<std::uint64_t> const& dims) {
  std::string text = "[";
  for (std::uint64_t const dim : dims)
    text += (text.size() > 1 ? ", " : "") + std::to_string(static_cast<std::int64_t>(dim));
  return text + "]";
}

/// The bytes of a tensor of these dims.
inline std::uint64_t bytes_of(std::string const& path, ckpt_record const& record,
                              std::size_t item) {
  constexpr std::uint64_t most = max_index;
  std::uint64_t bytes = item;
  bool empty = false;
  for (std::uint64_t const dim : record.dims) {
    if (dim > most)
      record_is_malformed(path, record.name, record.offset,
                          "negative dim in " + list_of(record.dims));
    empty = empty || dim == 0;
  }
  for (std::uint64_t const dim : record.dims) {
    if (empty) return 0;
    if (bytes > most / dim)
      record_is_malformed(path, record.name, record.offset,
                          "the dims " + list_of(record.dims) + " overflow");
    bytes *= dim;
  }
  return bytes;
}

/// A string: dims [0] or none, 4 bytes a character.
inline void finish_string(std::string const& path, gathered_tensor const& from,
                          indexed_tensor& tensor) {
  bool const no_dims = from.last.dims.empty() || from.last.dims == std::vector<std::uint64_t>{0};
  if (!no_dims)
    record_is_not_supported(path, from.last, "a string with dims " + list_of(from.last.dims));
  if (from.bytes % 4 != 0)
    record_is_malformed(path, from.last.name, from.last.offset,
                        "a string of " + std::to_string(from.bytes) +
                            " bytes, not a multiple of the 4 bytes of a character");
  tensor.shape = {static_cast<index_t>(from.bytes / 4)};
}

/// A number or tensor: dims [0] is how old versions write a scalar.
inline void finish_tensor(std::string const& path, gathered_tensor& from, indexed_tensor& tensor) {
  if (from.last.dims == std::vector<std::uint64_t>{0}) from.last.dims.clear();
  std::uint64_t const needed = bytes_of(path, from.last, tensor.stored_item_bytes);
  if (tensor.type == dtype::bfloat16 && needed != 0 && from.bytes / 2 == needed &&
      from.bytes % 2 == 0) {
    tensor.stored_item_bytes = 4;  // kept as float32: its upper half is the element
    tensor.stored_item_offset = 2;
  } else if (from.bytes != needed) {
    content_does_not_fill_the_tensor(path, from.last, from.bytes, needed);
  }
  tensor.shape.assign(from.last.dims.begin(), from.last.dims.end());
}

inline indexed_tensor finished(std::string const& path, gathered_tensor from) {
  indexed_tensor tensor;
  std::optional<dtype> const type = dtype_of_mindspore(from.last.type);
  if (!type)
    record_is_not_supported(path, from.last, "unknown type '" + from.last.type.substr(0, 64) + "'");
  tensor.name = from.last.name;
  tensor.type = *type;
  tensor.stored_item_bytes = static_cast<std::uint32_t>(item_bytes(*type));
  if (*type == dtype::string) {
    finish_string(path, from, tensor);
  } else {
    finish_tensor(path, from, tensor);
  }
  tensor.ranges = std::move(from.ranges);
  return tensor;
}

/// Joins adjacent records of equal name to tensors.
class ckpt_gatherer {
 public:
  ckpt_gatherer(std::string const& path, file_index& index) : path_(&path), index_(&index) {}

  void add(ckpt_record record) {
    if (record.is_map) record_is_not_supported(*path_, record, "map parameters are not supported");
    if (open_ && open_->last.name == record.name) {
      require_same_tensor(record);
    } else {
      close();
      if (!names_.insert(record.name).second) tensor_name_is_not_unique(*path_, record);
      open_.emplace();
    }
    open_->bytes += record.content.bytes;
    if (record.content.bytes != 0) open_->ranges.push_back(record.content);
    open_->last = std::move(record);
  }

  /// Ends the tensor that is being gathered.
  void close() {
    if (open_) index_->tensors.push_back(finished(*path_, std::move(*open_)));
    open_.reset();
  }

 private:
  void require_same_tensor(ckpt_record const& record) const {
    ckpt_record const& before = open_->last;
    if (record.dims == before.dims && record.type == before.type) return;
    record_is_malformed(*path_, record.name, record.offset,
                        "a chunk of " + record.type.substr(0, 64) + list_of(record.dims) +
                            " after a chunk of " + before.type.substr(0, 64) +
                            list_of(before.dims));
  }

  std::string const* path_;
  file_index* index_;
  std::optional<gathered_tensor> open_;
  std::unordered_set<std::string> names_;
};
}  // namespace detail

/// The tensors of a .ckpt file. Reads heads, no content.
///   throws: codec_error file_is_malformed, file_is_truncated, file_is_encrypted,
///           value_is_not_supported (unknown type, map parameter)
///   note:   content longer than the dims is refused; MindSpore drops the rest without a word
[[nodiscard]] inline file_index ckpt_index(random_access_file const& file) {
  if (auto const mode = encryption_of(file)) detail::file_is_encrypted(file.path(), *mode);
  file_index index;
  detail::read_crc_trailer(file, index);
  detail::ckpt_records records{file, index.crc ? index.covered[0].range.bytes : file.size()};
  detail::ckpt_gatherer gatherer{file.path(), index};
  while (std::optional<detail::ckpt_record> record = records.next())
    gatherer.add(std::move(*record));
  gatherer.close();
  if (index.tensors.empty())
    detail::record_is_malformed(file.path(), {}, 0, "the file holds no tensors");
  return index;
}

/// The file begins like a .ckpt: its first record has a name and a tensor, perhaps a truncated one.
[[nodiscard]] inline bool recognises_ckpt(random_access_file const& file) {
  std::byte first{};
  if (file.size() == 0) return false;
  file.read(0, {&first, 1});
  if (first != std::byte{0x0a}) return false;
  try {
    return detail::ckpt_records{file, file.size()}.next().has_value();
  } catch (codec_error const& e) {
    return e.code() == errc::file_is_truncated && !e.tensor().empty();
  }
}

}  // namespace v1
}  // namespace reshard
