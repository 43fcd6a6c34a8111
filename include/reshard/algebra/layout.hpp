#pragma once

#include <reshard/algebra/box.hpp>
#include <reshard/algebra/print.hpp>
#include <reshard/algebra/replicas.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void map_length_differs_from_rank(std::size_t map, std::size_t rank) {
  throw layout_error{errc::map_length_differs_from_rank,
                     __func__,
                     "the map has ",
                     static_cast<index_t>(map),
                     " entries, the tensor has ",
                     static_cast<index_t>(rank),
                     " dims"};
}
[[noreturn]] inline void device_axis_is_used_twice(index_t axis) {
  throw layout_error{errc::device_axis_is_used_twice, __func__, "device axis ", axis,
                     " cuts the tensor twice"};
}
[[noreturn]] inline void digit_does_not_divide_its_axes(index_t divide, index_t modulo,
                                                        index_t combinations) {
  throw layout_error{errc::digit_does_not_divide_its_axes,
                     __func__,
                     "a digit / ",
                     divide,
                     " % ",
                     modulo,
                     " of axes with ",
                     combinations,
                     " combinations"};
}
[[noreturn]] inline void dim_does_not_divide_over_its_device_axes(std::size_t dim, index_t size,
                                                                  index_t parts) {
  throw layout_error{errc::dim_does_not_divide_over_its_device_axes,
                     __func__,
                     "dim ",
                     static_cast<index_t>(dim),
                     " of size ",
                     size,
                     " does not divide into ",
                     parts,
                     " parts"};
}
[[noreturn]] inline void element_is_outside_the_tensor(std::size_t dim, index_t index,
                                                       index_t size) {
  throw layout_error{errc::element_is_outside_the_tensor, __func__,    "index ", index, " of dim ",
                     static_cast<index_t>(dim),           " of size ", size};
}

constexpr void require_digits_apart(digit const& a, digit const& b) {
  if (a.axes() == b.axes()) {
    index_t const a_end = a.divide() * a.modulo();
    index_t const b_end = b.divide() * b.modulo();
    bool const nested = (a_end <= b.divide() && b.divide() % a_end == 0) ||
                        (b_end <= a.divide() && a.divide() % b_end == 0);
    if (!nested) device_axis_is_used_twice(static_cast<index_t>(a.axes()[0]));
    return;
  }
  for (device_axis const axis : a.axes())
    if (b.axes().contains(axis)) device_axis_is_used_twice(static_cast<index_t>(axis));
}

constexpr void require_valid_digit(device_matrix const& devices, digit const& d) {
  for (std::size_t i = 0; i < d.axes().size(); ++i) {
    auto const axis = devices.axis(static_cast<index_t>(d.axes()[i]));
    for (std::size_t j = 0; j < i; ++j)
      if (d.axes()[j] == axis) device_axis_is_used_twice(static_cast<index_t>(axis));
  }
  index_t const all = combinations(devices, d.axes());
  if (d.divide() < 1 || d.modulo() < 1 || all % d.divide() != 0 ||
      all / d.divide() % d.modulo() != 0)
    digit_does_not_divide_its_axes(d.divide(), d.modulo(), all);
}

/// Each cut names numbers that the devices have, and no two cuts name the same.
constexpr void require_valid_cuts(device_matrix const& devices, tensor_map const& map) {
  for (std::size_t i = 0; i < map.cuts().size(); ++i) {
    require_valid_digit(devices, map.cuts()[i].by());
    for (std::size_t j = 0; j < i; ++j)
      require_digits_apart(map.cuts()[i].by(), map.cuts()[j].by());
  }
}

/// Every part of a part of `size` divides under each of the cuts that say exact.
constexpr void require_exact(tensor_map const& map, std::size_t dim, std::size_t first,
                             std::size_t last, index_t size) {
  if (first == last) return;
  cut const& c = map.cuts()[first];
  if (c.tail() == tail_rule::exact) {
    if (size % c.parts() != 0) dim_does_not_divide_over_its_device_axes(dim, size, c.parts());
    return require_exact(map, dim, first + 1, last, size / c.parts());
  }
  index_t before = -1;  // at most three different sizes, in descending order
  for (index_t i = 0; i < c.parts();) {
    index_t const part = part_interval({0, size}, c.tail(), c.parts(), i).size;
    if (part != before) require_exact(map, dim, first + 1, last, part);
    before = part;
    // the sizes change only where the full parts end, and where the empty ones begin
    index_t const full = c.tail() == tail_rule::balanced ? size % c.parts()
                         : part > 0                      ? size / part
                                                         : c.parts();
    i = i < full ? full : i + 1;
  }
}
}  // namespace detail

/// Where every element of a tensor lives: extents, factored by a grid, cut by a tensor map over a
/// device matrix. Valid from construction; the empty layout is a scalar on one device.
///   throws: layout_error map_length_differs_from_rank, grid_does_not_factor_the_extent,
///           extent_is_negative and element_count_overflows (of a sub-dim),
///           device_axis_does_not_exist, device_axis_is_used_twice, digit_does_not_divide_its_axes,
///           dim_does_not_divide_over_its_device_axes (tail rule exact)
///   cost:   everything O(rank + cuts + axes), no allocation
struct layout {
  device_matrix devices_;
  grid grid_;
  tensor_map map_;
  extents shape_;

