#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void optimizer_shard_does_not_divide_the_replicas(index_t pieces,
                                                                      index_t replicas) {
  throw layout_error{errc::optimizer_shard_does_not_divide_the_replicas,
                     __func__,
                     pieces,
                     " optimizer pieces of ",
                     replicas,
                     " replicas"};
}
[[noreturn]] inline void dim_does_not_exist(std::size_t dim, std::size_t rank) {
  throw layout_error{errc::dim_does_not_exist,
                     __func__,
                     "dim ",
                     static_cast<index_t>(dim),
                     " does not exist, the tensor has rank ",
                     static_cast<index_t>(rank)};
}
}  // namespace detail

/// Takes all replicas of a part as its optimizer pieces.
inline constexpr index_t all_replicas = -1;

/// The axes that the map does not use, outermost first, without those of size 1: on them the
/// replicas of a part differ.
[[nodiscard]] constexpr axis_list replica_axes(layout const& l) {
  axis_list axes;
  for (std::size_t a = l.devices().axes(); a-- > 0;) {
    auto const axis = static_cast<device_axis>(a);
    if (!l.map().uses(axis) && l.devices().size(axis) > 1) axes.push_back(axis);
  }
  return axes;
}

/// MindSpore's optimizer shard: the part of each device is cut once more, along `dim`, into
/// `pieces`; a device gets the piece (its position among the replicas, ascending) % pieces. The
/// replicas need not be neighbours. Without replicas all_replicas leaves the layout as it is.
///   example: devices(4, 2) map((0), ()) shape(16, 8), 2 pieces: device 2 holds rows 4 to 7
///   throws:  layout_error optimizer_shard_does_not_divide_the_replicas, dim_does_not_exist,
///            dim_does_not_divide_over_its_device_axes
///   source:  spec of MindSpore's parallel optimizer, opt_weight_shard_size
[[nodiscard]] constexpr layout with_optimizer_shard(layout const& l, index_t pieces,
                                                    tensor_dim dim = tensor_dim{0},
                                                    tail_rule tail = tail_rule::exact) {
  axis_list const axes = replica_axes(l);
  index_t const replicas = combinations(l.devices(), axes);
  if (pieces == all_replicas) pieces = replicas;
  if (pieces < 1 || replicas % pieces != 0)
    detail::optimizer_shard_does_not_divide_the_replicas(pieces, replicas);
  if (pieces == 1) return l;
  auto const d = static_cast<std::size_t>(dim);
  if (d >= l.shape().rank()) detail::dim_does_not_exist(d, l.shape().rank());
  tensor_map map = l.map();
  map.add_cut(l.index_grid().first(d), cut{digit{axes, 1, pieces}, tail});
  return layout{l.devices(), l.index_grid(), map, l.shape()};
}

}  // namespace v1
}  // namespace reshard
