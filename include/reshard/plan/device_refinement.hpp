#pragma once

#include <reshard/algebra/layout.hpp>
#include <reshard/plan/common_refinement.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void digit_is_no_refinement_of_its_axes(index_t boundary, index_t axis,
                                                            index_t size) {
  throw plan_error(errc::digit_is_no_refinement_of_its_axes, __func__, "a cut splits device axis ",
                   axis, " of size ", size, " at ", boundary, ", which does not divide it");
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

/// The cuts of a layout over a matrix that splits its axes: exact cuts one axis at a time, the
/// others over all their axes. Cuts into one part are left out.
///   devices: outermost first; made of factors of whole_axes(l)
[[nodiscard]] constexpr tensor_map map_over(layout const& l, device_matrix const& devices) {
  tensor_map map;
  for (std::size_t d = 0; d < l.map().size(); ++d) {
    map.append(devices, {});
    for (std::size_t i = 0; i < l.map().cuts_of(d); ++i) {
      std::size_t const position = l.map().first(d) + i;
      digit const& by = l.map().cuts()[position].by();
      axis_list axes;  // least significant first
      index_t number = 1;
      for (std::size_t k = by.axes().size(); k-- > 0;) {
        index_t const stride = l.devices().stride(by.axes()[k]);
        index_t const end = stride * l.devices().size(by.axes()[k]);
        for (std::size_t a = 0; a < devices.axes(); ++a) {
          auto const fine = static_cast<device_axis>(a);
          if (devices.size(fine) == 1 || devices.stride(fine) < stride ||
              devices.stride(fine) >= end)
            continue;
          if (number >= by.divide() && number < by.divide() * by.modulo()) axes.push_back(fine);
          number *= devices.size(fine);
        }
      }
      axis_list ordered;
      for (std::size_t k = axes.size(); k-- > 0;) ordered.push_back(axes[k]);
      if (ordered.empty()) continue;
      cut_rule const rule = l.map().rule(position);
      if (rule == cut_rule{}) {
        for (device_axis const axis : ordered) map.add_cut(d, digit{devices, {axis}}, rule);
      } else {
        map.add_cut(d, digit{devices, ordered}, rule);
      }
    }
  }
  return map;
}

}  // namespace v1
}  // namespace reshard
