#pragma once

#include <reshard/plan/cost.hpp>
#include <reshard/plan/coverage.hpp>
#include <reshard/testing/oracle.hpp>

#include <map>
#include <set>

namespace reshard {
inline namespace v1 {
namespace testing {

/// A layout in both forms: the library's value and its enumeration.
struct placed_layout {
  layout value;
  oracle places;

  explicit placed_layout(layout_case const& stated) : value(to_layout(stated)), places(stated) {}
  explicit placed_layout(layout const& l) : value(l), places(l) {}
};

/// All of them.
[[nodiscard]] inline std::vector<placed_layout> placed(std::vector<layout_case> const& cases) {
  return {cases.begin(), cases.end()};
}

/// Who fills which element.
using element_servers = std::map<list, index_t>;

/// The device that must serve an element: the destination if it holds it, else the first present
/// holder; nobody if there is none.
[[nodiscard]] inline index_t server(oracle const& from, list const& element, index_t destination,
                                    std::vector<bool> const& present) {
  index_t lowest = nobody;
  for (index_t const owner : from.owners(element)) {
    if (!present[static_cast<std::size_t>(owner)]) continue;
    if (owner == destination) return owner;
    if (lowest == nobody) lowest = owner;
  }
  return lowest;
}

/// Runs one transfer: notes, for each element of the destination that it fills, by whom. False if
/// it leaves a storage, source and destination mean different elements, or one is filled twice.
[[nodiscard]] inline bool run(transfer const& t, oracle const& from, oracle const& to,
                              element_servers& filled) {
  auto const element_at = [&](oracle const& places, index_t device, grid_index const& offset,
                              list const& step) {
    list element;
    for (std::size_t d = 0; d < step.size(); ++d) {
      list const& held = places.indices.at(static_cast<std::size_t>(device))[d];
      auto const at = static_cast<std::size_t>(offset[d] + step[d]);
      element.push_back(at < held.size() ? held[at] : nobody);
    }
    return element;
  };
  for (list const& step : all_indices(t.extent)) {
    list const source = element_at(from, t.source, t.source_offset, step);
    list const destination = element_at(to, t.destination, t.destination_offset, step);
    bool const inside = std::find(source.begin(), source.end(), nobody) == source.end();
    if (!inside || source != destination || !filled.emplace(source, t.source).second) return false;
  }
  return true;
}

/// What one destination device needs, by asking each of its elements.
struct demand {
  element_servers servers;
  index_t boxes = 0;    ///< maximal ones that lie together on both sides
  index_t lacking = 0;  ///< elements that the device does not hold
  bool servable = true;
};

namespace detail {
/// The number of maximal boxes that lie together in the wanted indices and in one source part:
/// parts are products, so the runs of the dims multiply.
inline index_t boxes_of(oracle const& from, std::vector<list> const& wanted) {
  list first;
  for (list const& along : wanted) {
    if (along.empty()) return 0;
    first.push_back(along.front());
  }
  index_t boxes = 1;
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    index_t runs = 0;
    list at = first;
    list owners;  // of the index before
    for (index_t const i : wanted[d]) {
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
}  // namespace detail

[[nodiscard]] inline demand demand_of(oracle const& from, oracle const& to, std::size_t device,
                                      std::vector<bool> const& present) {
  demand out;
  for (list const& element : to.elements(device)) {
    index_t const by = server(from, element, static_cast<index_t>(device), present);
    out.servers[element] = by;
    out.servable = out.servable && by != nobody;
    if (device >= from.devices() || !from.holds(device, element)) ++out.lacking;
  }
  out.boxes = detail::boxes_of(from, to.indices[device]);
  return out;
}

namespace detail {
/// The library refuses a device that nobody can serve.
template <class Present>
bool is_refused(placed_layout const& from, placed_layout const& to, index_t device,
                Present const& present) {
  try {
    for_each_transfer(
        from.value, to.value, device, [](transfer const&) {}, present);
  } catch (plan_error const& e) {
    return e.code() == errc::piece_has_no_present_holder;
  }
  return false;
}

/// One destination device: as few transfers as can be, in order of offset, the right elements from
/// the right device.
inline bool device_is_right(placed_layout const& from, placed_layout const& to, std::size_t device,
                            std::vector<bool> const& present) {
  auto const d = static_cast<index_t>(device);
  auto const is_present = [&](index_t s) { return bool(present[static_cast<std::size_t>(s)]); };
  demand const need = demand_of(from.places, to.places, device, present);
  if (covers(from.value, to.value, d, is_present) != need.servable) return false;
  if (!need.servable) return is_refused(from, to, d, is_present);
  element_servers filled;
  std::set<index_t> needed;
  list named;
  std::vector<list> offsets;
  bool right = true;
  auto const note = [&](transfer const& t) {
    right = right && t.destination == d && run(t, from.places, to.places, filled);
    needed.insert(t.source);
    offsets.push_back(to_list(t.destination_offset));
  };
  for_each_transfer(from.value, to.value, d, note, is_present);
  needed_devices(
      from.value, to.value, d, [&](index_t s) { named.push_back(s); }, is_present);
  return right && filled == need.servers && static_cast<index_t>(offsets.size()) == need.boxes &&
         std::is_sorted(offsets.begin(), offsets.end()) && named.size() == needed.size() &&
         std::set<index_t>(named.begin(), named.end()) == needed;
}
}  // namespace detail

/// The transfers between two layouts are as few as can be and bring each destination device its
/// elements, each once, from the right device; what nobody can serve is refused.
///   present: which source devices are there, one entry per device; the rest are
///   cost:    O(devices x elements): for small cases
[[nodiscard]] inline bool plan_is_right(placed_layout const& from, placed_layout const& to,
                                        std::vector<bool> present = {}) {
  present.resize(from.places.devices(), true);
  bool right = true;
  for (std::size_t device = 0; device < to.places.devices(); ++device)
    right = right && detail::device_is_right(from, to, device, present);
  return right;
}

/// With all devices present, plan_cost counts exactly the elements that the destinations lack.
[[nodiscard]] inline bool cost_is_least(placed_layout const& from, placed_layout const& to) {
  std::vector<bool> const everyone(from.places.devices(), true);
  plan_cost sum;
  for (std::size_t device = 0; device < to.places.devices(); ++device) {
    demand const need = demand_of(from.places, to.places, device, everyone);
    plan_cost const least{need.lacking, need.lacking, need.boxes};
    plan_cost const got = cost(from.value, to.value, static_cast<index_t>(device));
    if (got != least || got.ratio() != 1.0) return false;
    sum += least;
  }
  return cost(from.value, to.value) == sum;
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
