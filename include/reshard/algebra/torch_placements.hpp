#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// torch's DTensor placement on one axis of its mesh.
struct torch_placement {
  enum class kind : std::uint8_t { replicate, shard, strided_shard, partial };
  kind kind_ = kind::replicate;
  tensor_dim dim_{};
  index_t split_factor_ = 0;

  static constexpr torch_placement replicate() { return {}; }
  static constexpr torch_placement shard(tensor_dim dim) { return {kind::shard, dim, 0}; }
  /// The dim is cut in split_factor chunks, each chunk over the axis.
  static constexpr torch_placement strided_shard(tensor_dim dim, index_t split_factor) {
    return {kind::strided_shard, dim, split_factor};
  }
  /// A pending sum. No device holds elements of the tensor, so there is no layout.
  static constexpr torch_placement partial() { return {kind::partial, {}, 0}; }
  friend constexpr bool operator==(torch_placement const&, torch_placement const&) = default;
};

using torch_placements = inplace_vector<torch_placement, max_axes>;

namespace detail {
[[noreturn]] inline void pending_sum_has_no_layout(std::size_t mesh_axis) {
  throw layout_error(errc::pending_sum_has_no_layout, __func__,
                     {"mesh axis ", mesh_axis, " holds a pending sum"});
}
[[noreturn]] inline void placements_differ_from_device_axes(std::size_t placements,
                                                            std::size_t axes) {
  throw layout_error(errc::placements_differ_from_device_axes, __func__,
                     {placements, " placements for ", axes, " device axes"});
}
}  // namespace detail

/// The map of DTensor placements, one per axis of the mesh from left to right: every axis cuts what
/// the axes before it left, by torch.chunk.
///   rule_of: callable, dim -> cut_rule, in place of ceil; rules other than ceil cut once over all
///            axes of the dim, unless one of them is a strided_shard
///   throws:  layout_error pending_sum_has_no_layout, placements_differ_from_device_axes,
///            dim_does_not_exist, block_is_not_positive
///   source:  torch.distributed.tensor.placement_types
template <class RuleOf>
[[nodiscard]] constexpr tensor_map torch_map(device_matrix const& mesh,
                                             torch_placements const& placements, std::size_t rank,
                                             RuleOf const& rule_of) {
  using kind = torch_placement::kind;
  if (placements.size() != mesh.axes())
    detail::placements_differ_from_device_axes(placements.size(), mesh.axes());
  for (std::size_t i = 0; i < placements.size(); ++i) {
    if (placements[i].kind_ == kind::partial) detail::pending_sum_has_no_layout(i);
    if (placements[i].kind_ != kind::replicate)
      detail::require_dim(static_cast<std::size_t>(placements[i].dim_), rank);
  }
  tensor_map map;
  for (std::size_t d = 0; d < rank; ++d) {
    cut_rule const rule = rule_of(d);
    axis_list axes;
    torch_placements cuts;
    bool strided = false;
    for (std::size_t i = 0; i < placements.size(); ++i) {
      if (placements[i].kind_ == kind::replicate) continue;
      if (static_cast<std::size_t>(placements[i].dim_) != d) continue;
      axes.push_back(static_cast<device_axis>(mesh.axes() - 1 - i));
      cuts.push_back(placements[i]);
      strided = strided || placements[i].kind_ == kind::strided_shard;
    }
    map.append(mesh, strided ? axis_list{} : axes, rule);
    for (std::size_t i = 0; strided && i < axes.size(); ++i)
      map.add_cut(d, digit{mesh, {axes[i]}},
                  cuts[i].kind_ == kind::shard
                      ? rule
                      : cut_rule::sections(cuts[i].split_factor_, rule.tail_));
  }
  return map;
}

/// The layout of DTensor placements.
///   throws: as torch_map, and those of layout
[[nodiscard]] constexpr layout torch_layout(device_matrix const& mesh,
                                            torch_placements const& placements,
                                            extents const& shape) {
  auto const ceil = [](std::size_t) { return cut_rule{tail_rule::ceil}; };
  return {mesh, torch_map(mesh, placements, shape.rank(), ceil), shape};
}

}  // namespace v1
}  // namespace reshard
