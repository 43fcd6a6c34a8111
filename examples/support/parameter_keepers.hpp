#pragma once

#include <reshard/plan/redundancy.hpp>

#include "layout_json.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tools {

/// The replica groups of a layout, in MindSpore's order.
inline std::vector<std::vector<reshard::index_t>> redundancy_groups(reshard::layout const& l) {
  std::vector<std::vector<reshard::index_t>> groups;
  for_each_redundancy_group(l, [&](reshard::replica_group const& group) {
    auto& devices = groups.emplace_back();
    for (reshard::index_t k = 0; k < group.size(); ++k) devices.push_back(group[k]);
  });
  return groups;
}

using kept_names = std::map<reshard::index_t, std::vector<std::string>>;

/// The holders of a part take turns, in network order.
inline kept_names mindspore_keepers(json const& layouts) {
  std::map<std::vector<reshard::index_t>, std::size_t> turns;
  kept_names kept;
  for (auto const& [name, stated] : layouts.items())
    for (auto const& group : redundancy_groups(make_layout(stated).value))
      kept[group[turns[group]++ % group.size()]].push_back(name);
  return kept;
}

/// The largest parts first, each to the holder that saves the fewest elements so far.
inline kept_names balanced_keepers(json const& layouts) {
  struct part {
    reshard::index_t elements;
    std::string name;
    std::vector<reshard::index_t> holders;
  };
  std::vector<part> parts;
  for (auto const& [name, stated] : layouts.items()) {
    reshard::layout const l = make_layout(stated).value;
    for (auto const& group : redundancy_groups(l))
      parts.push_back({l.local_shape(group.front()).elements(), name, group});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](part const& a, part const& b) { return a.elements > b.elements; });
  std::map<reshard::index_t, reshard::index_t> load;
  kept_names kept;
  for (part const& p : parts) {
    auto const keeper =
        *std::min_element(p.holders.begin(), p.holders.end(),
                          [&](auto const a, auto const b) { return load[a] < load[b]; });
    load[keeper] += p.elements;
    kept[keeper].push_back(p.name);
  }
  return kept;
}

}  // namespace tools
