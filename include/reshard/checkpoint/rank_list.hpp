#pragma once

#include <reshard/checkpoint/open.hpp>
#include <reshard/plan/transfers.hpp>

#include <set>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Which answer is wanted: the fewest files that are enough, or what MindSpore's
/// rank_list_for_transform asks for, which may be more.
enum class rank_list_rule { minimal, mindspore };

namespace detail {
/// Cuts per dim of a layout that a strategy states, the optimizer pieces in dim 0 included.
inline std::vector<index_t> cut_counts(parameter_layout const& p) {
  extents nothing;
  for (std::size_t d = 0; d < p.tensor_map.size(); ++d) nothing.append(0);
  layout const l = strategy_layout(p, nothing);
  std::vector<index_t> counts;
  for (std::size_t d = 0; d < l.map().size(); ++d) {
    counts.push_back(1);
    for (std::size_t c = 0; c < l.map().cuts_of(d); ++c)
      counts.back() *= l.map().cuts()[l.map().first(d) + c].parts();
  }
  return counts;
}

/// A shape that every cut of both layouts divides: which parts meet depends on the cuts only.
inline extents divisible_shape(parameter_layout const& from, parameter_layout const* to) {
  std::vector<index_t> sizes = cut_counts(from);
  std::vector<index_t> const other = to == nullptr ? std::vector<index_t>{} : cut_counts(*to);
  for (std::size_t d = 0; d < sizes.size() && d < other.size(); ++d) sizes[d] *= other[d];
  return {sizes.begin(), sizes.end()};
}

inline void add_needed(std::set<index_t>& ranks, parameter_layout const& from, index_t from_devices,
                       parameter_layout const* to, index_t to_devices, index_t rank) {
  extents const shape = divisible_shape(from, to);
  layout const source = strategy_layout(from, shape);
  index_t const first = from.stage * from_devices;
  box const target = to == nullptr ? box{source.index_grid()}
                                   : strategy_layout(*to, shape).box_of(rank % to_devices);
  for_each_part(source, target, [&](met_part const& met) {
    ranks.insert(first + serving_holder(source, met.part, rank - first, all_present{}));
  });
}

inline std::vector<index_t> minimal_ranks(index_t rank, strategy const& from, strategy const* to) {
  stage_table const source = stages_of(from);
  stage_table const destination = to == nullptr ? stage_table{} : stages_of(*to);
  index_t const ranks = destination.devices * destination.stages;
  if (rank < 0 || rank >= ranks) device_does_not_exist(rank, ranks);
  std::set<index_t> needed;
  for (auto const& [name, stages] : source.layouts) {
    if (to == nullptr) {
      add_needed(needed, *stages.front(), source.devices, nullptr, 1, rank);
      continue;
    }
    auto const listed = destination.layouts.find(name);
    if (listed == destination.layouts.end()) continue;
    for (parameter_layout const* p : listed->second)
      if (p->stage == rank / destination.devices)
        add_needed(needed, *stages.front(), source.devices, p, destination.devices, rank);
  }
  return {needed.begin(), needed.end()};
}
}  // namespace detail

/// The source ranks whose files destination rank `rank` needs, ascending. Without a source
/// strategy: 0.
///   throws: layout_error device_does_not_exist; checkpoint_error layouts_disagree
///   source: rank_list_for_transform; minimal: one rank of each group that holds a needed part
[[nodiscard]] inline std::vector<index_t> rank_list(index_t rank, strategy const* from,
                                                    strategy const* to,
                                                    rank_list_rule rule = rank_list_rule::minimal) {
  if (from == nullptr) return {0};
  if (rule == rank_list_rule::mindspore)
    detail::arguments_disagree(
        "--rule mindspore is not built yet; minimal names the files that are enough");
  return detail::minimal_ranks(rank, *from, to);
}

}  // namespace v1
}  // namespace reshard
