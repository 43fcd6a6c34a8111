#pragma once

#include <reshard/algebra/int_tuple.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void index_is_negative(index_t index) {
  throw layout_error(errc::index_is_negative, __func__, {"index ", index});
}
[[noreturn]] inline void index_is_outside_the_layout(index_t index) {
  throw layout_error(errc::index_is_outside_the_layout, __func__,
                     {"index ", index, " of a layout that has no mode to go on in"});
}
}  // namespace detail

/// The coordinate of an index of a shape; the first entry is fastest. Past the shape the last entry
/// goes on, as in a layout. A list of indices is taken entry by entry.
///   law:    crd2idx(idx2crd(i, shape), shape) == i
///   throws: layout_error index_is_negative, index_is_outside_the_layout (an extent of 0 before the
///           last), tuples_are_not_congruent
///   example: 16 in (3,(2,3)) -> (1,(1,2))
[[nodiscard]] constexpr int_tuple idx2crd(int_tuple const& index, int_tuple const& shape) {
  int_tuple coordinate;
  if (!index.is_leaf()) {
    detail::require_same_rank(index, shape);
    for (std::size_t i = 0; i < shape.rank(); ++i) coordinate.append(idx2crd(index[i], shape[i]));
    return coordinate;
  }
  index_t rest = index.leaves()[0];
  if (rest < 0) detail::index_is_negative(rest);
  if (shape.is_leaf()) return rest;
  if (shape.rank() == 0 && rest != 0) detail::index_is_outside_the_layout(rest);
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    bool const last = i + 1 == shape.rank();
    index_t const size = last ? 1 : product(shape[i]);
    if (size == 0) detail::index_is_outside_the_layout(rest);
    coordinate.append(idx2crd(last ? rest : rest % size, shape[i]));
    rest /= size;
  }
  return coordinate;
}

/// The sum of coordinate * stride. Where the shape is a list and the coordinate an integer, the
/// integer is an index there.
///   throws: layout_error tuples_are_not_congruent, integer_overflows and those of idx2crd
///   example: (1,5) in (3,(2,3)):(3,(12,1)) -> 17
[[nodiscard]] constexpr index_t crd2idx(int_tuple const& coordinate, int_tuple const& shape,
                                        int_tuple const& stride) {
  detail::require_congruent(shape, stride);
  if (coordinate.is_leaf() || shape.is_leaf()) {
    if (!coordinate.is_leaf()) detail::tuples_are_not_congruent(coordinate, shape);
    if (shape.is_leaf()) return inner_product(coordinate, stride);
    return inner_product(idx2crd(coordinate, shape), stride);
  }
  detail::require_same_rank(coordinate, shape);
  index_t sum = 0;
  for (std::size_t i = 0; i < shape.rank(); ++i)
    sum = detail::plus(sum, crd2idx(coordinate[i], shape[i], stride[i]));
  return sum;
}

/// The index of a coordinate; the first entry is fastest.
///   throws: layout_error tuples_are_not_congruent, integer_overflows and those of idx2crd
[[nodiscard]] constexpr index_t crd2idx(int_tuple const& coordinate, int_tuple const& shape) {
  return crd2idx(coordinate, shape, prefix_product(shape));
}

}  // namespace v1
}  // namespace reshard
