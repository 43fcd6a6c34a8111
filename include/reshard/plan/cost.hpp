#pragma once

#include <reshard/plan/transfers.hpp>

namespace reshard {
inline namespace v1 {

/// What a plan moves between devices, in elements; max_index where it is more than that.
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
    received = detail::saturated_sum(received, other.received);
    lower_bound = detail::saturated_sum(lower_bound, other.lower_bound);
    transfers += other.transfers;
    return *this;
  }
  friend constexpr bool operator==(plan_cost const&, plan_cost const&) = default;
};

/// The elements that a destination device wants and does not hold: no plan brings it less.
///   throws: plan_error global_shapes_differ, layout_error device_does_not_exist
///   cost:   O(runs of the dims), no transfer is made
[[nodiscard]] constexpr index_t lacking_elements(layout const& from, layout const& to,
                                                 destination_device at) {
  part_index const wanted = detail::wanted_part(from, to, at.device);
  index_t const elements = to.local_shape(wanted).elements();
  if (at.as_source < 0 || at.as_source >= from.devices().devices()) return elements;
  return elements - common_elements(to, wanted, from, from.part_on(at.as_source));
}

/// The cost of filling one destination device.
///   throws: those of for_each_transfer
[[nodiscard]] constexpr plan_cost cost(layout const& from, layout const& to,
                                       destination_device at) {
  plan_cost sum;
  for_each_transfer(from, to, at, [&](transfer const& t) {
    ++sum.transfers;
    if (t.source != at.as_source) sum.received = detail::saturated_sum(sum.received, t.elements());
  });
  sum.lower_bound = lacking_elements(from, to, at);
  return sum;
}

/// The cost of filling all destination devices.
///   throws: those of for_each_transfer
[[nodiscard]] constexpr plan_cost cost(layout const& from, layout const& to) {
  plan_cost sum;
  for_each_transfer(from, to, [&](transfer const& t) {
    ++sum.transfers;
    if (t.source != t.destination) sum.received = detail::saturated_sum(sum.received, t.elements());
  });
  for (index_t device = 0; device < to.devices().devices(); ++device)
    sum.lower_bound = detail::saturated_sum(sum.lower_bound, lacking_elements(from, to, device));
  return sum;
}

/// How what crosses between devices is spread over the senders, in elements; max_index where it is
/// more than that.
///   sent:    by all source devices together
///   most:    by the busiest of them
///   senders: source devices
///   between_nodes: of what is sent, what leaves its node
struct plan_load {
  index_t sent = 0;
  index_t most = 0;
  index_t senders = 0;
  index_t between_nodes = 0;

  /// 1 when all source devices send the same.
  [[nodiscard]] constexpr double max_over_mean() const noexcept {
    return sent == 0 ? 1.0
                     : static_cast<double>(most) * static_cast<double>(senders) /
                           static_cast<double>(sent);
  }
  friend constexpr bool operator==(plan_load const&, plan_load const&) = default;
};

/// Devices per node of machines with one node.
inline constexpr index_t one_node = max_index;

/// The load of the senders under a choice of holders.
///   node_size: devices per node; nodes are filled in the order of the device numbers
///   choice:    as for_each_transfer
///   throws:    those of for_each_transfer
///   cost:      O(source devices x boxes x receivers)
template <class Choice = all_present>
[[nodiscard]] constexpr plan_load load(layout const& from, layout const& to,
                                       index_t node_size = one_node, Choice const& choice = {}) {
  plan_load sum;
  sum.senders = from.devices().devices();
  for (index_t device = 0; device < sum.senders; ++device) {
    index_t sent = 0;
    auto const add = [&](transfer const& t) {
      if (t.source == t.destination) return;
      sent = detail::saturated_sum(sent, t.elements());
      if (t.source / node_size != t.destination / node_size)
        sum.between_nodes = detail::saturated_sum(sum.between_nodes, t.elements());
    };
    for_each_sent(from, to, device, add, choice);
    sum.sent = detail::saturated_sum(sum.sent, sent);
    sum.most = sum.most < sent ? sent : sum.most;
  }
  return sum;
}

}  // namespace v1
}  // namespace reshard
