#pragma once

#include <reshard/algebra/layout.hpp>

#include <string>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace testing {

using list = std::vector<index_t>;

/// A cut as it is stated: of the number that a device has on `axes`, / divide % modulo.
struct cut_case {
  list axes;  ///< counted from the right, most significant first
  index_t divide = 1;
  index_t modulo = 1;
  cut_rule rule;

  friend bool operator==(cut_case const&, cut_case const&) = default;
};

/// A layout as plain lists, which generators make, shrinking takes apart and the oracle enumerates.
/// It shares no formula with layout, and need not be valid.
struct layout_case {
  list devices;
  list shape;
  std::vector<std::vector<cut_case>> cuts;  ///< per dim, coarsest first

  friend bool operator==(layout_case const&, layout_case const&) = default;
};

/// The layout that a case states.
///   throws: layout_error, whatever rule the case breaks
[[nodiscard]] inline layout to_layout(layout_case const& stated) {
  device_matrix const devices(stated.devices.begin(), stated.devices.end());
  tensor_map map;
  for (std::size_t dim = 0; dim < stated.cuts.size(); ++dim) {
    map.append(devices, {});
    for (cut_case const& c : stated.cuts[dim]) {
      axis_list axes;
      for (index_t const axis : c.axes) axes.push_back(devices.axis(axis));
      map.add_cut(dim, digit{axes, c.divide, c.modulo}, c.rule);
    }
  }
  return {devices, map, extents(stated.shape.begin(), stated.shape.end())};
}

/// What a layout states.
///   law: to_layout(to_case(l)) == l
[[nodiscard]] inline layout_case to_case(layout const& l) {
  layout_case stated{{l.devices().begin(), l.devices().end()},
                     {l.shape().begin(), l.shape().end()},
                     std::vector<std::vector<cut_case>>(l.shape().rank())};
  for (std::size_t dim = 0; dim < l.map().size(); ++dim)
    for (std::size_t i = 0; i < l.map().cuts_of(dim); ++i) {
      std::size_t const at = l.map().first(dim) + i;
      digit const& by = l.map().cuts()[at].by();
      cut_case c{{}, by.divide(), by.modulo(), l.map().rule(at)};
      for (device_axis const axis : by.axes()) c.axes.push_back(static_cast<index_t>(axis));
      stated.cuts[dim].push_back(std::move(c));
    }
  return stated;
}

/// The printed form, for messages and test names.
[[nodiscard]] inline std::string to_text(layout const& l) {
  std::string words;
  print(words, l);
  return words;
}
[[nodiscard]] inline std::string to_text(layout_case const& stated) {
  return to_text(to_layout(stated));
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
