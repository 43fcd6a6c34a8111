#pragma once

#include <reshard/plan/transfers.hpp>

namespace reshard {
inline namespace v1 {

/// What a plan moves between devices, in elements.
///   received:    what crosses from one device to another
///   lower_bound: what the destinations do not hold already; no plan receives less
///   transfers:   copies, those within a device included
struct plan_cost {
  index_t received = 0;
  index_t lower_bound = 0;
  index_t transfers = 0;

  /// 1 is the certificate that nothing moves in vain.
  [[nodiscard]] constexpr double ratio() const noexcept {
    return lower_bound == 0 ? (received == 0 ? 1.0 : static_cast<double>(received))
                            : static_cast<double>(received) / static_cast<double>(lower_bound);
  }
  constexpr plan_cost& operator+=(plan_cost const& other) noexcept {
    received += other.received;
    lower_bound += other.lower_bound;
    transfers += other.transfers;
    return *this;
  }
  friend constexpr bool operator==(plan_cost const&, plan_cost const&) = default;
};

/// The cost of filling one destination device.
///   throws: those of for_each_transfer
[[nodiscard]] constexpr plan_cost cost(layout const& from, layout const& to,
                                       destination_device at) {
  plan_cost sum;
  for_each_transfer(from, to, at, [&](transfer const& t) {
    ++sum.transfers;
    if (t.source != at.as_source) sum.received += t.elements();
  });
  part_index const wanted = to.part_on(at.device);
  sum.lower_bound = to.local_shape(wanted).elements();
  if (at.as_source >= 0 && at.as_source < from.devices().devices())
    sum.lower_bound -= common_elements(to, wanted, from, from.part_on(at.as_source));
  return sum;
}

/// The cost of filling all destination devices.
///   throws: those of for_each_transfer
[[nodiscard]] constexpr plan_cost cost(layout const& from, layout const& to) {
  plan_cost sum;
  for (index_t device = 0; device < to.devices().devices(); ++device) sum += cost(from, to, device);
  return sum;
}

}  // namespace v1
}  // namespace reshard
