#pragma once

#include <reshard/algebra/text.hpp>
#include <reshard/tensor/dtype.hpp>
#include <reshard/tensor/file_image.hpp>
#include <reshard/tensor/storage.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// One tensor of one file: what it is and where its bytes lie.
///   shape:  as the framework sees it: a legacy scalar with dims [0] has shape (); a string of n
///           characters has type dtype::string and shape (n)
///   ranges: row-major element bytes in order; several for a chunked tensor, none without elements.
///           A range may cut an element. Their sizes add up to elements * stored_item_bytes, for
///           types below a byte to elements / group_of(type).elements * stored_item_bytes
///   strides, first_element: only of a tensor that is not stored row-major (torch). The ranges are
///           then those of a storage that other tensors may share, and the element at[0], at[1],
///           ... is stored at first_element + sum(at[d] * strides[d]), in elements from its begin
struct indexed_tensor {
  std::string name;
  dtype type = dtype::float32;
  std::vector<index_t> shape;
  std::vector<byte_range> ranges;
  std::uint32_t stored_item_bytes = 0;   ///< group_of(type).bytes; 4 for BFloat16 kept as float32
  std::uint32_t stored_item_offset = 0;  ///< where the element begins in its stored item: 0, or 2
  std::vector<index_t> strides{};        ///< none of them negative; empty = row-major
  index_t first_element = 0;             ///< 0 without strides

  friend bool operator==(indexed_tensor const&, indexed_tensor const&) = default;
};

/// Texts by name, in the order of the file.
using text_pairs = std::vector<std::pair<std::string, std::string>>;

namespace detail {
/// The second text of the first pair with that key; null if there is none.
inline std::string const* value_of(text_pairs const& pairs, std::string_view key) {
  for (auto const& [name, value] : pairs)
    if (name == key) return &value;
  return nullptr;
}
}  // namespace detail

/// All tensors of a file in the order of their bytes. Holds no path: ranks with equal heads share
/// one index.
struct file_index {
  std::vector<indexed_tensor> tensors;
  text_pairs metadata;                ///< safetensors only
  std::optional<std::uint32_t> crc;   ///< the stored CRC-32, if the file carries one
  std::vector<covered_part> covered;  ///< what the CRC is of
  std::vector<std::string> warnings;  ///< what was ignored or accepted against the rules

  friend bool operator==(file_index const&, file_index const&) = default;
};

/// One tensor of a file to be written.
struct image_entry {
  std::string name;
  dtype type = dtype::float32;
  std::vector<index_t> shape;
};

struct image_options {
  std::uint64_t chunk_bytes = std::uint64_t{512} << 20;  ///< .ckpt: longest content of a record
  bool crc = false;       ///< carry a CRC-32: the trailer of .ckpt, metadata crc_num of safetensors
  text_pairs metadata{};  ///< safetensors, written in this order; .ckpt can hold none
  std::string text{};     ///< text_format: all of the file
};

/// A file format that holds tensors: two pure functions and how to tell it.
struct file_format {
  std::string_view name;       ///< "ckpt"
  std::string_view extension;  ///< ".ckpt"
  bool (*recognises)(random_access_file const&);
  file_index (*index)(random_access_file const&);
  file_image (*image)(std::span<image_entry const>, image_options const&);
};

}  // namespace v1
}  // namespace reshard
