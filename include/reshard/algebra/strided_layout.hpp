#pragma once

#include <reshard/algebra/coordinate.hpp>
#include <reshard/algebra/extents.hpp>

namespace reshard {
inline namespace v1 {

/// `extent` indices, `stride` apart.
struct strided_mode {
  index_t extent = 0;
  index_t stride = 0;

  friend constexpr bool operator==(strided_mode const&, strided_mode const&) = default;
};

namespace detail {
[[noreturn]] inline void mode_range_does_not_exist(index_t first, index_t last, std::size_t rank) {
  throw layout_error(errc::mode_range_does_not_exist, __func__,
                     {"modes ", first, " to ", last, " of a layout of rank ", rank});
}

/// Flat modes; 62 bits hold the product of at most 62 extents above 1.
using mode_list = inplace_vector<strided_mode, 64>;

constexpr index_t magnitude(index_t a) {
  return a < 0 ? times(a, -1) : a;
}
/// The largest |value| of the modes.
constexpr index_t reach_of(strided_mode const* first, strided_mode const* last) {
  index_t reach = 0;
  for (; first != last; ++first)
    if (first->extent > 1) reach = plus(reach, times(first->extent - 1, magnitude(first->stride)));
  return reach;
}
/// The value of flat modes at any index: the extent of the last mode is not looked at.
constexpr index_t value_at(strided_mode const* first, strided_mode const* last, index_t index) {
  if (index < 0) return times(value_at(first, last, times(index, -1)), -1);
  index_t sum = 0;
  for (; first != last && first + 1 != last; ++first) {
    if (first->extent == 0) index_is_outside_the_layout(index);
    sum = plus(sum, times(index % first->extent, first->stride));
    index /= first->extent;
  }
  if (first == last && index != 0) index_is_outside_the_layout(index);
  return first == last ? sum : plus(sum, times(index, first->stride));
}
}  // namespace detail

/// A function from 0 .. size - 1 to integers, shape:stride as CuTe has it: the index is split into
/// a coordinate, the first mode fastest, and the coordinate is multiplied with the strides. Shape
/// and stride are nested alike. Extents may be 0, strides 0 or negative. Valid from construction;
/// the empty layout is 1:0.
/// Past its size the last mode of a layout goes on; below 0 a layout is odd, a(-i) = -a(i), which
/// is what CuTe's truncating division makes of it.
///   example: strided_layout{{2, {4, 2}}, {1, {8, 2}}} is (2,(4,2)):(1,(8,2))
///   throws: layout_error tuples_are_not_congruent, extent_is_negative, integer_overflows (of the
///           size or of a value)
struct strided_layout {
  nested<strided_mode, max_leaves> modes_;

  constexpr strided_layout() : modes_(strided_mode{1, 0}) {}
  constexpr strided_layout(int_tuple const& shape, int_tuple const& stride)
      : modes_(transform_leaf(shape, [](index_t e) {
          return strided_mode{e, 0};
        })) {
    detail::require_congruent(shape, stride);
    for (std::size_t i = 0; i < modes_.leaves_.size(); ++i)
      modes_.leaves_[i].stride = stride.leaves()[i];
    check();
  }
  /// The compact layout of a shape, the first mode fastest: the identity on 0 .. size - 1.
  constexpr explicit strided_layout(int_tuple const& shape)
      : strided_layout(shape, prefix_product(shape)) {}
  constexpr explicit strided_layout(nested<strided_mode, max_leaves> const& modes) : modes_(modes) {
    check();
  }

  [[nodiscard]] constexpr nested<strided_mode, max_leaves> const& modes() const noexcept {
    return modes_;
  }
  [[nodiscard]] constexpr int_tuple shape() const {
    return transform_leaf(modes_, [](strided_mode const& m) { return m.extent; });
  }
  [[nodiscard]] constexpr int_tuple stride() const {
    return transform_leaf(modes_, [](strided_mode const& m) { return m.stride; });
  }
  [[nodiscard]] constexpr std::size_t rank() const noexcept { return modes_.rank(); }
  /// One of the rank() modes; that of an integer is itself.
  [[nodiscard]] constexpr strided_layout operator[](std::size_t mode) const {
    return strided_layout(modes_[mode]);
  }

  /// The size of the domain.
  [[nodiscard]] constexpr index_t size() const noexcept {
    index_t product = 1;
    for (strided_mode const& m : modes_.leaves()) product *= m.extent;
    return product;
  }
  /// 1 + the largest value, each stride taken by its magnitude as CuTe does; 0 if the domain is
  /// empty.
  [[nodiscard]] constexpr index_t cosize() const {
    auto const& leaves = modes_.leaves();
    return size() == 0 ? 0 : 1 + detail::reach_of(leaves.begin(), leaves.end());
  }
  /// The value of an index, also of one outside the domain.
  ///   throws: layout_error integer_overflows, index_is_outside_the_layout, both only outside the
  ///           domain
  [[nodiscard]] constexpr index_t operator()(index_t index) const {
    return detail::value_at(modes_.leaves().begin(), modes_.leaves().end(), index);
  }

  friend constexpr bool operator==(strided_layout const&, strided_layout const&) = default;

 private:
  constexpr void check() const {
    index_t elements = 1;
    for (std::size_t i = 0; i < modes_.leaves().size(); ++i) {
      index_t const extent = modes_.leaves()[i].extent;
      if (extent < 0) detail::extent_is_negative(i, extent);
      elements = detail::times(elements, extent);
    }
    detail::plus(detail::reach_of(modes_.leaves().begin(), modes_.leaves().end()), 1);
  }
};

/// Layouts side by side, each a mode of the result.
///   law:    concatenation({a, b})(i + a.size() * j) == a(i) + b(j)
///   throws: layout_error too_many_entries, integer_overflows
[[nodiscard]] constexpr strided_layout concatenation(
    std::initializer_list<strided_layout> layouts) {
  nested<strided_mode, max_leaves> modes;
  for (strided_layout const& layout : layouts) modes.append(layout.modes());
  return strided_layout(modes);
}

/// Modes first .. last - 1 become one: CuTe's group.
///   law:    the same function
///   throws: layout_error mode_range_does_not_exist, too_many_entries
///   example: (2,3,5) from 1 to 3 -> (2,(3,5))
[[nodiscard]] constexpr strided_layout group_modes(strided_layout const& a, index_t first,
                                                   index_t last) {
  auto const rank = static_cast<index_t>(a.rank());
  if (first < 0 || first >= last || last > rank)
    detail::mode_range_does_not_exist(first, last, a.rank());
  nested<strided_mode, max_leaves> modes;
  nested<strided_mode, max_leaves> group;
  for (index_t i = 0; i < rank; ++i) {
    if (i == last) modes.append(group);
    auto const mode = a.modes()[static_cast<std::size_t>(i)];
    (first <= i && i < last ? group : modes).append(mode);
  }
  if (last == rank) modes.append(group);
  return strided_layout(modes);
}

/// (2,(4,2)):(1,(8,2))
template <character_sink Sink> constexpr void print(Sink& sink, strided_layout const& a) {
  print(sink, a.shape());
  print(sink, ":");
  print(sink, a.stride());
}

}  // namespace v1
}  // namespace reshard
