#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// Device sizes, shapes and maps of MindSpore's redistribution, which factors dims and axes.
using factor_list = inplace_vector<index_t, 16>;

/// The map entry of a dim that no axis cuts.
inline constexpr index_t no_axis = -1;

/// A layout in which at most one axis cuts a dim, MindSpore's TensorLayout.
///   devices: outermost first
///   map:     per dim an axis counted from the right, or no_axis
struct plain_layout {
  factor_list devices;
  factor_list map;
  factor_list shape;

  [[nodiscard]] constexpr index_t device_count() const noexcept {
    index_t product = 1;
    for (index_t const size : devices) product *= size;
    return product;
  }
  [[nodiscard]] constexpr index_t axis_size(index_t axis) const noexcept {
    return devices[devices.size() - 1 - static_cast<std::size_t>(axis)];
  }
  [[nodiscard]] constexpr index_t stride(index_t axis) const noexcept {
    index_t product = 1;
    for (index_t a = 0; a < axis; ++a) product *= axis_size(a);
    return product;
  }
  [[nodiscard]] constexpr index_t coordinate(index_t device, index_t axis) const noexcept {
    return device / stride(axis) % axis_size(axis);
  }
  [[nodiscard]] constexpr index_t parts(std::size_t dim) const noexcept {
    return map[dim] == no_axis ? 1 : axis_size(map[dim]);
  }
  [[nodiscard]] constexpr factor_list local_shape() const {
    factor_list local = shape;
    for (std::size_t d = 0; d < local.size(); ++d) local[d] /= parts(d);
    return local;
  }
  friend constexpr bool operator==(plain_layout const&, plain_layout const&) = default;
};

namespace detail {
[[noreturn]] inline void device_counts_differ(index_t from, index_t to) {
  throw plan_error(errc::device_counts_differ, __func__,
                   {"from ", from, " to ", to, " devices: collective steps need equal counts"});
}

[[noreturn]] inline void device_counts_do_not_divide(index_t from, index_t to) {
  throw plan_error(errc::device_counts_do_not_divide, __func__,
                   {"from ", from, " to ", to, " devices: one must be a multiple of the other"});
}
[[noreturn]] inline void element_counts_differ(index_t from, index_t to) {
  throw plan_error(errc::element_counts_differ, __func__, {"from ", from, " to ", to, " elements"});
}

constexpr void require_plain(plain_layout const& l) {
  device_matrix const devices{l.devices.begin(), l.devices.end()};
  if (l.map.size() != l.shape.size()) map_length_differs_from_rank(l.map.size(), l.shape.size());
  for (std::size_t d = 0; d < l.map.size(); ++d) {
    if (l.map[d] == no_axis) continue;
    static_cast<void>(devices.axis(l.map[d]));
    for (std::size_t before = 0; before < d; ++before)
      if (l.map[before] == l.map[d]) device_axis_is_used_twice(l.map[d]);
    if (l.shape[d] % l.parts(d) != 0)
      dim_does_not_divide_over_its_device_axes(d, l.shape[d], l.parts(d));
  }
}

/// Product of the sizes, or max_index if that is smaller.
constexpr index_t element_count(factor_list const& shape) {
  index_t product = 1;
  for (index_t const size : shape)
    product = size != 0 && product > max_index / size ? max_index : product * size;
  return product;
}

constexpr void require_movable(plain_layout const& from, plain_layout const& to, index_t device) {
  require_plain(from);
  require_plain(to);
  index_t const elements = element_count(from.shape);
  if (elements != element_count(to.shape)) element_counts_differ(elements, element_count(to.shape));
  index_t const a = from.device_count();
  index_t const b = to.device_count();
  if (a % b != 0 && b % a != 0) device_counts_do_not_divide(a, b);
  if (device < 0) device_does_not_exist(device, a > b ? a : b);
}

/// Without device axes of size 1; at least one axis stays.
constexpr plain_layout without_unit_axes(plain_layout const& l) {
  plain_layout out{{}, {}, l.shape};
  for (index_t const size : l.devices)
    if (size != 1) out.devices.push_back(size);
  if (out.devices.empty()) out.devices.push_back(1);
  for (index_t const axis : l.map) {
    index_t number = no_axis;
    if (axis != no_axis && l.axis_size(axis) != 1) {
      number = 0;
      for (index_t a = 0; a < axis; ++a) number += l.axis_size(a) != 1 ? 1 : 0;
    }
    out.map.push_back(number);
  }
  return out;
}

/// Without dims of size 1; at least one dim stays.
constexpr plain_layout squeezed(plain_layout const& l) {
  plain_layout out{l.devices, {}, {}};
  for (std::size_t d = 0; d < l.shape.size(); ++d) {
    if (l.shape[d] == 1 && l.map[d] != no_axis) return l;
    if (l.shape[d] == 1) continue;
    out.shape.push_back(l.shape[d]);
    out.map.push_back(l.map[d]);
  }
  if (out.shape.empty()) {
    out.shape.push_back(1);
    out.map.push_back(no_axis);
  }
  return out;
}

/// With an outermost axis of copies that makes `devices` devices.
constexpr plain_layout with_copies(plain_layout const& l, index_t devices) {
  plain_layout out = l;
  if (l.device_count() < devices) out.devices.insert(0, devices / l.device_count());
  return out;
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
