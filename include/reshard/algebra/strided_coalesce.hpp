#pragma once

#include <reshard/algebra/strided_layout.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void tiler_has_too_many_modes(std::size_t modes, std::size_t rank) {
  throw layout_error(errc::tiler_has_too_many_modes, __func__,
                     {modes, " entries by mode for a layout of rank ", rank});
}

/// Puts a mode behind others: dropped if it has one index, merged if it only goes on.
constexpr void push_coalesced(mode_list& modes, strided_mode const& next) {
  if (next.extent == 1) return;
  if (!modes.empty()) {
    strided_mode& last = modes[modes.size() - 1];
    index_t end = 0;
    if (!__builtin_mul_overflow(last.extent, last.stride, &end) && end == next.stride) {
      if (__builtin_mul_overflow(last.extent, next.extent, &last.extent)) last.extent = max_index;
      return;
    }
  }
  modes.push_back(next);
}

/// The fewest modes with the same function on the domain; none if the domain is one index.
constexpr mode_list coalesced(nested<strided_mode, max_leaves> const& modes) {
  mode_list fewest;
  for (strided_mode const& m : modes.leaves()) {
    if (m.extent == 0) return {{0, 0}};
    push_coalesced(fewest, m);
  }
  return fewest;
}

/// Flat modes as a layout: 1:0, one integer mode, or a list.
constexpr strided_layout layout_of(mode_list const& modes) {
  if (modes.empty()) return {};
  if (modes.size() == 1) return strided_layout(nested<strided_mode, max_leaves>(modes[0]));
  nested<strided_mode, max_leaves> list;
  for (strided_mode const& m : modes) list.append(m);
  return strided_layout(list);
}

/// Takes `extent` indices off flat modes: the mode that has them, or several as a list.
///   pre: the extent and the modes' extents are products along one chain
constexpr nested<strided_mode, max_leaves> take(mode_list& modes, index_t extent) {
  mode_list taken;
  while (extent > 1) {
    strided_mode& first = modes[0];
    if (first.extent <= extent) {
      taken.push_back(first);
      extent /= first.extent;
      modes.erase(0);
    } else {
      taken.push_back({extent, first.stride});
      first = {first.extent / extent, first.stride * extent};
      extent = 1;
    }
  }
  return layout_of(taken).modes();
}

/// Whether coalesced modes can be split, and none of the extents be crossed, so that each of the
/// extents is a product of neighbouring modes.
constexpr bool split_along(mode_list const& modes, int_tuple const& shape) {
  std::size_t next = 0;
  index_t open = 1;  // of the mode before `next`
  for (index_t extent : shape.leaves()) {
    while (extent != 1) {
      if (open == 1) open = modes[next++].extent;
      index_t const both = open < extent ? open : extent;
      if (open % both != 0 || extent % both != 0) return false;
      open /= both;
      extent /= both;
    }
  }
  return true;
}

/// Replaces each leaf of a shape by the modes that make it up.
constexpr nested<strided_mode, max_leaves> refined(mode_list& modes, int_tuple const& shape) {
  if (shape.is_leaf()) return take(modes, shape.leaves()[0]);
  nested<strided_mode, max_leaves> list;
  for (std::size_t i = 0; i < shape.rank(); ++i) list.append(refined(modes, shape[i]));
  return list;
}
}  // namespace detail

/// The same function with the fewest modes. There is one such form: its first extent is the first
/// index where the function leaves the multiples of its value at 1, and so on above that.
///   law:    coalesce(a)(i) == a(i), coalesce(a).size() == a.size()
///   throws: layout_error too_many_entries
///   example: (2,(1,6)):(1,(6,2)) -> 12:1
[[nodiscard]] constexpr strided_layout coalesce(strided_layout const& a) {
  return detail::layout_of(detail::coalesced(a.modes()));
}

/// Each mode that stands where the profile has a leaf is coalesced by itself; modes past the
/// profile stay.
///   law:    the same function; compatible(by_mode, result.shape()) if by_mode has the sizes of a's
///           modes
///   throws: layout_error tiler_has_too_many_modes, too_many_entries
///   example: (2,(1,6)):(1,(6,2)) by (1,1) -> (2,6):(1,2)
[[nodiscard]] constexpr strided_layout coalesce(strided_layout const& a, int_tuple const& by_mode) {
  if (by_mode.is_leaf()) return coalesce(a);
  if (by_mode.rank() > a.rank()) detail::tiler_has_too_many_modes(by_mode.rank(), a.rank());
  nested<strided_mode, max_leaves> modes;
  for (std::size_t i = 0; i < a.rank(); ++i)
    modes.append(i < by_mode.rank() ? coalesce(a[i], by_mode[i]).modes() : a.modes()[i]);
  return strided_layout(modes);
}

}  // namespace v1
}  // namespace reshard
