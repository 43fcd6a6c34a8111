#pragma once

#include <reshard/algebra/layout.hpp>
#include <reshard/plan/plain_layout.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void digit_is_no_refinement_of_its_axes(index_t boundary, index_t axis,
                                                            index_t size) {
  throw plan_error(errc::digit_is_no_refinement_of_its_axes, __func__,
                   {"a cut splits device axis ", axis, " of size ", size, " at ", boundary,
                    ", which does not divide it"});
}

/// Every cut names whole axes.
constexpr bool names_whole_axes(layout const& l) {
  for (cut const& c : l.map().cuts())
    if (c.by().divide() != 1 || c.parts() != combinations(l.devices(), c.by().axes())) return false;
  return true;
}
/// The same, and no axis has size 1.
constexpr bool has_whole_axes(layout const& l) {
  for (index_t const size : l.devices())
    if (size == 1) return false;
  return names_whole_axes(l);
}

/// Ascending products at which an axis must be split, its size last.
using split_points = inplace_vector<index_t, 2 * max_cuts + 1>;

constexpr void add_split_point(split_points& points, index_t at) {
  std::size_t i = 0;
  while (i < points.size() && points[i] < at) ++i;
  if (i == points.size() || points[i] != at) points.insert(i, at);
}

/// Where the cuts begin and end within an axis.
constexpr split_points split_points_of(layout const& l, device_axis axis) {
  index_t const size = l.devices().size(axis);
  split_points points;
  points.push_back(size);
  for (cut const& c : l.map().cuts()) {
    index_t low = 1;
    for (std::size_t i = c.by().axes().size(); i-- > 0;) {
      device_axis const other = c.by().axes()[i];
      for (index_t const boundary : {c.by().divide(), c.by().divide() * c.by().modulo()}) {
        if (other != axis || boundary <= low || boundary >= low * size) continue;
        if (boundary % low != 0)
          digit_is_no_refinement_of_its_axes(boundary, static_cast<index_t>(axis), size);
        add_split_point(points, boundary / low);
      }
      low *= l.devices().size(other);
    }
  }
  for (std::size_t i = 0; i + 1 < points.size(); ++i)
    if (points[i + 1] % points[i] != 0)
      digit_is_no_refinement_of_its_axes(points[i], static_cast<index_t>(axis), size);
  return points;
}
}  // namespace detail

/// The device axes of a layout, split so that every cut names whole axes; without axes of size 1.
///   throws: plan_error digit_is_no_refinement_of_its_axes
[[nodiscard]] constexpr factor_list whole_axes(layout const& l) {
  factor_list sizes;
  for (std::size_t a = l.devices().axes(); a-- > 0;) {
    detail::split_points const points = detail::split_points_of(l, static_cast<device_axis>(a));
    for (std::size_t i = points.size(); i-- > 0;) {
      index_t const factor = points[i] / (i == 0 ? 1 : points[i - 1]);
      if (factor != 1) sizes.push_back(factor);
    }
  }
  return sizes;
}

}  // namespace v1
}  // namespace reshard
