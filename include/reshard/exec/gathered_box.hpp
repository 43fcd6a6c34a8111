#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/algebra/dim_cuts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace reshard {
inline namespace v1 {

/// Elements of a factored box as they are gathered: per dim either those alone, or, where single
/// ones lie close together, the whole range from the first to the last.
///   example: every second column of rows 2 and 3 of an (8, 6) tensor: 2 x 3 elements alone, or
///            2 x 5 with the columns between them
class gathered_box {
 public:
  /// enclose: the gaps along a dim are shorter than a page, so reading them is cheaper than leaving
  /// them out
  gathered_box(grid_box const& within, box const& part, std::size_t item_bytes,
               std::size_t most_bytes)
      : within_(within), part_(part) {
    for (std::size_t d = 0; d < within.over().dims(); ++d) add_dim(d);
    std::size_t bytes = item_bytes;
    for (index_t const extent : extent_) bytes *= static_cast<std::size_t>(extent);
    index_t inner = static_cast<index_t>(item_bytes);  // bytes of one index of dim d
    for (std::size_t d = extent_.size(); d-- > 0; inner *= extent_[d]) {
      index_t const span = span_of(d);
      if (span == extent_[d] || run_of(d) * inner >= page_bytes || gap_of(d) * inner >= page_bytes)
        continue;
      std::size_t const wider =
          bytes / static_cast<std::size_t>(extent_[d]) * static_cast<std::size_t>(span);
      if (wider > most_bytes) continue;
      bytes = wider;
      extent_[d] = span;
      enclosed_[d] = 1;
    }
  }

  /// Sizes per dim of what is gathered, row-major.
  [[nodiscard]] grid_index const& extent() const noexcept { return extent_; }
  /// Indices of the dim that one step of a sub-dim is, in what is gathered.
  [[nodiscard]] index_t step(std::size_t dim, std::size_t level) const {
    std::size_t const first = within_.over().first(dim);
    index_t product = 1;
    for (std::size_t i = level + 1; i < within_.over().sub_dims(dim); ++i)
      product *= enclosed_[dim] != 0 ? within_.over()[first + i] : part_.extent()[first + i];
    return product;
  }

  // the target of for_each_part
  [[nodiscard]] bool empty() const noexcept { return part_.elements() == 0; }
  template <class Sink> void for_each_segment(std::size_t d, Sink&& sink) const {
    if (enclosed_[d] != 0) return sink(segment{first_of(d), extent_[d], 0});
    std::size_t const first = within_.over().first(d);
    std::size_t outer = within_.over().sub_dims(d);  // sub-dims before it are stepped through
    index_t size = 1;                                // indices of one run
    for (bool whole = true; outer > 0 && whole;) {
      std::size_t const s = first + --outer;
      size *= part_.extent()[s];
      whole = part_.extent()[s] == within_.over()[s];
    }
    grid_index at(outer, 0);
    for (index_t local = 0; local < extent_[d]; local += size) {
      index_t offset = first_of(d);
      for (std::size_t i = 0; i < outer; ++i) offset += at[i] * within_.product_of(d, i + 1);
      sink(segment{offset, size, local});
      for (std::size_t i = outer; i-- > 0;) {
        if (++at[i] < part_.extent()[first + i]) break;
        at[i] = 0;
      }
    }
  }

 private:
  static constexpr index_t page_bytes = 4096;

  void add_dim(std::size_t d) {
    index_t product = 1;
    std::size_t const first = within_.over().first(d);
    for (std::size_t i = 0; i < within_.over().sub_dims(d); ++i)
      product *= part_.extent()[first + i];
    extent_.push_back(product);
    enclosed_.push_back(0);
  }
  /// The first index of a dim, in the tensor.
  [[nodiscard]] index_t first_of(std::size_t d) const {
    index_t offset = within_.region()[d].offset;
    for (std::size_t i = 0; i < within_.over().sub_dims(d); ++i)
      offset += part_.offset()[within_.over().first(d) + i] * within_.product_of(d, i + 1);
    return offset;
  }
  /// Indices from the first to the last.
  [[nodiscard]] index_t span_of(std::size_t d) const {
    index_t last = 0;
    for (std::size_t i = 0; i < within_.over().sub_dims(d); ++i)
      last += (part_.extent()[within_.over().first(d) + i] - 1) * within_.product_of(d, i + 1);
    return last + 1;
  }
  /// Indices of one run of consecutive ones.
  [[nodiscard]] index_t run_of(std::size_t d) const {
    index_t size = 1;
    std::size_t const first = within_.over().first(d);
    for (std::size_t i = within_.over().sub_dims(d); i-- > 0;) {
      size *= part_.extent()[first + i];
      if (part_.extent()[first + i] != within_.over()[first + i]) break;
    }
    return size;
  }
  /// Indices between two runs, at most.
  [[nodiscard]] index_t gap_of(std::size_t d) const {
    index_t widest = 0;
    index_t inner = 0;  // last index within the sub-dims behind
    std::size_t const first = within_.over().first(d);
    for (std::size_t i = within_.over().sub_dims(d); i-- > 0;) {
      index_t const step = within_.product_of(d, i + 1);
      if (part_.extent()[first + i] > 1) widest = std::max(widest, step - inner - 1);
      inner += (part_.extent()[first + i] - 1) * step;
    }
    return widest;
  }

  grid_box const& within_;
  box part_;
  grid_index extent_;
  inplace_vector<std::uint8_t, max_grid> enclosed_;
};

}  // namespace v1
}  // namespace reshard
