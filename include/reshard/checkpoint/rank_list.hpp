#pragma once

#include <reshard/checkpoint/open.hpp>
#include <reshard/checkpoint/strategy_layout.hpp>
#include <reshard/plan/mindspore_ranks.hpp>
#include <reshard/plan/parts.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Which source ranks count as needed.
///   minimal:   a holder of every part that meets the destination's, ascending. Holders that serve
///              other parts as well come first, then the rank of the same local number, then the
///              lowest
///   mindspore: what rank_list_for_transform answers, descending
enum class rank_list_rule { minimal, mindspore };

/// A strategy's entry in the form that MindSpore's derivation works on.
[[nodiscard]] inline mindspore_layout mindspore_layout_of(parameter_layout const& p) {
  mindspore_layout out;
  for (index_t const size : p.device_matrix) out.devices.push_back(size);
  for (std::vector<index_t> const& entry : p.tensor_map) {
    factor_list axes;
    for (index_t const axis : entry) axes.push_back(axis);
    out.map.push_back(axes);
  }
  out.form = p.nested_map ? map_form::nested : map_form::plain;
  out.shard_step = p.opt_weight_shard_step;
  out.shard_size = p.opt_weight_shard_size;
  return out;
}

namespace detail {
/// Collects the ranks that one destination rank needs, parameter by parameter.
class rank_search {
 public:
  rank_search(index_t rank, strategy const& from, strategy const* to, rank_list_rule rule)
      : rank_(rank), source_(stages_of(from)), rule_(rule) {
    if (to != nullptr) to_ = stages_of(*to);
    merged_ = to == nullptr;
    stage_ = merged_ ? 0 : rank / to_.devices;
    if (rank < 0 || (!merged_ && stage_ >= to_.stages))
      device_does_not_exist(rank, to_.stages * to_.devices);
    for (parameter_layout const& p : from.parameters) add(p);
    if (stages_.empty())
      names_do_not_match("no parameter of the source belongs to the stage of rank " +
                         std::to_string(rank));
  }

  [[nodiscard]] std::vector<index_t> minimal() const {
    std::vector<std::vector<index_t>> parts(holders_.begin(), holders_.end());
    std::stable_sort(parts.begin(), parts.end(),
                     [](auto const& a, auto const& b) { return a.size() < b.size(); });
    std::set<index_t> ranks;
    for (std::vector<index_t> const& holders : parts) {
      if (std::any_of(holders.begin(), holders.end(), [&](auto r) { return ranks.contains(r); }))
        continue;
      auto const own = std::find_if(holders.begin(), holders.end(), [&](index_t holder) {
        return holder % source_.devices == rank_ % to_.devices;
      });
      ranks.insert(own != holders.end() ? *own : holders.front());
    }
    return {ranks.begin(), ranks.end()};
  }
  [[nodiscard]] std::vector<index_t> mindspore() const {
    std::vector<index_t> all;
    for (auto stage = stages_.rbegin(); stage != stages_.rend(); ++stage)
      for (auto local = ranks_.rbegin(); local != ranks_.rend(); ++local)
        all.push_back(*stage * source_.devices + *local);
    return all;
  }

 private:
  struct pair {
    index_t stage;
    mindspore_layout from;
    mindspore_layout to;
    friend bool operator==(pair const&, pair const&) = default;
  };

  /// The entry of a name that MindSpore's reader chooses: stage 0's for ranks of stage 0, else the
  /// last stage's; null if the destination's stage does not have the name.
  [[nodiscard]] parameter_layout const* chosen(
      std::vector<parameter_layout const*> const& list) const {
    bool here = false;
    for (parameter_layout const* p : list) here = here || p->stage == stage_;
    if (!here) return nullptr;
    return stage_ == 0 ? list.front() : list.back();
  }

