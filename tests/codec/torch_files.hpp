#pragma once

#include "files.hpp"
#include "zip_files.hpp"

#include <reshard/codec/torch_zip.hpp>

#include "support/memory_file.hpp"

#include <string>
#include <vector>

/// Pickles and files as torch.save writes them, in parts.
namespace torch_files {
using namespace reshard;

inline std::string words_of(std::string const& words) {
  return "X" + zip_files::number(words.size(), 4) + words;
}
inline std::string int_of(std::int64_t n) {
  return "\x8a\x08" + zip_files::number(static_cast<std::uint64_t>(n), 8);
}
inline std::string tuple_of(std::vector<std::int64_t> const& numbers) {
  std::string out = "(";
  for (std::int64_t const n : numbers) out += int_of(n);
  return out + "t";
}
/// ("storage", torch.<type>, key, "cpu", items) as a persistent id.
inline std::string storage_of(std::string const& type, std::string const& key, std::int64_t items) {
  return "(" + words_of("storage") + "ctorch\n" + type + "\n" + words_of(key) + words_of("cpu") +
         int_of(items) + "tQ";
}
inline std::string call_of(std::string const& module, std::string const& name,
                           std::string const& arguments) {
  return "c" + module + "\n" + name + "\n(" + arguments + "tR";
}
/// A call of _rebuild_tensor_v2.
inline std::string tensor_of(std::string const& stored, std::int64_t offset,
                             std::vector<std::int64_t> const& shape,
                             std::vector<std::int64_t> const& strides,
                             std::string const& more = "") {
  return call_of("torch._utils", "_rebuild_tensor_v2",
                 stored + int_of(offset) + tuple_of(shape) + tuple_of(strides) +
                     "\x89"
                     "ccollections\nOrderedDict\n)R" +
                     more);
}
/// The pickle of {"w": value}.
inline std::string pickle_of(std::string const& value) {
  return "\x80\2}" + words_of("w") + value + "s.";
}
/// A file with {"w": value} and these storages.
inline std::string file_of(std::string const& value,
                           std::initializer_list<std::string> storages = {std::string(24, 'x')}) {
  return zip_files::torch_file(pickle_of(value), storages);
}

inline file_index index_of(std::string const& bytes) {
  support::memory_file const memory;
  return torch_index(random_access_file{memory.write(bytes)});
}
inline codec_error error_in(std::string const& bytes) {
  return files::error_of([&] { (void)index_of(bytes); });
}

/// The elements of a tensor, row-major, gathered one by one.
inline std::string gathered(std::string const& bytes, indexed_tensor const& t) {
  if (t.ranges.empty()) return {};
  REQUIRE(t.ranges.size() == 1);
  std::string const stored = bytes.substr(t.ranges[0].offset, t.ranges[0].bytes);
  if (t.strides.empty()) return stored;
  std::string out;
  std::vector<index_t> at(t.shape.size());
  while (true) {
    index_t address = t.first_element;
    for (std::size_t d = 0; d < at.size(); ++d) address += at[d] * t.strides[d];
    out +=
        stored.substr(static_cast<std::size_t>(address) * t.stored_item_bytes, t.stored_item_bytes);
    std::size_t d = at.size();
    for (; d > 0; --d) {
      if (++at[d - 1] < t.shape[d - 1]) break;
      at[d - 1] = 0;
    }
    if (d == 0) return out;
  }
}

/// Every element of every tensor lies in the file.
inline void check_sound(file_index const& index, std::uint64_t size) {
  for (indexed_tensor const& t : index.tensors) {
    index_t last = t.first_element;
    index_t elements = 1;
    for (index_t const n : t.shape) elements *= n;
    for (std::size_t d = 0; d < t.strides.size(); ++d) last += (t.shape[d] - 1) * t.strides[d];
    if (elements == 0) REQUIRE(t.ranges.empty());
    for (byte_range const& range : t.ranges) {
      REQUIRE(range.offset <= size);
      REQUIRE(range.bytes <= size - range.offset);
      std::uint64_t const needed =
          static_cast<std::uint64_t>(t.strides.empty() ? elements : last + 1);
      REQUIRE(needed * t.stored_item_bytes <= range.bytes);
    }
  }
}

}  // namespace torch_files
