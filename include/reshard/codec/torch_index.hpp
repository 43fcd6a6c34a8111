#pragma once

#include <reshard/codec/crc.hpp>
#include <reshard/codec/file_index.hpp>
#include <reshard/codec/first_bytes.hpp>
#include <reshard/codec/pickle_reader.hpp>
#include <reshard/codec/torch_tensor.hpp>
#include <reshard/codec/zip_directory.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void torch_file_is_not_supported(std::string const& path, std::uint64_t byte,
                                                     std::string const& reason) {
  throw codec_error{
      errc::value_is_not_supported, __func__, {path, {}, static_cast<std::int64_t>(byte)}, reason};
}
[[noreturn]] inline void zip_holds_no_pickle(std::string const& path) {
  torch_file_is_not_supported(
      path, 0, "a zip archive without <folder>/data.pkl: torch.save did not write it");
}
[[noreturn]] inline void torch_file_is_older_than_zip(std::string const& path) {
  torch_file_is_not_supported(path, 0,
                              "written by torch before 1.6, or with "
                              "_use_new_zipfile_serialization=False; load and save it with a newer "
                              "torch, or as safetensors");
}
[[noreturn]] inline void torch_file_is_big_endian(std::string const& path, std::uint64_t byte,
                                                  std::string const& order) {
  torch_file_is_not_supported(path, byte,
                              "its byte order is " + in_quotes(order) + ", only 'little' is read");
}
[[noreturn]] inline void torch_file_is_a_script(std::string const& path, std::uint64_t byte) {
  torch_file_is_not_supported(path, byte,
                              "a TorchScript archive, a program; save its state_dict instead");
}
[[noreturn]] inline void pickle_checksum_differs(std::string const& path, zip_entry const& entry,
                                                 std::uint32_t computed) {
  throw codec_error{errc::checksum_differs,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(entry.content.offset)},
                    "the stored CRC-32 of " + in_quotes(entry.name) + " is " +
                        std::to_string(entry.crc) + ", that of its bytes is " +
                        std::to_string(computed)};
}
[[noreturn]] inline void content_holds_more_than_tensors(file_place const& place,
                                                         std::string const& what) {
  throw codec_error{errc::value_is_not_supported, __func__, place, what};
}

/// The number 0x1950a86a20f9469cfc6c as a pickle: what old torch.save wrote first.
inline constexpr std::string_view old_torch_magic =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

inline constexpr std::string_view pickle_name = "/data.pkl";

/// The entry <folder>/data.pkl, or null. There is no folder in that folder's name.
inline zip_entry const* pickle_entry(zip_directory const& zip) {
  for (zip_entry const& entry : zip.entries())
    if (std::string_view{entry.name}.ends_with(pickle_name) &&
        entry.name.find('/') == entry.name.size() - pickle_name.size())
      return &entry;
  return nullptr;
}

inline std::string content_of(random_access_file const& file, zip_entry const& entry) {
  std::string bytes(static_cast<std::size_t>(entry.content.bytes), '\0');
  file.read(entry.content.offset, std::as_writable_bytes(std::span{bytes}));
  return bytes;
}

/// What must be so before the pickle is looked at.
inline void require_readable(random_access_file const& file, zip_directory const& zip,
                             zip_entry const& pickle) {
  std::string const folder = pickle.name.substr(0, pickle.name.size() - pickle_name.size()) + '/';
  if (zip_entry const* const constants = zip.find(folder + "constants.pkl"))
    torch_file_is_a_script(file.path(), constants->header);
  for (zip_entry const& entry : zip.entries()) {
    if (!entry.name.starts_with(folder))
      zip_entry_is_not_supported(file.path(), entry.header, entry.name,
                                 "is not in the folder " + in_quotes(folder));
    if (entry.method != 0)
      zip_entry_is_not_supported(file.path(), entry.header, entry.name,
                                 "is compressed (method " + std::to_string(entry.method) +
                                     "); torch.save stores entries as they are");
  }
  if (zip_entry const* const order = zip.find(folder + "byteorder")) {
    std::string const text = order->content.bytes <= 16 ? content_of(file, *order) : "too long";
    if (text != "little") torch_file_is_big_endian(file.path(), order->content.offset, text);
  }
  if (pickle.content.bytes > most_pickle_bytes)
    pickle_is_too_large({file.path(), {}, static_cast<std::int64_t>(pickle.content.offset)},
                        "bytes", most_pickle_bytes);
  covered_part const all{{}, pickle.content};
  std::uint32_t const crc = crc32_of(file, {&all, 1});
  if (crc != pickle.crc) pickle_checksum_differs(file.path(), pickle, crc);
}

/// Walks through the dicts of a pickle and lists the tensors in them.
class torch_walk {
 public:
  torch_walk(pickle_source const& source, pickle_tree const& tree, zip_directory const& zip,
             std::string folder)
      : source_(source), tree_(&tree), zip_(&zip), folder_(std::move(folder)) {}

  std::vector<indexed_tensor> tensors() {
    pickle_value const& root = (*tree_)[tree_->root()];
    if (root.kind != pickle_kind::dict)
      content_holds_more_than_tensors(
          source_.place(root.byte),
          "the file holds " + std::string{name_of(root.kind)} + ", not a dict of tensors");
    walked_.resize(tree_->size());
    add_all(tree_->root(), {}, 0);
    require_unique_names();
    return std::move(tensors_);
  }