  void add(parameter_layout const& p) {
    parameter_layout const* to = nullptr;
    if (!merged_) {
      auto const found = to_.layouts.find(p.name);
      if (found != to_.layouts.end() && (to = chosen(found->second)) == nullptr) return;
    }
    stages_.insert(p.stage);
    parameter_layout const& lowest = *source_.layouts.at(p.name).front();
    if (&p != &lowest || (!merged_ && to == nullptr)) return;
    pair const both{rule_ == rank_list_rule::minimal ? p.stage : 0, mindspore_layout_of(p),
                    to == nullptr ? on_one_device(p.tensor_map.size()) : mindspore_layout_of(*to)};
    if (std::find(done_.begin(), done_.end(), both) != done_.end()) return;
    done_.push_back(both);
    if (rule_ == rank_list_rule::minimal) return add_parts(both);
    for_each_mindspore_rank(both.from, both.to, local(),
                            [&](index_t source) { ranks_.insert(source); });
  }

  /// A rank of a stage of one device is not reduced.
  [[nodiscard]] index_t local() const { return to_.devices > 1 ? rank_ % to_.devices : rank_; }

  void add_parts(pair const& both) {
    require_valid(both.from);
    require_valid(both.to);
    if (both.from.device_count() > max_index / both.to.device_count())
      element_count_overflows(0, both.from.device_count());
    extents shape;  // divides under both; what meets what does not depend on the real one
    for (std::size_t d = 0; d < both.from.map.size(); ++d)
      shape.append(both.from.parts(d) * (d < both.to.map.size() ? both.to.parts(d) : 1) *
                   (d == 0 ? shard_pieces(both.from) * shard_pieces(both.to) : 1));
    layout const from = layout_of(both.from, shape);
    layout const to = layout_of(both.to, shape);
    for_each_part(from, part_target{to, to.part_on(rank_ % to_.devices)}, [&](met_part const& met) {
      replica_group const group = from.holders_of(met.part);
      std::vector<index_t> holders;
      for (index_t k = 0; k < group.size(); ++k)
        holders.push_back(both.stage * source_.devices + group[k]);
      holders_.insert(std::move(holders));
    });
  }
  static index_t shard_pieces(mindspore_layout const& l) {
    return l.is_sharded() ? pieces_of(l, replica_axes_of(l)) : 1;
  }
  static layout layout_of(mindspore_layout const& l, extents const& shape) {
    device_matrix const devices{l.devices.begin(), l.devices.end()};
    layout const plain{devices, nested_map(devices, l.map), shape};
    return shard_pieces(l) > 1 ? with_optimizer_shard(plain, shard_pieces(l)) : plain;
  }

  index_t rank_;
  stage_table source_;
  stage_table to_;
  rank_list_rule rule_;
  bool merged_ = false;  // the destination is one device that holds everything
  index_t stage_ = 0;
  std::set<std::vector<index_t>> holders_;  // minimal: of each part, any will do
  std::set<index_t> ranks_;                 // mindspore: local to a stage
  std::set<index_t> stages_;                // of the source's remaining parameters
  std::vector<pair> done_;
};
}  // namespace detail

/// The source ranks whose files a destination rank needs.
///   from:    null = complete weights, on rank 0
///   to:      null = complete weights; else `rank` counts over all stages
///   example: 4-way rows to complete weights: 0, 1, 2, 3
///   throws:  layout_error device_does_not_exist for a rank beyond the last stage, those of the
///   maps;
///            plan_error device_counts_do_not_divide (mindspore); checkpoint_error
///            names_do_not_match when no parameter of the source is left
///   source:  mindspore.rank_list_for_transform
[[nodiscard]] inline std::vector<index_t> rank_list(index_t rank, strategy const* from,
                                                    strategy const* to,
                                                    rank_list_rule rule = rank_list_rule::minimal) {
  if (from == nullptr) return {0};
  detail::rank_search const search{rank, *from, to, rule};
  return rule == rank_list_rule::minimal ? search.minimal() : search.mindspore();
}

}  // namespace v1
}  // namespace reshard
