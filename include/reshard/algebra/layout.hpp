#pragma once

#include <reshard/algebra/box.hpp>
#include <reshard/algebra/dim_cuts.hpp>
#include <reshard/algebra/print.hpp>
#include <reshard/algebra/replicas.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void map_length_differs_from_rank(std::size_t map, std::size_t rank) {
  throw layout_error(errc::map_length_differs_from_rank, __func__,
                     {"the map has ", map, " entries, the tensor has ", rank, " dims"});
}
[[noreturn]] inline void device_axis_is_used_twice(index_t axis) {
  throw layout_error(errc::device_axis_is_used_twice, __func__,
                     {"device axis ", axis, " cuts the tensor twice"});
}
[[noreturn]] inline void digit_does_not_divide_its_axes(index_t divide, index_t modulo,
                                                        index_t combinations) {
  throw layout_error(
      errc::digit_does_not_divide_its_axes, __func__,
      {"a digit / ", divide, " % ", modulo, " of axes with ", combinations, " combinations"});
}
[[noreturn]] inline void dim_does_not_divide_over_its_device_axes(std::size_t dim, index_t size,
                                                                  index_t parts) {
  throw layout_error(errc::dim_does_not_divide_over_its_device_axes, __func__,
                     {"dim ", dim, " of size ", size, " does not divide into ", parts, " parts"});
}
[[noreturn]] inline void stated_sizes_differ_in_number(std::size_t dim, std::size_t stated,
                                                       index_t parts) {
  throw layout_error(
      errc::stated_sizes_differ_in_number, __func__,
      {"dim ", dim, " is cut into ", parts, " parts, the rule states ", stated, " sizes"});
}
[[noreturn]] inline void stated_sizes_do_not_fill_the_dim(std::size_t dim, index_t sum,
                                                          index_t size) {
  throw layout_error(errc::stated_sizes_do_not_fill_the_dim, __func__,
                     {"dim ", dim, " of size ", size, ", the stated sizes add up to ", sum});
}
[[noreturn]] inline void element_is_outside_the_tensor(std::size_t dim, index_t index,
                                                       index_t size) {
  throw layout_error(errc::element_is_outside_the_tensor, __func__,
                     {"index ", index, " of dim ", dim, " of size ", size});
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

/// The sizes that a rule states number one per part and fill the range.
constexpr void require_stated_sizes(size_list const& pool, std::size_t first, cut const& c,
                                    std::size_t dim, index_t size) {
  if (c.sizes() == 0 && c.kind() != cut_kind::listed) return;
  index_t sum = 0;
  bool fit = true;
  for (std::size_t i = 0; i < c.sizes(); ++i) {
    index_t const stated = pool[first + i];
    if (stated < 0) extent_is_negative(dim, stated);
    fit = fit && stated <= size - sum;
    sum = saturated_sum(sum, stated);
    if (c.kind() == cut_kind::sections && stated % c.parts() != 0)
      dim_does_not_divide_over_its_device_axes(dim, stated, c.parts());
  }
  if (c.kind() == cut_kind::listed && static_cast<index_t>(c.sizes()) != c.parts())
    stated_sizes_differ_in_number(dim, c.sizes(), c.parts());
  if (!fit || sum != size) stated_sizes_do_not_fill_the_dim(dim, sum, size);
}

/// A range of that size divides as the rule demands.
constexpr void require_divisible(cut const& c, std::size_t dim, index_t size) {
  if (c.tail() != tail_rule::exact) return;
  bool const equal_sections = c.kind() == cut_kind::sections && c.block() != 0;
  if (!equal_sections && c.kind() != cut_kind::contiguous) return;
  index_t const sections = equal_sections ? c.block() : 1;
  if (size % c.parts() != 0 || size / c.parts() % sections != 0)
    dim_does_not_divide_over_its_device_axes(dim, size, saturated_product(c.parts(), sections));
}

/// A part from which on the sizes are those of `part`, up to the one returned.
constexpr index_t last_of_this_size(cut const& c, index_t size, index_t part) {
  index_t full = c.parts();  // where sizes may change, besides the part after it
  if (c.kind() == cut_kind::listed) return part;
  if (c.kind() == cut_kind::sections && c.block() != 0 && c.tail() != tail_rule::exact) return part;
  if (c.kind() == cut_kind::cyclic) full = size / c.block() % c.parts();
  if (c.kind() == cut_kind::contiguous && c.tail() == tail_rule::balanced) full = size % c.parts();
  if (c.kind() == cut_kind::contiguous && c.tail() == tail_rule::ceil && size > 0)
    full = size / part_interval({0, size}, c.tail(), c.parts(), 0).size;
  if (part == full) return part;
  return part < full && full <= c.parts() ? full - 1 : c.parts() - 1;
}

/// Every part of a range of `size` fits the rules of the cuts [at, end).
constexpr void require_fitting_cuts(tensor_map const& map, std::size_t dim, std::size_t at,
                                    std::size_t end, std::size_t sizes, index_t size) {
  if (at == end) return;
  cut const& c = map.cuts()[at];
  require_stated_sizes(map.sizes(), sizes, c, dim, size);
  require_divisible(c, dim, size);
  if (at + 1 == end) return;
  split const s{c, map.sizes().begin() + sizes, size};
  for (index_t part = 0; part < c.parts(); part = last_of_this_size(c, size, part) + 1)
    require_fitting_cuts(map, dim, at + 1, end, sizes + c.sizes(), s.below(part, size));
}
}  // namespace detail

