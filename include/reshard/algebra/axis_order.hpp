#pragma once

#include <reshard/algebra/cut_chain.hpp>
#include <reshard/algebra/cut_factors.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// A cut with stated sizes over the same axes in another order: without parts if those that are not
/// empty would not follow one another as before.
constexpr ruled_cut stated_over(device_matrix const& devices, ruled_cut const& by,
                                axis_list const& axes) {
  size_list sizes;
  index_t last = -1;
  for (index_t number = 0; number < by.parts(); ++number) {
    index_t const part = by.by_.value(devices, device_of(devices, axes, number));
    sizes.push_back(by.rule_.sizes_[static_cast<std::size_t>(part)]);
    if (sizes.back() == 0) continue;
    if (part < last) return {};
    last = part;
  }
  return {{devices, axes}, cut_rule::parts(sizes)};
}
/// How far a cut is from dealing out indices one by one: 2 for each sub-dim with stated sizes, 1
/// for each with another rule.
constexpr int unevenness(ruled_cut const& by) {
  cut_grid fine;
  append_cut(fine, by, sum_of(by.rule_.sizes_));
  int sum = 0;
  for (std::size_t i = 0; i < fine.size(); ++i)
    if (fine[i].size_ > 1 && !fine[i].is_whole() && !fine.is_dealt_out(i))
      sum += fine.cut_of(i, 0).rule_.kind_ == cut_kind::listed ? 2 : 1;
  return sum;
}
/// The same over its axes in the order that is most even. The number of several axes is another one
/// in each order, and what a reshape can take apart with it.
///   example: devices(3, 2), only parts 1 and 5 of {0 1} have indices. Both are 2 of {1 0} % 3, and
///            0 and 1 of {1 0} / 3
///   cost:    O(orders x stated sizes), of at most four axes: no more have so few parts
constexpr ruled_cut in_even_order(device_matrix const& devices, ruled_cut by) {
  if (by.rule_.kind_ != cut_kind::listed || sum_of(by.rule_.sizes_) == 0) return by;
  if (by.parts() != combinations(devices, by.by_.axes())) return by;
  inplace_vector<device_axis, max_axes> axes;
  index_t orders = 1;
  for (device_axis const axis : by.by_.axes()) {
    if (devices.size(axis) == 1) continue;
    axes.push_back(axis);
    orders *= static_cast<index_t>(axes.size());
  }
  for (index_t order = 0; order < orders; ++order) {
    auto left = axes;
    axis_list in_order;
    for (index_t rest = order; !left.empty();) {
      auto const next = static_cast<std::size_t>(rest) % left.size();
      rest /= static_cast<index_t>(left.size());
      in_order.push_back(left[next]);
      left.erase(next);
    }
    ruled_cut const other = stated_over(devices, by, in_order);
    if (other.parts() > 0 && unevenness(other) < unevenness(by)) by = other;
  }
  return by;
}
/// The layout with all its cuts so.
constexpr layout in_even_order(layout const& l) {
  tensor_map map;
  for (std::size_t d = 0; d < l.map().size(); ++d) {
    map.append(l.devices(), {});
    for (ruled_cut const& by : chain_of(l.map(), d)) {
      ruled_cut const even = in_even_order(l.devices(), by);
      map.add_cut(d, even.by_, even.rule_);
    }
  }
  return {l.devices(), map, l.shape()};
}
}  // namespace detail
}  // namespace v1
}  // namespace reshard
