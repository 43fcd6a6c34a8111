#pragma once

#include <reshard/checkpoint/error.hpp>
#include <reshard/codec/file_index.hpp>
#include <reshard/tensor/shared_layout.hpp>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// A layout whose device 0 is rank first_rank: what one pipeline stage holds of a tensor.
struct placement {
  index_t first_rank = 0;
  shared_layout where;

  [[nodiscard]] index_t devices() const noexcept { return where->devices().devices(); }
  [[nodiscard]] bool has(index_t rank) const noexcept {
    return rank >= first_rank && rank < first_rank + devices();
  }
};

/// A tensor of a checkpoint: what it is, and where its elements are by rank.
///   placements: alternatives of a tensor that several stages hold; each is complete
///   shape:      of types of 4 and 6 bits the last dim counts groups of elements that fill bytes
///               (group_of), so that every cut lies between bytes
///   listed:     a strategy states the layout; else every rank that has the tensor has all of it
struct catalog_tensor {
  std::string name;
  dtype type = dtype::float32;
  extents shape;
  bool listed = false;
  std::vector<placement> placements;
};

namespace detail {
/// The same whole tensor on each of some ranks.
inline placement everywhere(extents const& shape, index_t ranks, index_t first_rank = 0) {
  device_matrix const devices{ranks};
  tensor_map map;
  for (std::size_t d = 0; d < shape.rank(); ++d) map.append(devices, {}, tail_rule::exact);
  return {first_rank, layout{devices, map, shape}};
}
}  // namespace detail

/// Lets a tensor share its layouts with others.
inline void share_layouts(catalog_tensor& tensor, layout_pool& pool) {
  for (placement& p : tensor.placements) p.where = pool.share(*p.where);
}

/// An index with its tensors by name. Ranks with equal heads share one.
class named_index {
 public:
  explicit named_index(file_index index) : index_(std::move(index)) {
    for (indexed_tensor const& tensor : index_.tensors) by_name_.emplace(tensor.name, &tensor);
  }
  named_index(named_index const&) = delete;
  named_index& operator=(named_index const&) = delete;

  [[nodiscard]] file_index const& index() const noexcept { return index_; }
  /// The tensor of that name, or null.
  [[nodiscard]] indexed_tensor const* find(std::string const& name) const {
    auto const at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
  }

 private:
  file_index index_;
  std::unordered_map<std::string, indexed_tensor const*> by_name_;
};

/// The file of one rank, or one of several files of complete weights.
struct catalog_file {
  std::string path;
  std::shared_ptr<named_index const> index;
};

/// A checkpoint on disk: tensors by name, files by rank. Pieces are computed from the placements,
/// never stored.
///   complete_weights: files are numbered as ranks are, but each tensor is whole in the one file
///                     that its placement names
struct catalog {
  bool complete_weights = false;
  index_t ranks = 1;  ///< how many ranks there should be
  index_t ranks_per_stage = 1;
  std::map<index_t, catalog_file> files;  ///< those that are there
  std::vector<catalog_tensor> tensors;    ///< in file order, lowest rank first
  std::vector<std::string> warnings;

  /// A file has what one of several ranks holds.
  [[nodiscard]] bool is_distributed() const noexcept { return ranks > 1 && !complete_weights; }
  /// What a rank's file says of a tensor; null if the rank or the tensor is not there.
  [[nodiscard]] indexed_tensor const* stored(index_t rank, std::string const& name) const {
    auto const file = files.find(rank);
    return file == files.end() ? nullptr : file->second.index->find(name);
  }
};

/// "(512, 1024)"
[[nodiscard]] inline std::string shape_text(extents const& shape) {
  std::string out = "(";
  for (std::size_t d = 0; d < shape.rank(); ++d) out += (d ? ", " : "") + std::to_string(shape[d]);
  return out + ")";
}

/// The one printed form of a layout as a string.
[[nodiscard]] inline std::string to_string(layout const& l) {
  std::string out;
  print(out, l);
  return out;
}

}  // namespace v1
}  // namespace reshard
