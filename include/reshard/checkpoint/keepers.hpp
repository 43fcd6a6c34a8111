#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/plan/redundancy.hpp>

#include <numeric>

namespace reshard {
inline namespace v1 {

/// Which of the ranks that hold one part of a tensor keeps it when redundancy is removed.
///   bytes:     the largest parts first, each goes to the rank that has the fewest bytes so far
///   mindspore: the ranks take turns, in the order of the names (remove_param_redundancy)
enum class keeper_rule { bytes, mindspore };

namespace detail {

/// A part of a tensor and the ranks that hold it.
struct replicated_part {
  std::size_t tensor = 0;
  std::size_t placement = 0;
  std::vector<index_t> ranks;
  std::uint64_t bytes = 0;
};

inline std::vector<replicated_part> replicated_parts(std::span<planned_tensor const> tensors) {
  std::vector<replicated_part> parts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    catalog_tensor const& t = tensors[i].to;
    for (std::size_t p = 0; t.listed && p < t.placements.size(); ++p) {
      placement const& at = t.placements[p];
      for_each_redundancy_group(*at.where, [&](replica_group const& group) {
        replicated_part part{i, p, {}, 0};
        for (index_t k = 0; k < group.size(); ++k) part.ranks.push_back(at.first_rank + group[k]);
        part.bytes = group_of(t.type).bytes *
                     static_cast<std::uint64_t>(at.where->local_shape(group[0]).elements());
        parts.push_back(std::move(part));
      });
    }
  }
  return parts;
}

/// The keeper of every part.
inline std::vector<index_t> keepers_in_turn(std::span<planned_tensor const> tensors,
                                            std::span<replicated_part const> parts) {
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[parts[a].tensor].to.name < tensors[parts[b].tensor].to.name;
  });
  std::map<std::vector<index_t>, std::size_t> turns;
  std::vector<index_t> keepers(parts.size());
  for (std::size_t const i : order) {
    std::vector<index_t> const& ranks = parts[i].ranks;
    keepers[i] = ranks[turns[ranks]++ % ranks.size()];
  }
  return keepers;
}
inline std::vector<index_t> keepers_by_bytes(std::span<replicated_part const> parts) {
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    bool const one_a = parts[a].ranks.size() == 1;  // nobody can choose: these come first
    bool const one_b = parts[b].ranks.size() == 1;
    return one_a != one_b ? one_a : parts[a].bytes > parts[b].bytes;
  });
  std::map<index_t, std::uint64_t> held;
  std::vector<index_t> keepers(parts.size());
  for (std::size_t const i : order) {
    keepers[i] =
        *std::min_element(parts[i].ranks.begin(), parts[i].ranks.end(), [&](index_t a, index_t b) {
          return std::pair{held[a], a} < std::pair{held[b], b};
        });
    held[keepers[i]] += parts[i].bytes;
  }
  return keepers;
}
}  // namespace detail

/// Leaves of every part of a tensor whose layout a strategy states one copy in the files of a plan;
/// other tensors stay in all files. Of a plan with a file for every rank.
///   cost: O(parts * ranks of a part)
inline void remove_redundancy(conversion_plan& plan, keeper_rule rule) {
  auto const parts = detail::replicated_parts(plan.tensors);
  auto const keepers = rule == keeper_rule::bytes ? detail::keepers_by_bytes(parts)
                                                  : detail::keepers_in_turn(plan.tensors, parts);
  std::set<std::tuple<std::size_t, std::size_t, index_t>> kept;
  for (std::size_t i = 0; i < parts.size(); ++i)
    kept.emplace(parts[i].tensor, parts[i].placement, keepers[i]);
  for (planned_file& file : plan.files)
    std::erase_if(file.entries, [&](planned_entry const& e) {
      catalog_tensor const& t = plan.tensors[e.tensor].to;
      return t.listed && !kept.contains({e.tensor, e.placement,
                                         t.placements[e.placement].first_rank + e.device});
    });
}

}  // namespace v1
}  // namespace reshard
