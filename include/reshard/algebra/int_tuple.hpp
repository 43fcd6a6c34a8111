#pragma once

#include <reshard/algebra/nested.hpp>

namespace reshard {
inline namespace v1 {

/// An integer, or a list of int_tuples: shapes, strides, coordinates and orders of strided layouts.
///   example: int_tuple{2, {4, 2}} is (2,(4,2)), int_tuple(2) is 2, int_tuple{2} is (2)
using int_tuple = nested<index_t, max_leaves>;

namespace detail {
[[noreturn]] inline void integer_overflows(index_t a, char const* operation, index_t b) {
  throw layout_error(errc::integer_overflows, __func__, {a, operation, b, " exceeds 63 bits"});
}
[[noreturn]] inline void tuples_are_not_congruent(int_tuple const& a, int_tuple const& b) {
  throw layout_error(errc::tuples_are_not_congruent, __func__,
                     {printed(a).c_str(), " and ", printed(b).c_str(), " are not nested alike"});
}
[[noreturn]] inline void extent_does_not_divide(index_t extent, index_t divisor) {
  throw layout_error(errc::extent_does_not_divide, __func__,
                     {"neither of ", extent, " and ", divisor, " is a multiple of the other"});
}

constexpr index_t times(index_t a, index_t b) {
  index_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) integer_overflows(a, " * ", b);
  return product;
}
constexpr index_t plus(index_t a, index_t b) {
  index_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) integer_overflows(a, " + ", b);
  return sum;
}
constexpr void require_same_rank(int_tuple const& a, int_tuple const& b) {
  if (a.is_leaf() != b.is_leaf() || a.rank() != b.rank()) tuples_are_not_congruent(a, b);
}
constexpr void require_congruent(int_tuple const& a, int_tuple const& b) {
  if (!congruent(a, b)) tuples_are_not_congruent(a, b);
}
}  // namespace detail

/// The product of the leaves.
///   throws: layout_error integer_overflows
[[nodiscard]] constexpr index_t product(int_tuple const& a) {
  index_t all = 1;
  for (index_t const leaf : a.leaves()) all = detail::times(all, leaf);
  return all;
}

/// The sum of the products of like leaves.
///   throws: layout_error tuples_are_not_congruent, integer_overflows
///   example: ((2,3),4) and ((2,1),2) -> 15
[[nodiscard]] constexpr index_t inner_product(int_tuple const& a, int_tuple const& b) {
  detail::require_congruent(a, b);
  index_t sum = 0;
  for (std::size_t i = 0; i < a.leaves().size(); ++i)
    sum = detail::plus(sum, detail::times(a.leaves()[i], b.leaves()[i]));
  return sum;
}

/// At each leaf the product of `init` and all leaves before it; an init per entry if it is a list.
/// The strides of a compact layout whose first mode is fastest.
///   throws: layout_error tuples_are_not_congruent, integer_overflows
///   example: ((2,3),4) -> ((1,2),6)
[[nodiscard]] constexpr int_tuple prefix_product(int_tuple const& a, int_tuple const& init = 1) {
  if (!init.is_leaf()) {
    detail::require_same_rank(a, init);
    int_tuple all;
    for (std::size_t i = 0; i < a.rank(); ++i) all.append(prefix_product(a[i], init[i]));
    return all;
  }
  index_t before = init.leaves()[0];
  index_t last = 1;
  return transform_leaf(a, [&](index_t leaf) {
    before = detail::times(before, last);
    last = leaf;
    return before;
  });
}

namespace detail {
/// a over b, where b counts leaves from the left: what b is over each extent is left for the next.
template <class Leaf, class Rest>
constexpr int_tuple divided(int_tuple const& a, int_tuple const& b, Leaf const& leaf,
                            Rest const& rest) {
  if (!b.is_leaf() && a.is_leaf()) return leaf(a.leaves()[0], product(b));
  if (!b.is_leaf()) {
    require_same_rank(a, b);
    int_tuple all;
    for (std::size_t i = 0; i < a.rank(); ++i) all.append(divided(a[i], b[i], leaf, rest));
    return all;
  }
  index_t divisor = b.leaves()[0];
  if (a.is_leaf()) return leaf(a.leaves()[0], divisor);
  int_tuple all;
  for (std::size_t i = 0; i < a.rank(); ++i) {
    if (i != 0) divisor = rest(divisor, product(a[i - 1]));
    all.append(divided(a[i], divisor, leaf, rest));
  }
  return all;
}

constexpr index_t divided_extent(index_t extent, index_t divisor) {
  if (extent < 0 || divisor < 1) extent_does_not_divide(extent, divisor);
  if (extent % divisor == 0) return extent / divisor;
  if (divisor % extent != 0) extent_does_not_divide(extent, divisor);
  return 1;
}
constexpr index_t common_divisor(index_t a, index_t b) {
  while (b != 0) {
    index_t const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
constexpr index_t kept_extent(index_t extent, index_t modulus) {
  if (extent < 0 || modulus < 1) extent_does_not_divide(extent, modulus);
  return modulus >= extent ? extent : common_divisor(extent, modulus);
}
}  // namespace detail

/// What is left of each extent when the first `b` of `a` become one: b is divided out from the
/// left. Entry by entry if both are lists.
///   law:    product(shape_div(a, b)) * product(shape_mod(a, b)) == product(a)   where b divides
///   throws: layout_error extent_does_not_divide, tuples_are_not_congruent
///   example: ((3,4),6) over 36 -> ((1,1),2)
[[nodiscard]] constexpr int_tuple shape_div(int_tuple const& a, int_tuple const& b) {
  return detail::divided(a, b, detail::divided_extent, detail::divided_extent);
}

/// What the first `b` of `a` take of each extent: the greatest common divisor of an extent and what
/// b still counts there.
///   throws: layout_error extent_does_not_divide, tuples_are_not_congruent
///   example: (3,6,2,8) % 9 -> (3,3,1,1)
[[nodiscard]] constexpr int_tuple shape_mod(int_tuple const& a, int_tuple const& b) {
  return detail::divided(a, b, detail::kept_extent, [](index_t modulus, index_t extent) {
    return detail::divided_extent(modulus, detail::kept_extent(extent, modulus));
  });
}

/// Each coordinate into shape `a` is one into shape `b`: at each leaf of a, b has that size.
///   example: (4,6) and ((2,2),6)
[[nodiscard]] constexpr bool compatible(int_tuple const& a, int_tuple const& b) {
  if (a.is_leaf()) return a.leaves()[0] == product(b);
  if (b.is_leaf() || a.rank() != b.rank()) return false;
  for (std::size_t i = 0; i < a.rank(); ++i)
    if (!compatible(a[i], b[i])) return false;
  return true;
}

}  // namespace v1
}  // namespace reshard
