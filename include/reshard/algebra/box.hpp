#pragma once

#include <reshard/algebra/grid.hpp>
#include <reshard/algebra/tail_rule.hpp>

namespace reshard {
inline namespace v1 {

/// A list with one number per sub-dim of a grid.
using grid_index = inplace_vector<index_t, max_grid>;

/// Offset and extent per sub-dim of a grid: a rectangle of elements. Rank 0 holds one element.
struct box {
  grid_index offset_;
  grid_index extent_;

  constexpr box() = default;
  constexpr box(grid_index offset, grid_index extent) : offset_(offset), extent_(extent) {}
  /// All elements of a grid.
  constexpr explicit box(grid const& g) {
    for (index_t const size : g.sizes_) push_back({0, size});
  }
  /// All elements of a tensor.
  constexpr explicit box(extents const& shape) {
    for (index_t const size : shape) push_back({0, size});
  }

  constexpr void push_back(interval along) {
    offset_.push_back(along.offset);
    extent_.push_back(along.size);
  }
  constexpr void pop_back() noexcept {
    offset_.pop_back();
    extent_.pop_back();
  }
  [[nodiscard]] constexpr std::size_t rank() const noexcept { return offset_.size(); }
  [[nodiscard]] constexpr grid_index const& offset() const noexcept { return offset_; }
  [[nodiscard]] constexpr grid_index const& extent() const noexcept { return extent_; }
  [[nodiscard]] constexpr interval operator[](std::size_t sub_dim) const noexcept {
    return {offset_[sub_dim], extent_[sub_dim]};
  }
  [[nodiscard]] constexpr index_t elements() const noexcept {
    index_t product = 1;
    for (index_t const extent : extent_) product *= extent;
    return product;
  }

  friend constexpr bool operator==(box const&, box const&) = default;
};

/// The elements that are in both boxes of one grid.
[[nodiscard]] constexpr box intersection(box const& a, box const& b) {
  box both;
  for (std::size_t d = 0; d < a.rank(); ++d) both.push_back(intersection(a[d], b[d]));
  return both;
}

/// The smallest box that holds both.
[[nodiscard]] constexpr box enclosing(box const& a, box const& b) {
  box out;
  for (std::size_t d = 0; d < a.rank(); ++d) {
    index_t const first = a[d].offset < b[d].offset ? a[d].offset : b[d].offset;
    index_t const end = a[d].end() > b[d].end() ? a[d].end() : b[d].end();
    out.push_back({first, end - first});
  }
  return out;
}

/// Distances, in elements, of neighbours along each dim of a row-major storage of these sizes.
[[nodiscard]] constexpr grid_index row_major_strides(grid_index const& sizes) {
  grid_index stride(sizes.size(), 1);
  for (std::size_t d = sizes.size(); d-- > 1;) stride[d - 1] = stride[d] * sizes[d];
  return stride;
}
[[nodiscard]] constexpr grid_index row_major_strides(extents const& sizes) {
  grid_index list;
  for (index_t const size : sizes) list.push_back(size);
  return row_major_strides(list);
}

/// A box and where it lies in somebody's storage: element `at` of the box (counted from its offset)
/// is stored at base + sum(at[d] * stride[d]), in elements.
struct piece {
  box where_;
  index_t base_ = 0;
  grid_index stride_;

  constexpr piece() = default;
  /// A box that is stored alone, row-major.
  constexpr explicit piece(box const& where)
      : where_(where), stride_(row_major_strides(where.extent())) {}

  /// A box that begins at `local`, per dim, of a storage with these strides.
  constexpr piece(box const& where, grid_index const& stride, grid_index const& local)
      : where_(where), stride_(stride) {
    for (std::size_t d = 0; d < where.rank(); ++d) base_ += local[d] * stride[d];
  }

  [[nodiscard]] constexpr box const& where() const noexcept { return where_; }
  [[nodiscard]] constexpr index_t base() const noexcept { return base_; }
  [[nodiscard]] constexpr grid_index const& stride() const noexcept { return stride_; }

  /// Where the element with that index in the grid is stored.
  [[nodiscard]] constexpr index_t address(grid_index const& element) const noexcept {
    index_t sum = base_;
    for (std::size_t d = 0; d < where_.rank(); ++d)
      sum += (element[d] - where_.offset()[d]) * stride_[d];
    return sum;
  }

  friend constexpr bool operator==(piece const&, piece const&) = default;
};

}  // namespace v1
}  // namespace reshard
