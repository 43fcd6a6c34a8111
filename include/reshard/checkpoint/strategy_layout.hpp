#pragma once

#include <reshard/algebra/global_shape.hpp>
#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/checkpoint/error.hpp>
#include <reshard/codec/strategy.hpp>

#include <algorithm>
#include <string>

namespace reshard {
inline namespace v1 {
namespace detail {
inline void require_even_table(parameter_layout const& p) {
  if (p.param_split_shape.empty() && p.field == 0) return;
  layouts_disagree("parameter '" + p.name + "': uneven table splits (param_split_shape of " +
                   std::to_string(p.param_split_shape.size()) + " entries, field " +
                   std::to_string(p.field) + ") are not supported");
}

/// The optimizer pieces that a strategy asks for; 1 = none.
inline index_t optimizer_pieces(parameter_layout const& p, layout const& l) {
  if (p.opt_weight_shard_step == 0 || p.opt_weight_shard_size == 0) return 1;
  index_t const replicas = combinations(l.devices(), replica_axes(l));
  if (p.opt_weight_shard_size < 0) return replicas;
  return std::min(p.opt_weight_shard_size, replicas);
}

/// The extent of which `parts` parts have this size each.
inline index_t joined_extent(std::size_t dim, index_t size, index_t parts) {
  if (size > max_index / parts) element_count_overflows(dim, size);
  return size * parts;
}

inline tensor_map strategy_map(parameter_layout const& p, device_matrix const& devices,
                               std::size_t rank, cut_rule const& rule) {
  bool const whole = std::all_of(p.tensor_map.begin(), p.tensor_map.end(),
                                 [](auto const& axes) { return axes.empty(); });
  if (rank == 0 && whole) return {};  // a scalar may carry a map of one uncut dim
  if (p.sections.empty()) return nested_map(devices, p.tensor_map, rule);
  if (p.sections.size() > p.tensor_map.size())
    layouts_disagree("parameter '" + p.name + "': sections of " +
                     std::to_string(p.sections.size()) + " dims, a map of " +
                     std::to_string(p.tensor_map.size()));
  tensor_map map;
  for (std::size_t d = 0; d < p.tensor_map.size(); ++d) {
    std::vector<index_t> const& axes = p.tensor_map[d];
    size_list sizes;
    if (d < p.sections.size())
      for (index_t const size : p.sections[d]) sizes.push_back(size);
    append_axes(map, devices, axes.data(), axes.data() + axes.size(),
                sizes.empty() ? rule : cut_rule::sections(sizes));
  }
  return map;
}
}  // namespace detail

/// The layout that a strategy gives a tensor of this global shape.
///   tail: what to do where a cut does not divide; MindSpore knows exact only
///   throws: layout_error (the rule), checkpoint_error layouts_disagree for uneven table splits
///   source: node_strategy.proto; spec of opt_weight_shard_step and _size
[[nodiscard]] inline layout strategy_layout(parameter_layout const& p, extents const& shape,
                                            tail_rule tail = tail_rule::exact) {
  detail::require_even_table(p);
  device_matrix const devices{p.device_matrix.begin(), p.device_matrix.end()};
  layout const l{devices, detail::strategy_map(p, devices, shape.rank(), tail), shape};
  return with_optimizer_shard(l, detail::optimizer_pieces(p, l), tensor_dim{0}, tail);
}

/// The layout whose every device stores a tensor of this local shape: the full shape is stored
/// nowhere.
///   throws: as above
[[nodiscard]] inline layout strategy_layout_of_slice(parameter_layout const& p,
                                                     extents const& local) {
  detail::require_even_table(p);
  device_matrix const devices{p.device_matrix.begin(), p.device_matrix.end()};
  tensor_map const map = detail::strategy_map(p, devices, local.rank(), tail_rule::exact);
  if (map.size() != local.rank()) detail::map_length_differs_from_rank(map.size(), local.rank());
  extents shape;
  for (std::size_t d = 0; d < local.rank(); ++d) {
    index_t parts = 1;
    for (std::size_t c = 0; c < map.cuts_of(d); ++c) parts *= map.cuts()[map.first(d) + c].parts();
    shape.append(detail::joined_extent(d, local[d], parts));
  }
  index_t const pieces = detail::optimizer_pieces(p, layout{devices, map, shape});
  if (pieces == 1) return layout{devices, map, shape};
  if (local.rank() == 0) detail::dim_does_not_exist(0, 0);
  shape.sizes_[0] = detail::joined_extent(0, shape[0], pieces);
  return strategy_layout(p, extents{shape.begin(), shape.end()});
}

}  // namespace v1
}  // namespace reshard
