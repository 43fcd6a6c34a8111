#pragma once

#include <reshard/algebra/inplace_vector.hpp>

namespace reshard {
inline namespace v1 {

/// Most dims a tensor may have.
inline constexpr std::size_t max_rank = 8;

/// A dim of a tensor, counted from the left.
enum class tensor_dim : std::uint8_t {};

namespace detail {
[[noreturn]] inline void extent_is_negative(std::size_t dim, index_t extent) {
  throw layout_error(errc::extent_is_negative, __func__, {"dim ", dim, " has extent ", extent});
}
[[noreturn]] inline void element_count_overflows(std::size_t dim, index_t extent) {
  throw layout_error(errc::element_count_overflows, __func__,
                     {"the element count overflows at dim ", dim, " of extent ", extent});
}
[[noreturn]] inline void dim_does_not_exist(std::size_t dim, std::size_t rank) {
  throw layout_error(errc::dim_does_not_exist, __func__,
                     {"dim ", dim, " does not exist, the tensor has rank ", rank});
}
/// The sum or product of numbers that are not negative, or the largest number.
constexpr index_t saturated_sum(index_t a, index_t b) noexcept {
  return a > max_index - b ? max_index : a + b;
}
constexpr index_t saturated_product(index_t a, index_t b) noexcept {
  return b != 0 && a > max_index / b ? max_index : a * b;
}
constexpr void require_dim(std::size_t dim, std::size_t rank) {
  if (dim >= rank) dim_does_not_exist(dim, rank);
}
}  // namespace detail

/// Sizes per dim. Rank 0 is a scalar; an extent of 0 is legal.
///   throws: layout_error extent_is_negative, element_count_overflows (63 bits), too_many_entries
struct extents {
  inplace_vector<index_t, max_rank> sizes_;

  constexpr extents() = default;
  constexpr extents(std::initializer_list<index_t> sizes) {
    for (index_t const extent : sizes) append(extent);
  }
  template <class Iterator> constexpr extents(Iterator first, Iterator last) {
    for (; first != last; ++first) append(*first);
  }

  constexpr void append(index_t extent) {
    if (extent < 0) detail::extent_is_negative(rank(), extent);
    index_t product = 1;  // of the sizes that are not 0
    for (index_t const before : sizes_) product *= before > 0 ? before : 1;
    if (extent > 0 && product > max_index / extent) detail::element_count_overflows(rank(), extent);
    sizes_.push_back(extent);
  }
  [[nodiscard]] constexpr std::size_t rank() const noexcept { return sizes_.size(); }
  [[nodiscard]] constexpr index_t operator[](std::size_t dim) const noexcept { return sizes_[dim]; }
  [[nodiscard]] constexpr index_t const* begin() const noexcept { return sizes_.begin(); }
  [[nodiscard]] constexpr index_t const* end() const noexcept { return sizes_.end(); }

  /// Product of the sizes; 1 for a scalar.
  [[nodiscard]] constexpr index_t elements() const noexcept {
    index_t product = 1;
    for (index_t const extent : sizes_) product *= extent;
    return product;
  }

  friend constexpr bool operator==(extents const&, extents const&) = default;
};

}  // namespace v1
}  // namespace reshard
