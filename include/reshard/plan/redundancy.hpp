#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

namespace detail {
/// The cut names pieces of a part, as the optimizer shard does: it stands for less than its axes,
/// or divides what an exact cut of the same sub-dim left.
constexpr bool cuts_into_pieces(layout const& l, std::size_t position) {
  cut const& c = l.map().cuts()[position];
  if (c.parts() != combinations(l.devices(), c.by().axes())) return true;
  bool behind = false;
  for (std::size_t s = 0; s < l.map().size(); ++s) {
    std::size_t const first = l.map().first(s);
    behind = behind || (position > first && position < first + l.map().cuts_of(s));
  }
  return behind && c.tail() == tail_rule::exact;
}

/// The whole axes that cut, the right-most first.
constexpr axis_list redundancy_axes(layout const& l) {
  axis_list order;
  for (std::size_t a = 0; a < l.devices().axes(); ++a)
    for (std::size_t c = 0; c < l.map().cuts().size(); ++c)
      if (l.map().cuts()[c].by().axes().contains(static_cast<device_axis>(a)) &&
          !cuts_into_pieces(l, c))
        order.push_back(static_cast<device_axis>(a));
  return order;
}

/// Sets the values of the piece cuts to those of piece `number`, counted row-major.
constexpr void choose_piece(layout const& l, part_index& part, index_t number) {
  for (std::size_t c = l.map().cuts().size(); c-- > 0;) {
    if (!cuts_into_pieces(l, c)) continue;
    part[c] = number % l.map().cuts()[c].parts();
    number /= l.map().cuts()[c].parts();
  }
}
}  // namespace detail

/// Calls sink(replica_group const&) for every group of devices that hold the same part, in
/// MindSpore's order: by the coordinates on the axes that cut whole dims, the right-most axis
/// first, then by the optimizer piece. Of axes that the map does not use no coordinate counts.
/// An optimizer shard into all replicas of an uncut dim is the same value as a cut over these axes,
/// and comes in the order of the latter.
///   example: devices(4, 2) map((0), ()): {0, 2, 4, 6}, {1, 3, 5, 7}
///   source:  mindspore.train._utils.get_parameter_redundancy; device axes of any size (the
///            original keeps coordinates in 8 bits)
///   cost:    O(parts)
template <class Sink> constexpr void for_each_redundancy_group(layout const& l, Sink&& sink) {
  axis_list const order = detail::redundancy_axes(l);
  index_t const groups = combinations(l.devices(), order);
  index_t pieces = 1;
  for (std::size_t c = 0; c < l.map().cuts().size(); ++c)
    if (detail::cuts_into_pieces(l, c)) pieces *= l.map().cuts()[c].parts();
  for (index_t g = 0; g < groups; ++g) {
    part_index part = part_of(l.devices(), l.map(), device_of(l.devices(), order, g));
    for (index_t p = 0; p < pieces; ++p) {
      detail::choose_piece(l, part, p);
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
