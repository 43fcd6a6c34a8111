#pragma once

#include <reshard/testing/layout_case.hpp>

#include <algorithm>
#include <numeric>

namespace reshard {
inline namespace v1 {
namespace testing {

/// All lists with one entry of each of the given lists; the last varies fastest.
[[nodiscard]] inline std::vector<list> product(std::vector<list> const& lists) {
  std::vector<list> all{{}};
  for (list const& choices : lists) {
    std::vector<list> longer;
    for (list const& head : all)
      for (index_t const choice : choices) {
        longer.push_back(head);
        longer.back().push_back(choice);
      }
    all = std::move(longer);
  }
  return all;
}

/// 0, 1, .. end - 1
[[nodiscard]] inline list up_to(index_t end) {
  list all(static_cast<std::size_t>(end));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Every index of a box of these sizes at 0, row-major: coordinates of devices, elements of shapes.
template <class Sizes> [[nodiscard]] std::vector<list> all_indices(Sizes const& sizes) {
  std::vector<list> choices;
  for (index_t const size : sizes) choices.push_back(up_to(size));
  return product(choices);
}

/// The entries for the given axes, in their order, of a list with one entry per axis.
[[nodiscard]] inline list on_axes(list const& per_axis, list const& axes) {
  list some;
  for (index_t const axis : axes)
    some.push_back(per_axis[per_axis.size() - 1 - static_cast<std::size_t>(axis)]);
  return some;
}

namespace detail {
/// Parts of equal size, in order; the size divides.
inline std::vector<list> equal_parts(list const& whole, index_t parts) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  std::size_t const size = whole.size() / out.size();
  for (std::size_t i = 0; i < whole.size(); ++i) out[i / size].push_back(whole[i]);
  return out;
}

/// torch.chunk: chunks of ceil(size / parts) are taken from the front until nothing is left.
inline std::vector<list> torch_chunk(list const& whole, index_t parts) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  std::size_t step = 0;
  while (step * out.size() < whole.size()) ++step;
  std::size_t chunk = 0;
  for (index_t const i : whole) {
    if (out[chunk].size() == step) ++chunk;
    out[chunk].push_back(i);
  }
  return out;
}

/// Parts of stated sizes, one after another.
template <class Sizes> std::vector<list> stated_parts(list const& whole, Sizes const& sizes) {
  std::vector<list> out;
  auto next = whole.begin();
  for (index_t const size : sizes) {
    out.emplace_back(next, next + size);
    next += size;
  }
  return out;
}

/// numpy.array_split: sizes are dealt one by one, then the elements follow in order.
inline std::vector<list> array_split(list const& whole, index_t parts) {
  list sizes(static_cast<std::size_t>(parts), 0);
  for (std::size_t i = 0; i < whole.size(); ++i) ++sizes[i % sizes.size()];
  return stated_parts(whole, sizes);
}

/// Blocks are dealt out like cards: one to each part in turn.
inline std::vector<list> dealt_blocks(list const& whole, index_t parts, index_t block) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  std::size_t turn = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i != 0 && i % static_cast<std::size_t>(block) == 0) turn = (turn + 1) % out.size();
    out[turn].push_back(whole[i]);
  }
  return out;
}

inline std::vector<list> split_by_tail(list const& whole, index_t parts, tail_rule tail) {
  if (tail == tail_rule::ceil) return torch_chunk(whole, parts);
  if (tail == tail_rule::balanced) return array_split(whole, parts);
  return equal_parts(whole, parts);
}

/// Each section is split into the parts; a part is its share of every section.
inline std::vector<list> shares(std::vector<list> const& sections, index_t parts, tail_rule tail) {
  std::vector<list> out(static_cast<std::size_t>(parts));
  for (list const& section : sections) {
    std::vector<list> const split = split_by_tail(section, parts, tail);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i].insert(out[i].end(), split[i].begin(), split[i].end());
  }
  return out;
}
}  // namespace detail

