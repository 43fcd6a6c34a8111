#pragma once

#include <reshard/algebra/layout.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

// The oracle of the exhaustive tests: what a layout means, spelled out element by element with
// lists and loops. It shares no formula with the library: devices, positions and parts are
// enumerated.
namespace brute {

using index = reshard::index_t;
using list = std::vector<index>;

struct cut {
  list axes;  // counted from the right, most significant first
  index divide = 1;
  index modulo = 1;
  reshard::cut_rule rule;
};

/// A layout as lists: cuts[dim], coarsest first.
struct layout {
  list devices;
  list shape;
  std::vector<std::vector<cut>> cuts;
};

/// All lists with one entry of each of the given lists, the last varies fastest.
inline std::vector<list> product(std::vector<list> const& lists) {
  std::vector<list> all{{}};
  for (list const& choices : lists) {
    std::vector<list> longer;
    for (list const& head : all)
      for (index const choice : choices) {
        longer.push_back(head);
        longer.back().push_back(choice);
      }
    all = longer;
  }
  return all;
}

inline list up_to(index end) {
  list all(static_cast<std::size_t>(end));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Coordinates of every device, in row-major order.
inline std::vector<list> all_coordinates(list const& sizes) {
  std::vector<list> choices;
  for (index const size : sizes) choices.push_back(up_to(size));
  return product(choices);
}

/// The entries for the given axes, in their order, of a list with one entry per axis.
inline list on_axes(list const& per_axis, list const& axes) {
  list some;
  for (index const axis : axes)
    some.push_back(per_axis[per_axis.size() - 1 - static_cast<std::size_t>(axis)]);
  return some;
}

/// Parts of equal size, in order; the size divides.
inline std::vector<list> equal_parts(list const& whole, index parts) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  std::size_t const size = whole.size() / out.size();
  for (std::size_t i = 0; i < whole.size(); ++i) out[i / size].push_back(whole[i]);
  return out;
}

/// torch.chunk: chunks of ceil(size / parts) are taken from the front until nothing is left.
inline std::vector<list> torch_chunk(list const& whole, index parts) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  std::size_t step = 0;
  while (step * out.size() < whole.size()) ++step;
  std::size_t chunk = 0;
  for (index const i : whole) {
    if (out[chunk].size() == step) ++chunk;
    out[chunk].push_back(i);
  }
  return out;
}

/// numpy.array_split: sizes are dealt one by one, then the elements follow in order.
inline std::vector<list> array_split(list const& whole, index parts) {
  list sizes(static_cast<std::size_t>(parts), 0);
  for (std::size_t i = 0; i < whole.size(); ++i) ++sizes[i % sizes.size()];
  std::vector<list> out;
  auto next = whole.begin();
  for (index const size : sizes) {
    out.emplace_back(next, next + size);
    next += size;
  }
  return out;
}

/// Parts of stated sizes, one after another.
inline std::vector<list> stated_parts(list const& whole, reshard::size_list const& sizes) {
  std::vector<list> out;
  auto next = whole.begin();
  for (index const size : sizes) {
    out.emplace_back(next, next + size);
    next += size;
  }
  return out;
}

/// Blocks are dealt out like cards: one to each part in turn.
inline std::vector<list> dealt_blocks(list const& whole, index parts, index block) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  std::size_t turn = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i != 0 && i % static_cast<std::size_t>(block) == 0) turn = (turn + 1) % out.size();
    out[turn].push_back(whole[i]);
  }
  return out;
}

inline std::vector<list> split_by_tail(list const& whole, index parts, reshard::tail_rule tail) {
  if (tail == reshard::tail_rule::ceil) return torch_chunk(whole, parts);
  if (tail == reshard::tail_rule::balanced) return array_split(whole, parts);
  return equal_parts(whole, parts);
}

inline std::vector<list> split(list const& whole, index parts, reshard::cut_rule const& rule) {
  using reshard::cut_kind;
  if (rule.kind_ == cut_kind::contiguous) return split_by_tail(whole, parts, rule.tail_);
  if (rule.kind_ == cut_kind::listed) return stated_parts(whole, rule.sizes_);
  if (rule.kind_ == cut_kind::cyclic) return dealt_blocks(whole, parts, rule.block_);
  std::vector<list> out(static_cast<std::size_t>(parts));
  for (list const& section : rule.block_ == 0 ? stated_parts(whole, rule.sizes_)
                                              : split_by_tail(whole, rule.block_, rule.tail_)) {
    std::vector<list> const shares = split_by_tail(section, parts, rule.tail_);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i].insert(out[i].end(), shares[i].begin(), shares[i].end());
  }
  return out;
}

