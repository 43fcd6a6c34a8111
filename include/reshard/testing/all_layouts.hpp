#pragma once

#include <reshard/testing/oracle.hpp>

namespace reshard {
inline namespace v1 {
namespace testing {

/// Calls sink(sizes) for every device matrix of at most `most` devices whose axes are 2 or longer;
/// the empty matrix (one device) is the first.
template <class Sink> void for_each_devices(index_t most, Sink const& sink, list const& head = {}) {
  sink(head);
  for (index_t size = 2; size <= most; ++size) {
    list longer = head;
    longer.push_back(size);
    for_each_devices(most / size, sink, longer);
  }
}

/// Calls sink(lists) for every nested map of that rank: each axis is unused or stands once, at any
/// place, in the list of one dim.
template <class Sink>
void for_each_map(list const& devices, std::size_t rank, Sink const& sink,
                  std::vector<list> const& head = {}, list const& open = {}) {
  auto const size = static_cast<index_t>(devices.size());
  for (index_t axis = 0; axis < size; ++axis) {
    bool used = std::find(open.begin(), open.end(), axis) != open.end();
    for (list const& along : head)
      used = used || std::find(along.begin(), along.end(), axis) != along.end();
    if (used) continue;
    list longer = open;
    longer.push_back(axis);
    for_each_map(devices, rank, sink, head, longer);
  }
  std::vector<list> next = head;
  next.push_back(open);
  if (next.size() == rank) return sink(next);
  for_each_map(devices, rank, sink, next);
}

/// How many values the coordinates on these axes have together.
[[nodiscard]] inline index_t parts_of(list const& devices, list const& axes) {
  index_t parts = 1;
  for (index_t const size : on_axes(devices, axes)) parts *= size;
  return parts;
}

/// The cuts of a nested map for one dim: ceil cuts axis by axis, as torch does.
[[nodiscard]] inline std::vector<cut_case> cuts_over(list const& devices, list const& axes,
                                                     tail_rule tail) {
  std::vector<cut_case> cuts;
  if (axes.empty()) return cuts;
  if (tail != tail_rule::ceil) return {{axes, 1, parts_of(devices, axes), tail}};
  for (index_t const axis : axes) cuts.push_back({{axis}, 1, parts_of(devices, {axis}), tail});
  return cuts;
}

/// The axes that no cut names, outermost first.
[[nodiscard]] inline list unused_axes(layout_case const& l) {
  list unused;
  for (auto axis = static_cast<index_t>(l.devices.size()); axis-- > 0;) {
    bool used = false;
    for (auto const& along : l.cuts)
      for (cut_case const& c : along)
        used = used || std::find(c.axes.begin(), c.axes.end(), axis) != c.axes.end();
    if (!used) unused.push_back(axis);
  }
  return unused;
}

namespace detail {
/// The layout of a map in which one dim has the tail rule and the given extent, the others divide.
inline layout_case with_odd_dim(list const& devices, std::vector<list> const& map,
                                std::size_t odd_dim, tail_rule tail, index_t odd_size) {
  layout_case l{devices, {}, {}};
  for (std::size_t d = 0; d < map.size(); ++d) {
    bool const odd = d == odd_dim && tail != tail_rule::exact;
    index_t const parts = parts_of(devices, map[d]);
    l.shape.push_back(odd ? odd_size : parts == 1 ? 2 : parts * (parts < 4 ? 2 : 1));
    l.cuts.push_back(cuts_over(devices, map[d], odd ? tail : tail_rule::exact));
  }
  return l;
}
}  // namespace detail

/// Calls sink(layout_case) for a map with extents that divide, then with each tail rule on each
/// dim.
template <class Sink>
void for_each_tail(list const& devices, std::vector<list> const& map, Sink const& sink) {
  sink(detail::with_odd_dim(devices, map, 0, tail_rule::exact, 0));
  for (std::size_t d = 0; d < map.size(); ++d) {
    index_t const parts = parts_of(devices, map[d]);
    if (parts == 1) continue;
    // fewer elements than parts, one more, and none at all, in turn
    index_t const sizes[] = {parts - 1, parts + 1, 2 * parts - 1, parts / 2 + 1, 0};
    std::size_t const turn = devices.size() + map[d].size() + static_cast<std::size_t>(parts) + d;
    sink(detail::with_odd_dim(devices, map, d, tail_rule::ceil, sizes[turn % 5]));
    sink(detail::with_odd_dim(devices, map, d, tail_rule::balanced, sizes[(turn + 1) % 5]));
  }
}

/// Every map of rank 1 to `ranks` on every device matrix of at most `most` devices, with every tail
/// rule on one dim at a time.
///   returns: the number of maps
template <class Sink> index_t for_each_layout(index_t most, std::size_t ranks, Sink const& sink) {
  index_t maps = 0;
  for_each_devices(most, [&](list const& devices) {
    for (std::size_t rank = 1; rank <= ranks; ++rank)
      for_each_map(devices, rank, [&](std::vector<list> const& map) {
        ++maps;
        for_each_tail(devices, map, sink);
      });
  });
  return maps;
}

/// All maps of rank 2 on device matrices of at most `most` devices over one shape, with the tail
/// rules ceil and balanced: the ends of every pair of such layouts.
[[nodiscard]] inline std::vector<layout_case> layouts_over(index_t most, list const& shape) {
  std::vector<layout_case> all;
  for_each_devices(most, [&](list const& devices) {
    for_each_map(devices, 2, [&](std::vector<list> const& map) {
      for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced}) {
        bool const cut = !map[0].empty() || !map[1].empty();
        if (cut || tail == tail_rule::ceil)
          all.push_back({devices,
                         shape,
                         {cuts_over(devices, map[0], tail), cuts_over(devices, map[1], tail)}});
      }
    });
  });
  return all;
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
