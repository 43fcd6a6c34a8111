#pragma once

#include <reshard/algebra/strided_complement.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// An order per leaf of the shape: an order for a whole mode holds for all its leaves.
constexpr int_tuple order_of_leaves(int_tuple const& shape, int_tuple const& order) {
  if (order.is_leaf()) return transform_leaf(shape, [&](index_t) { return order.leaves()[0]; });
  require_same_rank(shape, order);
  int_tuple all;
  for (std::size_t i = 0; i < shape.rank(); ++i) all.append(order_of_leaves(shape[i], order[i]));
  return all;
}

/// Compact strides for the leaves that `counts` says, the least order fastest, equal ones from left
/// to right; 0 for the others.
template <class Counts>
constexpr strided_layout ordered(int_tuple const& shape, int_tuple const& order,
                                 Counts const& counts) {
  int_tuple stride = transform_leaf(shape, [](index_t) { return index_t{0}; });
  inplace_vector<std::size_t, max_leaves> sorted;
  for (std::size_t i = 0; i < shape.leaves().size(); ++i) {
    std::size_t at = sorted.size();
    while (at > 0 && order.leaves()[i] < order.leaves()[sorted[at - 1]]) --at;
    if (counts(i)) sorted.insert(at, i);
  }
  index_t filled = 1;
  for (std::size_t const i : sorted) {
    stride.leaves_[i] = filled;
    filled = times(filled, shape.leaves()[i]);
  }
  return {shape, stride};
}
}  // namespace detail

/// The compact layout of a shape whose mode with the least order is fastest; equal orders count
/// from left to right, and an integer orders a whole mode.
///   throws: layout_error tuples_are_not_congruent, integer_overflows
///   example: (2,2,2,2) by (0,2,3,1) -> (2,2,2,2):(1,4,8,2)
[[nodiscard]] constexpr strided_layout make_ordered_layout(int_tuple const& shape,
                                                           int_tuple const& order) {
  return detail::ordered(shape, detail::order_of_leaves(shape, order),
                         [](std::size_t) { return true; });
}

/// The compact layout with the shape of `a` whose strides grow as the magnitudes of a's do; strides
/// of 0 stay.
///   law:    make_layout_like(make_layout_like(a)) == make_layout_like(a)
///   throws: layout_error integer_overflows
///   example: (2,3,4,5):(0,42,1,0) -> (2,3,4,5):(0,4,1,0)
[[nodiscard]] constexpr strided_layout make_layout_like(strided_layout const& a) {
  int_tuple const magnitudes = transform_leaf(a.stride(), detail::magnitude);
  return detail::ordered(a.shape(), magnitudes,
                         [&](std::size_t i) { return magnitudes.leaves()[i] != 0; });
}

}  // namespace v1
}  // namespace reshard
