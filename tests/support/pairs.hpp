#pragma once

#include <reshard/plan/cost.hpp>
#include <reshard/plan/coverage.hpp>

#include "support/all_layouts.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

// Checks of plans between two layouts against the oracle, element by element.
namespace brute {

/// A layout in both forms, with its enumeration.
struct placed_layout {
  layout naive;
  reshard::layout ours;
  placement places;
};

inline placed_layout with_places(layout const& l) {
  return {l, library_layout(l), place(l)};
}

/// All maps of rank 2 on device matrices of at most `most` devices, over one shape, with every tail
/// rule that makes a difference.
inline std::vector<placed_layout> small_layouts(index most, list const& shape) {
  std::vector<placed_layout> all;
  for_each_devices(most, [&](list const& devices) {
    for_each_map(devices, 2, [&](std::vector<list> const& map) {
      for (auto const tail : {reshard::tail_rule::ceil, reshard::tail_rule::balanced}) {
        layout const l{
            devices, shape, {cuts_over(devices, map[0], tail), cuts_over(devices, map[1], tail)}};
        bool const cut = !map[0].empty() || !map[1].empty();
        if (cut || tail == reshard::tail_rule::ceil) all.push_back(with_places(l));
      }
    });
  });
  return all;
}

/// The device that must serve an element: the destination if it holds it, else the first present
/// holder; -1 if there is none.
inline index server(placement const& from, list const& element, index destination,
                    std::vector<bool> const& present) {
  index lowest = -1;
  for (index const owner : from.owners(element)) {
    if (!present[static_cast<std::size_t>(owner)]) continue;
    if (owner == destination) return owner;
    if (lowest < 0) lowest = owner;
  }
  return lowest;
}

/// Runs one transfer: notes, for each element of the destination that it fills, by whom. False if
/// source and destination mean different elements, or one is filled twice.
inline bool run(reshard::transfer const& t, placement const& from, placement const& to,
                std::map<list, index>& filled) {
  std::vector<list> steps;
  for (index const size : t.extent) steps.push_back(up_to(size));
  for (list const& step : product(steps)) {
    list source;
    list destination;
    for (std::size_t d = 0; d < step.size(); ++d) {
      list const& have = from.indices[static_cast<std::size_t>(t.source)][d];
      list const& want = to.indices[static_cast<std::size_t>(t.destination)][d];
      source.push_back(have.at(static_cast<std::size_t>(t.source_offset[d] + step[d])));
      destination.push_back(want.at(static_cast<std::size_t>(t.destination_offset[d] + step[d])));
    }
    if (source != destination || !filled.emplace(source, t.source).second) return false;
  }
  return true;
}

/// What the elements of one destination device need, by asking each of them.
struct demand {
  std::map<list, index> servers;  // element -> device
  index boxes = 0;                // maximal ones that lie together on both sides
  index lacking = 0;              // elements that the device does not hold
  bool servable = true;
};

/// The number of maximal boxes that lie together in the wanted indices and in one source part:
/// parts are products, so the runs of the dims multiply.
inline index boxes_of(placement const& from, std::vector<list> const& wanted) {
  list first;
  for (list const& along : wanted) {
    if (along.empty()) return 0;
    first.push_back(along.front());
  }
  index boxes = 1;
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    index runs = 0;
    list at = first;
    list owners;  // of the index before
    for (index const i : wanted[d]) {
      at[d] = i;
      list const now = from.owners(at);
      bool const goes_on = runs > 0 && now == owners &&
                           std::binary_search(wanted[d].begin(), wanted[d].end(), i - 1);
      runs += goes_on ? 0 : 1;
      owners = now;
    }
    boxes *= runs;
  }
  return boxes;
}

inline demand demand_of(placement const& from, placement const& to, std::size_t device,
                        std::vector<bool> const& present) {
  demand out;
  auto const d = static_cast<index>(device);
  for (list const& element : to.elements(device)) {
    index const by = server(from, element, d, present);
    out.servers[element] = by;
    out.servable = out.servable && by >= 0;
    if (device >= from.devices() || !from.holds(device, element)) ++out.lacking;
  }
  out.boxes = boxes_of(from, to.indices[device]);
  return out;
}

/// One destination device: as few transfers as can be, in order of offset, the right elements from
/// the right device.
inline bool device_is_right(placed_layout const& from, placed_layout const& to, std::size_t device,
                            std::vector<bool> const& present) {
  auto const d = static_cast<index>(device);
  auto const is_present = [&](index s) { return bool(present[static_cast<std::size_t>(s)]); };
  demand const need = demand_of(from.places, to.places, device, present);
  if (covers(from.ours, to.ours, d, is_present) != need.servable) return false;
  std::map<list, index> filled;
  std::set<index> needed;
  list named;
  std::vector<list> offsets;
  bool right = true;
  auto const note = [&](reshard::transfer const& t) {
    right = right && t.destination == d && run(t, from.places, to.places, filled);
    needed.insert(t.source);
    offsets.emplace_back(t.destination_offset.begin(), t.destination_offset.end());
  };
  if (!need.servable) {
    CHECK_THROWS_AS(for_each_transfer(from.ours, to.ours, d, note, is_present),
                    reshard::plan_error);
    return true;
  }
  for_each_transfer(from.ours, to.ours, d, note, is_present);
  needed_devices(
      from.ours, to.ours, d, [&](index s) { named.push_back(s); }, is_present);
  return right && filled == need.servers && static_cast<index>(offsets.size()) == need.boxes &&
         std::is_sorted(offsets.begin(), offsets.end()) && named.size() == needed.size() &&
         std::set<index>(named.begin(), named.end()) == needed;
}

/// With all devices present the cost is the number of elements that the destination lacks.
inline bool cost_is_least(placed_layout const& from, placed_layout const& to) {
  std::vector<bool> const everyone(from.places.devices(), true);
  reshard::plan_cost sum;
  for (std::size_t device = 0; device < to.places.devices(); ++device) {
    demand const need = demand_of(from.places, to.places, device, everyone);
    reshard::plan_cost const least{need.lacking, need.lacking, need.boxes};
    reshard::plan_cost const got = cost(from.ours, to.ours, static_cast<index>(device));
    if (got != least || got.ratio() != 1.0) return false;
    sum += least;
  }
  return cost(from.ours, to.ours) == sum;
}

inline void check_pair(placed_layout const& from, placed_layout const& to,
                       std::vector<bool> present = {}) {
  present.resize(from.places.devices(), true);
  bool right = true;
  for (std::size_t device = 0; device < to.places.devices(); ++device)
    right = right && device_is_right(from, to, device, present);
  if (!right) FAIL(name(from.naive) << " to " << name(to.naive));
}

}  // namespace brute