/// Where every element of a tensor lives: extents, cut by a tensor map over a device matrix. A part
/// is a product of index sets, one per dim, and is stored row-major in their order. Valid from
/// construction; the empty layout is a scalar on one device.
///   throws: layout_error map_length_differs_from_rank, device_axis_does_not_exist,
///           device_axis_is_used_twice, digit_does_not_divide_its_axes,
///           dim_does_not_divide_over_its_device_axes (tail rule exact, sections),
///           stated_sizes_differ_in_number, stated_sizes_do_not_fill_the_dim
///   cost:   everything O(rank + cuts + axes), no allocation; O(parts) to construct where a cut
///           follows one with stated sizes or with sections by ceil or balanced
struct layout {
  device_matrix devices_;
  tensor_map map_;
  extents shape_;

  constexpr layout() = default;
  constexpr layout(device_matrix const& devices, tensor_map const& map, extents const& shape)
      : devices_(devices), map_(map), shape_(shape) {
    if (map.size() != shape.rank()) detail::map_length_differs_from_rank(map.size(), shape.rank());
    detail::require_valid_cuts(devices, map);
    for (std::size_t d = 0; d < shape.rank(); ++d)
      detail::require_fitting_cuts(map, d, map.first(d), map.first(d) + map.cuts_of(d),
                                   map.first_size(d), shape[d]);
  }

  [[nodiscard]] constexpr device_matrix const& devices() const noexcept { return devices_; }
  [[nodiscard]] constexpr tensor_map const& map() const noexcept { return map_; }
  [[nodiscard]] constexpr extents const& shape() const noexcept { return shape_; }

  /// A dim with its cuts; refers to this layout.
  [[nodiscard]] constexpr dim_cuts dim(std::size_t d) const { return {map_, d, shape_[d]}; }
  /// The part that a device holds.
  [[nodiscard]] constexpr part_index part_on(index_t device) const {
    return reshard::part_of(devices_, map_, device);
  }

  /// Sizes per dim of what the holders of a part store.
  [[nodiscard]] constexpr extents local_shape(part_index const& part) const {
    extents sizes;
    for (std::size_t d = 0; d < shape_.rank(); ++d)
      sizes.append(dim(d).size(part.begin() + map_.first(d)));
    return sizes;
  }
  /// Sizes per dim of what a device stores.
  ///   example: devices(2, 4) map((1), ()) shape(512, 1024) -> (256, 1024)
  [[nodiscard]] constexpr extents local_shape(index_t device) const {
    return local_shape(part_on(device));
  }

  /// The smallest box around a part: the part itself if every cut is contiguous. A dim of which the
  /// part has nothing is {0, 0}.
  [[nodiscard]] constexpr box box_of(part_index const& part) const {
    box out;
    for (std::size_t d = 0; d < shape_.rank(); ++d) {
      dim_cuts const along = dim(d);
      index_t const* const numbers = part.begin() + map_.first(d);
      index_t const size = along.size(numbers);
      index_t const first = size > 0 ? along.run(numbers, 0).offset : 0;
      index_t const end = size > 0 ? along.run(numbers, size - 1).offset + 1 : 0;
      out.push_back({first, end - first});
    }
    return out;
  }
  /// The smallest box around what a device holds.
  [[nodiscard]] constexpr box box_of(index_t device) const { return box_of(part_on(device)); }

