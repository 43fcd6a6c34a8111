#pragma once

#include <reshard/plan/transfers.hpp>

namespace reshard {
inline namespace v1 {

/// Every part of the source that holds elements of the box has a present holder. The cuts of a
/// layout partition each sub-dim, so nothing else can be missing.
///   cost: O(parts met), no transfer is made
template <class Present = all_present>
[[nodiscard]] constexpr bool covers(layout const& from, box const& target,
                                    Present const& present = {}) {
  bool complete = true;
  for_each_part(from, target, [&](met_part const& met) {
    complete = complete && serving_holder(from, met.part, nobody, present) != nobody;
  });
  return complete;
}

/// The whole tensor can be read from the present devices.
template <class Present = all_present>
[[nodiscard]] constexpr bool covers(layout const& from, Present const& present = {}) {
  return covers(from, box{from.index_grid()}, present);
}

}  // namespace v1
}  // namespace reshard