/// The indices of each part of a range under a rule, index by index.
[[nodiscard]] inline std::vector<list> split_list(list const& whole, index_t parts,
                                                  cut_rule const& rule) {
  if (rule.kind_ == cut_kind::contiguous) return detail::split_by_tail(whole, parts, rule.tail_);
  if (rule.kind_ == cut_kind::listed) return detail::stated_parts(whole, rule.sizes_);
  if (rule.kind_ == cut_kind::cyclic) return detail::dealt_blocks(whole, parts, rule.block_);
  return detail::shares(rule.block_ == 0 ? detail::stated_parts(whole, rule.sizes_)
                                         : detail::split_by_tail(whole, rule.block_, rule.tail_),
                        parts, rule.tail_);
}

/// Per device the position of its coordinates on `axes` among all that these axes can have, listed
/// in lexicographic order.
[[nodiscard]] inline list positions(list const& devices, list const& axes) {
  std::vector<list> const order = all_indices(on_axes(devices, axes));
  list result;
  for (list const& c : all_indices(devices))
    result.push_back(std::find(order.begin(), order.end(), on_axes(c, axes)) - order.begin());
  return result;
}

/// What a layout means, spelled out element by element with lists and loops: the brute force beside
/// the closed forms. Devices, positions and parts are enumerated.
///   part:    per device the value of each cut
///   indices: per device and dim the indices that it holds, ascending
///   cost:    O(devices x elements): for small cases
struct oracle {
  std::vector<list> part;
  std::vector<std::vector<list>> indices;

  explicit oracle(layout_case const& stated) {
    std::size_t const count = all_indices(stated.devices).size();
    part.resize(count);
    indices.resize(count);
    for (std::size_t dim = 0; dim < stated.shape.size(); ++dim) {
      for (auto& held : indices) held.push_back(up_to(stated.shape[dim]));
      for (cut_case const& c : stated.cuts[dim]) deal_out(c, positions(stated.devices, c.axes));
    }
  }
  explicit oracle(layout const& l) : oracle(to_case(l)) {}

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
      if (part[d] == part[device]) same.push_back(static_cast<index_t>(d));
    return same;
  }
  /// Devices that hold an element, ascending.
  [[nodiscard]] list owners(list const& element) const {
    list all;
    for (std::size_t d = 0; d < devices(); ++d)
      if (holds(d, element)) all.push_back(static_cast<index_t>(d));
    return all;
  }
  /// The elements of a device, row-major: as it stores them.
  [[nodiscard]] std::vector<list> elements(std::size_t device) const {
    return product(indices[device]);
  }
  /// MindSpore's optimizer shard by its definition: the devices of one slice are listed; a device
  /// takes the piece (its position in the list) % n of what it holds along `dim`.
  [[nodiscard]] oracle with_optimizer_shard(std::size_t dim, index_t n,
                                            cut_rule const& rule = {}) const {
    oracle after = *this;
    for (std::size_t device = 0; device < devices(); ++device) {
      list const group = replicas(device);
      index_t const position =
          std::find(group.begin(), group.end(), static_cast<index_t>(device)) - group.begin();
      list& held = after.indices[device][dim];
      held = split_list(held, n, rule)[static_cast<std::size_t>(position % n)];
      after.part[device].push_back(position % n);
    }
    return after;
  }

 private:
  /// One more cut of the last dim; `numbers`: what each device has on its axes.
  void deal_out(cut_case const& c, list const& numbers) {
    for (std::size_t device = 0; device < devices(); ++device) {
      index_t const value = numbers[device] / c.divide % c.modulo;
      list& held = indices[device].back();
      held = split_list(held, c.modulo, c.rule)[static_cast<std::size_t>(value)];
      part[device].push_back(value);
    }
  }
};

/// The entries of a list of the library: a part, an index, extents.
template <class Values> [[nodiscard]] list to_list(Values const& values) {
  return list(values.begin(), values.end());
}
[[nodiscard]] inline list to_list(replica_group const& group) {
  list devices;
  for (index_t k = 0; k < group.size(); ++k) devices.push_back(group[k]);
  return devices;
}
[[nodiscard]] inline grid_index to_index(list const& element) {
  grid_index at;
  for (index_t const i : element) at.push_back(i);
  return at;
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