  /// Calls sink(piece const&, grid_index const& local) for what the holders of a part store and
  /// where: maximal boxes, ascending by their place in the storage. local: that place per dim.
  template <class Sink> constexpr void for_each_piece(part_index const& part, Sink&& sink) const {
    extents const sizes = local_shape(part);
    if (sizes.elements() == 0) return;
    box where;
    grid_index local;
    add_dims(part, row_major_strides(sizes), where, local, sink);
  }
  /// As above, for a device.
  template <class Sink> constexpr void for_each_piece(index_t device, Sink&& sink) const {
    for_each_piece(part_on(device), sink);
  }

  /// The devices that agree with this one on every digit that cuts, ascending, itself included.
  [[nodiscard]] constexpr replica_group replicas_of(index_t device) const {
    return {devices_, map_, part_on(device)};
  }
  /// The devices that hold a part, ascending.
  [[nodiscard]] constexpr replica_group holders_of(part_index const& part) const {
    return {devices_, map_, part};
  }
  /// The part that holds an element.
  ///   throws: layout_error element_is_outside_the_tensor
  [[nodiscard]] constexpr part_index part_of(grid_index const& element) const {
    part_index part;
    for (std::size_t d = 0; d < shape_.rank(); ++d) {
      if (element[d] < 0 || element[d] >= shape_[d])
        detail::element_is_outside_the_tensor(d, element[d], shape_[d]);
      dim(d).locate(element[d], part);
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

 private:
  template <class Sink>
  constexpr void add_dims(part_index const& part, grid_index const& stride, box& where,
                          grid_index& local, Sink& sink) const {
    std::size_t const d = where.rank();
    if (d == shape_.rank())
      return sink(piece{where, stride, local}, static_cast<grid_index const&>(local));
    dim(d).for_each_segment(part.begin() + map_.first(d), {0, shape_[d]}, [&](segment const& s) {
      where.push_back({s.offset, s.size});
      local.push_back(s.local);
      add_dims(part, stride, where, local, sink);
      where.pop_back();
      local.pop_back();
    });
  }
};

/// How many elements a part of one layout and a part of another over the same shape have in common.
///   cost: O(runs of a's part), summed over the dims
[[nodiscard]] constexpr index_t common_elements(layout const& a, part_index const& a_part,
                                                layout const& b, part_index const& b_part) {
  index_t product = 1;
  for (std::size_t d = 0; d < a.shape().rank(); ++d) {
    dim_cuts const along = b.dim(d);
    index_t const* const numbers = b_part.begin() + b.map().first(d);
    index_t sum = 0;
    a.dim(d).for_each_segment(
        a_part.begin() + a.map().first(d), {0, a.shape()[d]}, [&](segment const& s) {
          sum += along.below(numbers, s.end()) - along.below(numbers, s.offset);
        });
    product *= sum;
  }
  return product;
}

/// Both layouts put the same elements on each device.
///   cost: O(devices x pieces)
[[nodiscard]] constexpr bool same_placement(layout const& a, layout const& b) {
  if (a.shape() != b.shape() || a.devices().devices() != b.devices().devices()) return false;
  for (index_t device = 0; device < a.devices().devices(); ++device) {
    part_index const a_part = a.part_on(device);
    part_index const b_part = b.part_on(device);
    index_t const elements = a.local_shape(a_part).elements();
    if (elements != b.local_shape(b_part).elements()) return false;
    if (elements != common_elements(a, a_part, b, b_part)) return false;
  }
  return true;
}

/// devices(2, 4) map((1), ()) shape(512, 1024)
template <character_sink Sink> constexpr void print(Sink& sink, layout const& l) {
  print(sink, l.devices());
  print(sink, " ");
  print(sink, l.devices(), l.map());
  print(sink, " ");
  print(sink, l.shape());
}

}  // namespace v1
}  // namespace reshard
