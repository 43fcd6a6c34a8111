#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// Calls sink(replica_group const&) for every group of devices that hold the same part, in
/// MindSpore's order: by the coordinates on the axes that cut whole dims, the right-most axis
/// first, then by the optimizer piece. Of axes that the map does not use no coordinate counts.
///   example: devices(4, 2) map((0), ()): {0, 2, 4, 6}, {1, 3, 5, 7}
///   source:  mindspore.train._utils.get_parameter_redundancy; device axes of any size (the
///   original
///            keeps coordinates in 8 bits)
///   cost:    O(parts)
template <class Sink> constexpr void for_each_redundancy_group(layout const& l, Sink&& sink) {
  // the digits as counters: whole axes from the right, then digits that are no whole axes
  inplace_vector<digit, 2 * max_axes> order;
  for (std::size_t a = 0; a < l.devices().axes(); ++a) {
    auto const axis = static_cast<device_axis>(a);
    for (cut const& c : l.map().cuts())
      if (c.by().axes().contains(axis) && c.parts() == combinations(l.devices(), c.by().axes()))
        order.push_back(digit{l.devices(), {axis}});
  }
  index_t groups = 1;
  for (digit const& d : order) groups *= d.modulo();
  index_t pieces = 1;
  for (cut const& c : l.map().cuts())
    if (c.parts() != combinations(l.devices(), c.by().axes())) pieces *= c.parts();
  for (index_t g = 0; g < groups; ++g) {
    index_t first = 0;
    index_t rest = g;
    for (std::size_t i = order.size(); i-- > 0; rest /= order[i].modulo())
      first += rest % order[i].modulo() * l.devices().stride(order[i].axes()[0]);
    for (index_t p = 0; p < pieces; ++p) {
      part_index part = part_of(l.devices(), l.map(), first);
      index_t left = p;
      for (std::size_t i = l.map().cuts().size(); i-- > 0;) {
        cut const& c = l.map().cuts()[i];
        if (c.parts() == combinations(l.devices(), c.by().axes())) continue;
        part[i] = left % c.parts();
        left /= c.parts();
      }
      sink(l.holders_of(part));
    }
  }
}

/// Who saves the parameter that is number `position` of those with this group, counted from 0 in
/// the order of their names: the holders take turns.
///   source: mindspore.train._utils.remove_param_redundancy
[[nodiscard]] constexpr index_t keeper(replica_group const& group, index_t position) {
  return group[position % group.size()];
}

}  // namespace v1
}  // namespace reshard