  constexpr layout() = default;
  constexpr layout(device_matrix const& devices, tensor_map const& map, extents const& shape)
      : layout(devices, grid{shape}, map, shape) {}
  constexpr layout(device_matrix const& devices, grid const& g, tensor_map const& map,
                   extents const& shape)
      : devices_(devices), grid_(g), map_(map), shape_(shape) {
    detail::require_factors(g, shape);
    if (map.size() != g.size()) detail::map_length_differs_from_rank(map.size(), g.size());
    detail::require_valid_cuts(devices, map);
    for (std::size_t s = 0; s < g.size(); ++s)
      detail::require_exact(map, s, map.first(s), map.first(s) + map.cuts_of(s), g[s]);
  }

  [[nodiscard]] constexpr device_matrix const& devices() const noexcept { return devices_; }
  [[nodiscard]] constexpr grid const& index_grid() const noexcept { return grid_; }
  [[nodiscard]] constexpr tensor_map const& map() const noexcept { return map_; }
  [[nodiscard]] constexpr extents const& shape() const noexcept { return shape_; }

  /// The elements of one part.
  [[nodiscard]] constexpr box box_of(part_index const& part) const {
    box out;
    std::size_t c = 0;
    for (std::size_t s = 0; s < grid_.size(); ++s) {
      interval along{0, grid_[s]};
      for (std::size_t i = 0; i < map_.cuts_of(s); ++i, ++c)
        along = part_interval(along, map_.cuts()[c].tail(), map_.cuts()[c].parts(), part[c]);
      out.push_back(along);
    }
    return out;
  }
  /// The elements of a device.
  [[nodiscard]] constexpr box box_of(index_t device) const {
    return box_of(reshard::part_of(devices_, map_, device));
  }
  /// What a device stores and where: its box, row-major; nothing if the box is empty.
  [[nodiscard]] constexpr inplace_vector<piece, 1> pieces(index_t device) const {
    inplace_vector<piece, 1> list;
    piece const only{box_of(device)};
    if (only.where().elements() != 0) list.push_back(only);
    return list;
  }
  /// Sizes per dim of what a device stores.
  ///   example: devices(2, 4) map((1), ()) shape(512, 1024) -> (256, 1024)
  [[nodiscard]] constexpr extents local_shape(index_t device) const {
    box const where = box_of(device);
    inplace_vector<index_t, max_rank> sizes;
    std::size_t s = 0;
    for (std::size_t d = 0; d < shape_.rank(); ++d) {
      index_t product = 1;
      for (std::size_t i = 0; i < grid_.sub_dims(d); ++i) product *= where.extent()[s++];
      sizes.push_back(product);
    }
    return extents{sizes.begin(), sizes.end()};
  }

  /// The devices that agree with this one on every digit that cuts, ascending, itself included.
  [[nodiscard]] constexpr replica_group replicas_of(index_t device) const {
    return {devices_, map_, reshard::part_of(devices_, map_, device)};
  }
  /// The devices that hold a part, ascending.
  [[nodiscard]] constexpr replica_group holders_of(part_index const& part) const {
    return {devices_, map_, part};
  }
  /// The part that holds an element, given by its index in the grid.
  ///   throws: layout_error element_is_outside_the_tensor
  [[nodiscard]] constexpr part_index part_of(grid_index const& element) const {
    part_index part;
    std::size_t c = 0;
    for (std::size_t s = 0; s < grid_.size(); ++s) {
      if (element[s] < 0 || element[s] >= grid_[s])
        detail::element_is_outside_the_tensor(s, element[s], grid_[s]);
      interval along{0, grid_[s]};
      for (std::size_t i = 0; i < map_.cuts_of(s); ++i, ++c) {
        cut const& by = map_.cuts()[c];
        part.push_back(part_at(along, by.tail(), by.parts(), element[s]));
        along = part_interval(along, by.tail(), by.parts(), part.back());
      }
    }
    return part;
  }
  /// The devices that hold an element, ascending.
  ///   throws: layout_error element_is_outside_the_tensor
  [[nodiscard]] constexpr replica_group owners_of(grid_index const& element) const {
    return {devices_, map_, part_of(element)};
  }
  /// Every device holds the whole tensor.
  [[nodiscard]] constexpr bool is_replicated() const noexcept {
    for (cut const& c : map_.cuts())
      if (c.parts() != 1) return false;
    return true;
  }

  friend constexpr bool operator==(layout const&, layout const&) = default;
};

/// Both layouts put the same elements on each device: equal boxes, device by device.
///   cost: O(devices)
[[nodiscard]] constexpr bool same_placement(layout const& a, layout const& b) {
  if (a.shape() != b.shape() || a.index_grid() != b.index_grid()) return false;
  if (a.devices().devices() != b.devices().devices()) return false;
  for (index_t d = 0; d < a.devices().devices(); ++d)
    if (a.box_of(d) != b.box_of(d)) return false;
  return true;
}

/// devices(2, 4) map((1), ()) shape(512, 1024)
template <character_sink Sink> constexpr void print(Sink& sink, layout const& l) {
  print(sink, l.devices());
  print(sink, " ");
  print(sink, l.devices(), l.map());
  if (l.index_grid() != grid{l.shape()}) {
    print(sink, " ");
    print(sink, l.index_grid());
  }
  print(sink, " ");
  print(sink, l.shape());
}

}  // namespace v1
}  // namespace reshard
