#pragma once

#include <reshard/algebra/extents.hpp>

namespace reshard {
inline namespace v1 {

/// Most sub-dims a grid may have in all.
inline constexpr std::size_t max_grid = 16;

namespace detail {
[[noreturn]] inline void grid_does_not_factor_the_extent(std::size_t dim, index_t extent,
                                                         index_t product) {
  throw layout_error{errc::grid_does_not_factor_the_extent,
                     __func__,
                     "dim ",
                     static_cast<index_t>(dim),
                     " has extent ",
                     extent,
                     ", its sub-dims multiply to ",
                     product};
}
}  // namespace detail

/// Each dim of a tensor factored, row-major, into sub-dims; usually the dim itself. Layouts cut
/// sub-dims, boxes lie in the index space of the sub-dims.
///   example: shape (12, 5) with dim 0 as (3, 4): sub-dims 3, 4, 5
struct grid {
  inplace_vector<index_t, max_grid> sizes_;       // of all sub-dims
  inplace_vector<std::uint8_t, max_rank> count_;  // sub-dims per dim

  constexpr grid() = default;
  /// Every dim is its own sub-dim.
  constexpr explicit grid(extents const& shape) {
    for (index_t const extent : shape) append_dim({extent});
  }

  constexpr void append_dim(std::initializer_list<index_t> sub_dims) {
    for (index_t const size : sub_dims) sizes_.push_back(size);
    count_.push_back(static_cast<std::uint8_t>(sub_dims.size()));
  }

  /// Number of sub-dims.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return sizes_.size(); }
  [[nodiscard]] constexpr index_t operator[](std::size_t sub_dim) const noexcept {
    return sizes_[sub_dim];
  }
  [[nodiscard]] constexpr std::size_t dims() const noexcept { return count_.size(); }
  [[nodiscard]] constexpr std::size_t sub_dims(std::size_t dim) const noexcept {
    return count_[dim];
  }
  /// The first sub-dim of a dim.
  [[nodiscard]] constexpr std::size_t first(std::size_t dim) const noexcept {
    std::size_t sum = 0;
    for (std::size_t d = 0; d < dim; ++d) sum += count_[d];
    return sum;
  }

  friend constexpr bool operator==(grid const&, grid const&) = default;
};

namespace detail {
/// Product of the sub-dims of a dim, -1 if the grid has no such dim.
constexpr index_t product_of_sub_dims(grid const& g, std::size_t dim) {
  if (dim >= g.dims()) return -1;
  index_t product = 1;
  for (std::size_t i = 0; i < g.sub_dims(dim); ++i) {
    index_t const size = g[g.first(dim) + i];
    if (size < 0) extent_is_negative(dim, size);
    if (size > 0 && product > max_index / size) element_count_overflows(dim, size);
    product *= size;
  }
  return product;
}

constexpr void require_factors(grid const& g, extents const& shape) {
  for (std::size_t d = 0; d < shape.rank() || d < g.dims(); ++d) {
    index_t const extent = d < shape.rank() ? shape[d] : -1;
    index_t const product = product_of_sub_dims(g, d);
    if (product != extent) grid_does_not_factor_the_extent(d, extent, product);
  }
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
