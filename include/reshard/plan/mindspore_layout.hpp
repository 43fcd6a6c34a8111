#pragma once

#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/plan/plain_layout.hpp>

namespace reshard {
inline namespace v1 {

/// How a strategy file writes tensor maps: one axis per dim, or a list of axes per dim.
enum class map_form : std::uint8_t { plain, nested };

/// The layout of a parameter as MindSpore's converter sees it, without a shape.
///   devices:    outermost first
///   map:        per dim the axes that cut it, counted from the right, most significant first
///   shard_step: distance between the devices that share an optimizer shard; 0 = not sharded
///   shard_size: optimizer pieces; 0 = not sharded, all_replicas = as many as there are replicas
struct mindspore_layout {
  factor_list devices;
  inplace_vector<factor_list, 16> map;
  map_form form = map_form::plain;
  index_t shard_step = 0;
  index_t shard_size = 0;

  [[nodiscard]] constexpr bool is_sharded() const noexcept {
    return shard_step != 0 && shard_size != 0;
  }
  [[nodiscard]] constexpr index_t device_count() const noexcept {
    index_t product = 1;
    for (index_t const size : devices) product *= size;
    return product;
  }
  [[nodiscard]] constexpr index_t axis_size(index_t axis) const noexcept {
    return devices[devices.size() - 1 - static_cast<std::size_t>(axis)];
  }
  [[nodiscard]] constexpr index_t parts(std::size_t dim) const noexcept {
    index_t product = 1;
    for (index_t const axis : map[dim]) product *= axis_size(axis);
    return product;
  }
  [[nodiscard]] constexpr bool uses(index_t axis) const noexcept {
    for (factor_list const& axes : map)
      if (axes.contains(axis)) return true;
    return false;
  }
  friend constexpr bool operator==(mindspore_layout const&, mindspore_layout const&) = default;
};

/// Everything on one device, as MindSpore takes a missing strategy.
[[nodiscard]] constexpr mindspore_layout on_one_device(std::size_t rank) {
  mindspore_layout whole;
  whole.devices.push_back(1);
  for (std::size_t d = 0; d < rank; ++d) whole.map.push_back({});
  return whole;
}

namespace detail {
[[noreturn]] inline void optimizer_shard_step_is_not_the_replica_stride(index_t step,
                                                                        index_t stride) {
  throw layout_error(
      errc::optimizer_shard_step_is_not_the_replica_stride, __func__,
      {"the optimizer shard has step ", step, ", the replicas are ", stride, " apart"});
}

/// The devices can be counted, every axis exists and cuts once.
constexpr void require_valid(mindspore_layout const& l) {
  device_matrix const devices{l.devices.begin(), l.devices.end()};
  factor_list used;
  for (factor_list const& axes : l.map)
    for (index_t const axis : axes) {
      if (used.contains(static_cast<index_t>(devices.axis(axis)))) device_axis_is_used_twice(axis);
      used.push_back(axis);
    }
}

/// A layout whose optimizer shard has become device axes and tensor dims, and its shape.
struct folded_layout {
  mindspore_layout layout;
  factor_list shape;
};

/// Axes from the right that the map does not use, innermost first, without those of size 1.
constexpr factor_list replica_axes_of(mindspore_layout const& l) {
  factor_list axes;
  for (index_t a = 0; a < static_cast<index_t>(l.devices.size()); ++a)
    if (l.axis_size(a) > 1 && !l.uses(a)) axes.push_back(a);
  return axes;
}

/// MindSpore's way for replicas on the outermost axis. It orders the axes like the dims, which is
/// wrong for maps that do not descend; reproduced on purpose.
constexpr folded_layout folded_over_outermost(mindspore_layout const& l, factor_list const& shape,
                                              index_t pieces) {
  folded_layout out;
  std::size_t const rank = l.map.size();
  index_t const copies = l.device_count() / (l.shard_step * pieces);
  if (copies > 1) out.layout.devices.push_back(copies);
  out.layout.devices.push_back(pieces);
  for (std::size_t d = 0; d < rank; ++d) {
    index_t const parts = l.parts(d);
    out.layout.devices.push_back(parts);
    factor_list axes;
    if (parts != 1) axes.push_back(static_cast<index_t>(rank - 1 - d));
    out.layout.map.push_back(axes);
    if (d == 0) {
      out.layout.map.push_back({static_cast<index_t>(rank)});
      out.shape.push_back(parts);
      out.shape.push_back(shape[0] / parts);
    } else {
      out.shape.push_back(shape[d]);
    }
  }
  return out;
}

/// Cuts the axis into size / inner and inner; numbers from this axis on grow by one.
constexpr void split_axis(mindspore_layout& l, index_t axis, index_t inner) {
  std::size_t const at = l.devices.size() - 1 - static_cast<std::size_t>(axis);
  l.devices[at] /= inner;
  l.devices.insert(at + 1, inner);
  for (factor_list& axes : l.map)
    for (index_t& number : axes) number += number >= axis ? 1 : 0;
}

/// Gives the innermost replica axes to dim 0, as far as the pieces go.
constexpr folded_layout folded_over_innermost(mindspore_layout l, factor_list const& shape,
                                              factor_list const& replicas, index_t pieces) {
  factor_list chosen;  // outermost first
  index_t need = pieces;
  for (index_t const axis : replicas) {
    index_t taken = l.axis_size(axis);
    if (need < taken) {
      if (taken % need != 0) optimizer_shard_does_not_divide_the_replicas(pieces, taken);
      taken = need;
      split_axis(l, axis, need);
    }
    if (need % taken != 0) optimizer_shard_does_not_divide_the_replicas(pieces, taken);
    need /= taken;
    chosen.insert(0, axis);
    if (need == 1) break;
  }
  folded_layout out{{l.devices, {}}, {}};
  index_t rest = shape[0] / l.parts(0);
  out.layout.map.push_back(l.map[0]);
  out.shape.push_back(l.parts(0));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    out.layout.map.push_back({chosen[i]});
    out.shape.push_back(i + 1 < chosen.size() ? l.axis_size(chosen[i]) : rest);
    rest /= l.axis_size(chosen[i]);
  }
  for (std::size_t d = 1; d < shape.size(); ++d) {
    out.layout.map.push_back(l.map[d]);
    out.shape.push_back(shape[d]);
  }
  return out;
}

/// No more pieces than replicas, as MindSpore writes them.
constexpr index_t pieces_of(mindspore_layout const& l, factor_list const& replicas) {
  index_t product = 1;
  for (index_t const axis : replicas) product *= l.axis_size(axis);
  return l.shard_size > 0 && l.shard_size < product ? l.shard_size : product;
}

/// Folds the optimizer shard into devices, map and shape.
constexpr folded_layout folded(mindspore_layout const& l, factor_list const& shape) {
  if (l.map.size() != shape.size()) map_length_differs_from_rank(l.map.size(), shape.size());
  require_valid(l);
  if (!l.is_sharded()) return {l, shape};
  if (shape.empty()) dim_does_not_exist(0, 0);
  factor_list const replicas = replica_axes_of(l);
  index_t const pieces = pieces_of(l, replicas);
  if (replicas.empty()) optimizer_shard_does_not_divide_the_replicas(pieces, 1);
  if (l.form == map_form::nested) return folded_over_innermost(l, shape, replicas, pieces);
  if (replicas.size() == 1) {
    index_t stride = 1;
    for (index_t a = 0; a < replicas[0]; ++a) stride *= l.axis_size(a);
    if (stride != l.shard_step)
      optimizer_shard_step_is_not_the_replica_stride(l.shard_step, stride);
  }
  bool const some = replicas.size() > 1 && replicas.size() < l.devices.size();
  bool const outermost = replicas.back() == static_cast<index_t>(l.devices.size()) - 1;
  if (some || !outermost) return folded_over_innermost(l, shape, replicas, pieces);
  if (l.device_count() % (l.shard_step * pieces) != 0)
    optimizer_shard_does_not_divide_the_replicas(pieces, l.device_count() / l.shard_step);
  return folded_over_outermost(l, shape, pieces);
}
}  // namespace detail

/// The layout with one axis per dim at most: the optimizer shard and every further axis of a dim
/// get dims of their own.
///   example: devices(4, 2) map((0), ()) shape(16, 8), step 2, 2 pieces:
///            devices(2, 2, 2, 1) map(1, 2, -1) shape(2, 8, 8)
///   throws:  layout_error
///   source:  _construct_tensor_layout_for_opt_shard, _expand_layout in
///            mindspore/parallel/_tensor.py
[[nodiscard]] constexpr plain_layout expanded(mindspore_layout const& l, factor_list const& shape) {
  detail::folded_layout const folded = detail::folded(l, shape);
  plain_layout out{folded.layout.devices, {}, {}};
  for (std::size_t d = 0; d < folded.shape.size(); ++d) {
    factor_list const& axes = folded.layout.map[d];
    index_t rest = folded.shape[d];
    for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
      out.shape.push_back(folded.layout.axis_size(axes[i]));
      out.map.push_back(axes[i]);
      rest /= folded.layout.axis_size(axes[i]);
    }
    out.shape.push_back(rest);
    out.map.push_back(axes.empty() ? no_axis : axes.back());
  }
  return out;
}

/// What each device stores.
[[nodiscard]] constexpr factor_list stored_shape(mindspore_layout const& l,
                                                 factor_list const& shape) {
  factor_list stored = shape;
  for (std::size_t d = 0; d < stored.size(); ++d) stored[d] /= l.parts(d);
  if (l.is_sharded()) stored[0] /= detail::pieces_of(l, detail::replica_axes_of(l));
  return stored;
}

}  // namespace v1
}  // namespace reshard
