#pragma once

#include "support/brute_force.hpp"

#include <random>
#include <string>

// Generators of layouts for the exhaustive and the sampled tests.
namespace brute {

/// Calls sink(sizes) for every device matrix of at most `most` devices whose axes are 2 or longer;
/// the empty matrix (one device) is the first.
template <class Sink> void for_each_devices(index most, Sink const& sink, list const& head = {}) {
  sink(head);
  for (index size = 2; size <= most; ++size) {
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
  auto const size = static_cast<index>(devices.size());
  for (index axis = 0; axis < size; ++axis) {
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

inline index parts_of(list const& devices, list const& axes) {
  index parts = 1;
  for (index const size : on_axes(devices, axes)) parts *= size;
  return parts;
}

/// The cuts of a nested map for one dim: ceil cuts axis by axis, as torch does.
inline std::vector<cut> cuts_over(list const& devices, list const& axes, reshard::tail_rule tail) {
  std::vector<cut> cuts;
  if (axes.empty()) return cuts;
  if (tail != reshard::tail_rule::ceil) return {{axes, 1, parts_of(devices, axes), tail}};
  for (index const axis : axes) cuts.push_back({{axis}, 1, parts_of(devices, {axis}), tail});
  return cuts;
}

/// The axes that no cut names, outermost first.
inline list unused_axes(layout const& l) {
  list unused;
  for (index axis = static_cast<index>(l.devices.size()); axis-- > 0;) {
    bool used = false;
    for (auto const& along : l.cuts)
      for (cut const& c : along)
        used = used || std::find(c.axes.begin(), c.axes.end(), axis) != c.axes.end();
    if (!used) unused.push_back(axis);
  }
  return unused;
}

/// The layout of a map in which one dim has the tail rule and the given extent, the others divide.
inline layout make_layout(list const& devices, std::vector<list> const& map, std::size_t odd_dim,
                          reshard::tail_rule tail, index odd_size) {
  layout l{devices, {}, {}};
  for (std::size_t d = 0; d < map.size(); ++d) {
    bool const odd = d == odd_dim && tail != reshard::tail_rule::exact;
    index const parts = parts_of(devices, map[d]);
    l.shape.push_back(odd ? odd_size : parts == 1 ? 2 : parts * (parts < 4 ? 2 : 1));
    l.cuts.push_back(cuts_over(devices, map[d], odd ? tail : reshard::tail_rule::exact));
  }
  return l;
}

/// Calls sink(layout) for a map with extents that divide, then with each tail rule on each dim.
template <class Sink>
void for_each_tail(list const& devices, std::vector<list> const& map, Sink const& sink) {
  sink(make_layout(devices, map, 0, reshard::tail_rule::exact, 0));
  for (std::size_t d = 0; d < map.size(); ++d) {
    index const parts = parts_of(devices, map[d]);
    if (parts == 1) continue;
    // fewer elements than parts, one more, and none at all, in turn
    index const sizes[] = {parts - 1, parts + 1, 2 * parts - 1, parts / 2 + 1, 0};
    std::size_t const turn = devices.size() + map[d].size() + static_cast<std::size_t>(parts) + d;
    sink(make_layout(devices, map, d, reshard::tail_rule::ceil, sizes[turn % 5]));
    sink(make_layout(devices, map, d, reshard::tail_rule::balanced, sizes[(turn + 1) % 5]));
  }
}

/// Every map of rank 1 to `ranks` on every device matrix of at most `most` devices.
///   returns: the number of maps
template <class Sink> index for_each_layout(index most, std::size_t ranks, Sink const& sink) {
  index maps = 0;
  for_each_devices(most, [&](list const& devices) {
    for (std::size_t rank = 1; rank <= ranks; ++rank)
      for_each_map(devices, rank, [&](std::vector<list> const& map) {
        ++maps;
        for_each_tail(devices, map, sink);
      });
  });
  return maps;
}

/// Random layouts of one shape: nested maps, parts of axes on different dims, any tail rule.
class random_layouts {
 public:
  explicit random_layouts(unsigned seed) : random_(seed) {}

  [[nodiscard]] index below(index end) {
    return std::uniform_int_distribution<index>{0, end - 1}(random_);
  }
  [[nodiscard]] list shape(std::size_t rank) {
    list sizes;
    for (std::size_t d = 0; d < rank; ++d) sizes.push_back(1 + below(7));
    return sizes;
  }
  [[nodiscard]] layout on(list const& shape, index most_devices) {
    layout l{{}, shape, std::vector<std::vector<cut>>(shape.size())};
    for (index devices = 1; l.devices.size() < 6 && below(5) != 0;) {
      l.devices.push_back(1 + below(4));
      devices *= l.devices.back();
      if (devices > most_devices) l.devices.pop_back(), devices = most_devices;
    }
    list axes(l.devices.size());
    std::iota(axes.begin(), axes.end(), 0);
    std::shuffle(axes.begin(), axes.end(), random_);
    for (std::size_t first = 0; first < axes.size();) {
      auto const take = std::min(axes.size() - first, static_cast<std::size_t>(1 + below(3)));
      auto const from = axes.begin() + static_cast<std::ptrdiff_t>(first);
      cut_over(l, list(from, from + static_cast<std::ptrdiff_t>(take)));
      first += take;
    }
    return l;
  }

 private:
  /// Splits the number of these axes into digits and gives each to some dim, or to none.
  void cut_over(layout& l, list const& axes) {
    index const all = parts_of(l.devices, axes);
    for (index divide = 1; divide < all;) {
      list factors;
      for (index f = 2; f <= all / divide; ++f)
        if (all / divide % f == 0) factors.push_back(f);
      index const modulo =
          factors[static_cast<std::size_t>(below(static_cast<index>(factors.size())))];
      auto const dim = static_cast<std::size_t>(below(static_cast<index>(l.shape.size()) + 1));
      if (dim < l.shape.size()) l.cuts[dim].push_back({axes, divide, modulo, rule(l, dim, modulo)});
      divide *= modulo;
    }
  }
  /// A rule that fits whatever is left; sizes are stated by the first cut of a dim only.
  [[nodiscard]] reshard::cut_rule rule(layout const& l, std::size_t dim, index parts) {
    reshard::tail_rule const tail =
        below(2) == 0 ? reshard::tail_rule::ceil : reshard::tail_rule::balanced;
    switch (below(6)) {
      case 0:
        return reshard::cut_rule::cyclic(1 + below(3));
      case 1:
        return reshard::cut_rule::sections(1 + below(4), tail);
      case 2:
        if (l.cuts[dim].empty() && parts <= 8)
          return reshard::cut_rule::parts(sizes(l.shape[dim], parts, 1));
        return tail;
      case 3:
        if (l.cuts[dim].empty() && l.shape[dim] % parts == 0)
          return reshard::cut_rule::sections(sizes(l.shape[dim], 1 + below(4), parts));
        return tail;
      default:
        return tail;
    }
  }
  /// Random multiples of `unit` that add up to `sum`.
  [[nodiscard]] reshard::size_list sizes(index sum, index count, index unit) {
    reshard::size_list out(static_cast<std::size_t>(count), 0);
    for (; sum > 0; sum -= unit) out[static_cast<std::size_t>(below(count))] += unit;
    return out;
  }
  std::mt19937 random_;
};

/// The printed form, for messages.
inline std::string name(layout const& l) {
  std::string words;
  print(words, library_layout(l));
  return words;
}

}  // namespace brute