 private:
  static constexpr int deepest = 64;

  file_place place(std::string const& name, pickle_value const& value) const {
    file_place out = source_.place(value.byte);
    out.tensor = name;
    return out;
  }

  /// The items of a dict; names in dicts in dicts are joined by dots. A dict in itself ends at the
  /// depth, one in many others at its second visit.
  void add_all(pickle_id dict, std::string const& prefix, int depth) {
    std::vector<pickle_id> const& items = (*tree_)[dict].items;
    file_place const here = place(prefix, (*tree_)[dict]);
    if (depth > deepest)
      content_holds_more_than_tensors(here, "dicts in dicts are more than 64 levels deep");
    if (walked_[static_cast<std::size_t>(dict)])
      content_holds_more_than_tensors(here, "one dict stands at two places");
    walked_[static_cast<std::size_t>(dict)] = true;
    for (std::size_t i = 0; i < items.size(); i += 2) {
      pickle_value const& key = (*tree_)[items[i]];
      if (key.kind != pickle_kind::text)
        content_holds_more_than_tensors(
            place(prefix, key),
            std::string{name_of(key.kind)} + " is the key of an item, not a text");
      std::string const dot = depth == 0 ? "" : ".";
      add(items[i + 1], prefix + dot + std::string{key.text}, depth);
    }
  }

  void add(pickle_id id, std::string const& name, int depth) {
    pickle_value const& value = (*tree_)[id];
    if (value.kind == pickle_kind::dict) return add_all(id, name, depth + 1);
    if (value.kind != pickle_kind::call)
      content_holds_more_than_tensors(place(name, value),
                                      std::string{name_of(value.kind)} +
                                          " is among the tensors; keep the tensors alone, as in "
                                          "model.state_dict()");
    tensors_.push_back(torch_tensor_reader{source_, *tree_, *zip_, folder_, name}.tensor(id));
  }

  void require_unique_names() const {
    std::vector<std::string_view> names;
    names.reserve(tensors_.size());
    for (indexed_tensor const& tensor : tensors_) names.push_back(tensor.name);
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) {
      file_place where = source_.place(0);
      where.tensor = *twice;
      pickle_is_malformed(where, "two tensors have this name");
    }
  }

  pickle_source source_;
  pickle_tree const* tree_;
  zip_directory const* zip_;
  std::string folder_;
  std::vector<bool> walked_;
  std::vector<indexed_tensor> tensors_;
};
}  // namespace detail

/// The tensors of a file that torch.save wrote, in the order of its dict. Reads the directory and
/// data.pkl, no storages.
///   note:   the root is a dict of tensors, or of dicts of tensors and so on: {"model": {"w": t}}
///           has the name "model.w". Anything else in it, a number or a list, is an error: nothing
///           is left out in silence
///   note:   names may share a storage: ties and views are as the file has them
///   note:   the CRC-32 of data.pkl is compared, those of storages are not: their bytes are not
///   read throws: codec_error file_is_malformed, file_is_truncated, checksum_differs,
///           value_is_not_supported (before torch 1.6, big-endian, TorchScript, more than tensors,
///           quantized, sparse, a global that runs code, a compressed entry)
///   source: pytorch, torch/serialization.py
[[nodiscard]] inline file_index torch_index(random_access_file const& file) {
  if (detail::first_bytes(file).starts_with(detail::old_torch_magic))
    detail::torch_file_is_older_than_zip(file.path());
  zip_directory const zip{file};
  zip_entry const* const entry = detail::pickle_entry(zip);
  if (entry == nullptr) detail::zip_holds_no_pickle(file.path());
  detail::require_readable(file, zip, *entry);
  std::string const bytes = detail::content_of(file, *entry);
  pickle_source const source{std::as_bytes(std::span{bytes}), file.path(), entry->content.offset};
  pickle_tree const tree = read_pickle(source, detail::torch_pickle_globals);
  std::string folder = entry->name.substr(0, entry->name.size() - detail::pickle_name.size() + 1);
  file_index index;
  index.tensors = detail::torch_walk{source, tree, zip, std::move(folder)}.tensors();
  if (index.tensors.empty())
    detail::content_holds_more_than_tensors(source.place(0), "the file holds no tensors");
  return index;
}

/// The file is one of torch.save: a zip archive whose first entry, or one entry, is data.pkl; or
/// one of before torch 1.6, which torch_index refuses.
[[nodiscard]] inline bool recognises_torch(random_access_file const& file) {
  std::string const begin = detail::first_bytes(file);
  if (begin.starts_with(detail::old_torch_magic)) return true;
  if (!begin.starts_with(detail::zip_magic) || begin.size() < 30) return false;
  auto const name_bytes = load<std::uint16_t>(std::as_bytes(std::span{begin}), 26);
  file_window window{file};
  auto const name = window.bytes(30, name_bytes);
  if (std::string_view{reinterpret_cast<char const*>(name.data()), name.size()}.ends_with(
          detail::pickle_name))
    return true;
  try {
    return detail::pickle_entry(zip_directory{file}) != nullptr;
  } catch (codec_error const&) {
    return false;
  }
}

}  // namespace v1
}  // namespace reshard