/// Per device the position of its coordinates on `axes` among all that these axes can have, listed
/// in lexicographic order.
inline list positions(list const& devices, list const& axes) {
  std::vector<list> const order = all_coordinates(on_axes(devices, axes));
  list result;
  for (list const& c : all_coordinates(devices))
    result.push_back(std::find(order.begin(), order.end(), on_axes(c, axes)) - order.begin());
  return result;
}

/// What every device has, by enumeration.
struct placement {
  std::vector<list> part;                  // per device: the value of each cut
  std::vector<std::vector<list>> indices;  // per device and dim: the indices it holds

  [[nodiscard]] std::size_t devices() const { return part.size(); }
  [[nodiscard]] bool holds(std::size_t device, list const& element) const {
    for (std::size_t d = 0; d < element.size(); ++d)
      if (!std::binary_search(indices[device][d].begin(), indices[device][d].end(), element[d]))
        return false;
    return true;
  }
  /// Devices of the same part, ascending.
  [[nodiscard]] list replicas(std::size_t device) const {
    list same;
    for (std::size_t d = 0; d < devices(); ++d)
      if (part[d] == part[device]) same.push_back(static_cast<index>(d));
    return same;
  }
  /// Devices that hold an element, ascending.
  [[nodiscard]] list owners(list const& element) const {
    list all;
    for (std::size_t d = 0; d < devices(); ++d)
      if (holds(d, element)) all.push_back(static_cast<index>(d));
    return all;
  }
  /// The elements of a device, row-major.
  [[nodiscard]] std::vector<list> elements(std::size_t device) const {
    return product(indices[device]);
  }
};

inline placement place(layout const& l) {
  placement out;
  std::size_t const count = all_coordinates(l.devices).size();
  out.part.resize(count);
  out.indices.resize(count);
  for (std::size_t dim = 0; dim < l.shape.size(); ++dim) {
    for (auto& held : out.indices) held.push_back(up_to(l.shape[dim]));
    for (cut const& c : l.cuts[dim]) {
      list const numbers = positions(l.devices, c.axes);
      for (std::size_t device = 0; device < count; ++device) {
        index const value = numbers[device] / c.divide % c.modulo;
        list& held = out.indices[device].back();
        held = split(held, c.modulo, c.rule)[static_cast<std::size_t>(value)];
        out.part[device].push_back(value);
      }
    }
  }
  return out;
}

/// MindSpore's optimizer shard by its definition: the devices of one slice are listed; a device
/// takes the piece (its position in the list) % n of what it holds along `dim`.
inline placement place_optimizer_shard(placement const& before, std::size_t dim, index n,
                                       reshard::cut_rule const& rule) {
  placement after = before;
  for (std::size_t device = 0; device < before.devices(); ++device) {
    list const group = before.replicas(device);
    index const position =
        std::find(group.begin(), group.end(), static_cast<index>(device)) - group.begin();
    list& held = after.indices[device][dim];
    held = split(held, n, rule)[static_cast<std::size_t>(position % n)];
    after.part[device].push_back(position % n);
  }
  return after;
}

/// The library's value for the same layout.
inline reshard::layout library_layout(layout const& l) {
  reshard::device_matrix const devices(l.devices.begin(), l.devices.end());
  reshard::tensor_map map;
  for (std::size_t dim = 0; dim < l.cuts.size(); ++dim) {
    map.append(devices, {});
    for (cut const& c : l.cuts[dim]) {
      reshard::axis_list axes;
      for (index const axis : c.axes) axes.push_back(devices.axis(axis));
      map.add_cut(dim, reshard::digit{axes, c.divide, c.modulo}, c.rule);
    }
  }
  return {devices, map, reshard::extents(l.shape.begin(), l.shape.end())};
}

inline list to_list(reshard::replica_group const& group) {
  list devices;
  for (index k = 0; k < group.size(); ++k) devices.push_back(group[k]);
  return devices;
}

inline list to_list(reshard::part_index const& part) {
  return list(part.begin(), part.end());
}

inline reshard::grid_index to_index(list const& element) {
  reshard::grid_index at;
  for (index const i : element) at.push_back(i);
  return at;
}

}  // namespace brute
