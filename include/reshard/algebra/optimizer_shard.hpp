#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void optimizer_shard_does_not_divide_the_replicas(index_t pieces,
                                                                      index_t replicas) {
  throw layout_error(errc::optimizer_shard_does_not_divide_the_replicas, __func__,
                     {pieces, " optimizer pieces of ", replicas, " replicas"});
}
}  // namespace detail

/// Takes all replicas of a part as its optimizer pieces.
inline constexpr index_t all_replicas = -1;

/// The axes that the map does not use, outermost first, without those of size 1: on them the
/// replicas of a part differ.
[[nodiscard]] constexpr axis_list replica_axes(device_matrix const& devices,
                                               tensor_map const& map) {
  axis_list axes;
  for (std::size_t a = devices.axes(); a-- > 0;) {
    auto const axis = static_cast<device_axis>(a);
    if (!map.uses(axis) && devices.size(axis) > 1) axes.push_back(axis);
  }
  return axes;
}
[[nodiscard]] constexpr axis_list replica_axes(layout const& l) {
  return replica_axes(l.devices(), l.map());
}

/// MindSpore's optimizer shard: the part of each device is cut once more, along `dim`, into
/// `pieces`; a device gets the piece (its position among the replicas, ascending) % pieces. The
/// replicas need not be neighbours. Without replicas all_replicas leaves the map as it is.
///   example: devices(4, 2) map((0), ()) shape(16, 8), 2 pieces: device 2 holds rows 4 to 7
///   throws:  layout_error optimizer_shard_does_not_divide_the_replicas, dim_does_not_exist, and
///            from the layout dim_does_not_divide_over_its_device_axes
///   source:  spec of MindSpore's parallel optimizer, opt_weight_shard_size
[[nodiscard]] constexpr tensor_map with_optimizer_shard(device_matrix const& devices,
                                                        tensor_map map, index_t pieces,
                                                        tensor_dim dim = tensor_dim{0},
                                                        cut_rule const& rule = {}) {
  axis_list const axes = replica_axes(devices, map);
  index_t const replicas = combinations(devices, axes);
  if (pieces == all_replicas) pieces = replicas;
  if (pieces < 1 || replicas % pieces != 0)
    detail::optimizer_shard_does_not_divide_the_replicas(pieces, replicas);
  if (pieces == 1) return map;
  detail::require_dim(static_cast<std::size_t>(dim), map.size());
  map.add_cut(static_cast<std::size_t>(dim), digit{axes, 1, pieces}, rule);
  return map;
}
[[nodiscard]] constexpr layout with_optimizer_shard(layout const& l, index_t pieces,
                                                    tensor_dim dim = tensor_dim{0},
                                                    cut_rule const& rule = {}) {
  return {l.devices(), with_optimizer_shard(l.devices(), l.map(), pieces, dim, rule), l.shape()};
}

}  // namespace v1
}  // namespace reshard
