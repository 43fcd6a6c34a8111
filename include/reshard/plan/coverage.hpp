#pragma once

#include <reshard/plan/transfers.hpp>

namespace reshard {
inline namespace v1 {

/// Every part of the source that holds wanted elements has a present holder. The cuts of a layout
/// partition each dim, so nothing else can be missing.
///   target: box_target, part_target
///   cost:   O(boxes met), no transfer is made
template <class Target, class Present>
[[nodiscard]] constexpr bool covers_target(layout const& from, Target const& target,
                                           Present const& present) {
  bool complete = true;
  for_each_part(from, target, [&](met_part const& met) {
    complete = complete && serving_holder(from, met.part, nobody, present) != nobody;
  });
  return complete;
}

/// As above, for the elements of a box.
template <class Present = all_present>
[[nodiscard]] constexpr bool covers(layout const& from, box const& target,
                                    Present const& present = {}) {
  return covers_target(from, box_target{target}, present);
}

/// As above, for what a destination device wants.
template <class Present = all_present>
[[nodiscard]] constexpr bool covers(layout const& from, layout const& to, index_t device,
                                    Present const& present = {}) {
  return covers_target(from, detail::target_of(from, to, device), present);
}

/// The whole tensor can be read from the present devices.
template <class Present = all_present>
[[nodiscard]] constexpr bool covers(layout const& from, Present const& present = {}) {
  return covers(from, box{from.shape()}, present);
}

}  // namespace v1
}  // namespace reshard
