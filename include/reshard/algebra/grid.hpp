#pragma once

#include <reshard/algebra/extents.hpp>

namespace reshard {
inline namespace v1 {

/// Most sub-dims a grid may have in all.
inline constexpr std::size_t max_grid = 16;

namespace detail {
[[noreturn]] inline void grid_does_not_factor_the_extent(std::size_t dim, index_t extent,
                                                         index_t product) {
  throw layout_error(errc::grid_does_not_factor_the_extent, __func__,
                     {"dim ", dim, " has extent ", extent, ", its sub-dims multiply to ", product});
}
}  // namespace detail

/// Each dim of a tensor factored, row-major, into sub-dims; usually the dim itself. Views rearrange
/// sub-dims: interleaved rows, heads, stacked tensors are boxes in their index space.
///   example: grid{{12, 5}, {{3, 4}, {5}}} has the sub-dims 3, 4, 5
///   throws:  layout_error grid_does_not_factor_the_extent, extent_is_negative,
///            element_count_overflows, too_many_entries
struct grid {
  inplace_vector<index_t, max_grid> sizes_;       // of all sub-dims
  inplace_vector<std::uint8_t, max_rank> count_;  // sub-dims per dim

  constexpr grid() = default;
  /// Every dim is its own sub-dim.
  constexpr explicit grid(extents const& shape) {
    for (index_t const extent : shape) append_dim({extent});
  }
  /// The factors of every dim, in order.
  constexpr grid(extents const& shape,
                 std::initializer_list<std::initializer_list<index_t>> factors) {
    for (auto const& sub_dims : factors) append_dim(sub_dims);
    for (std::size_t d = 0; d < shape.rank() || d < dims(); ++d) {
      index_t const extent = d < shape.rank() ? shape[d] : -1;
      index_t const product = d < dims() ? product_of(d) : -1;
      if (product != extent) detail::grid_does_not_factor_the_extent(d, extent, product);
    }
  }

  constexpr void append_dim(inplace_vector<index_t, max_grid> const& sub_dims) {
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

 private:
  /// Product of the sub-dims of a dim.
  [[nodiscard]] constexpr index_t product_of(std::size_t dim) const {
    index_t product = 1;
    for (std::size_t i = first(dim); i < first(dim) + sub_dims(dim); ++i) {
      if (sizes_[i] < 0) detail::extent_is_negative(dim, sizes_[i]);
      if (sizes_[i] > 0 && product > max_index / sizes_[i])
        detail::element_count_overflows(dim, sizes_[i]);
      product *= sizes_[i];
    }
    return product;
  }
};

}  // namespace v1
}  // namespace reshard
