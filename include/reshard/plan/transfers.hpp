#pragma once

#include <reshard/plan/parts.hpp>

namespace reshard {
inline namespace v1 {

/// A strided N-d copy between the row-major local storages of two devices; offsets and extent are
/// per dim, in elements. source == destination is a local copy.
struct transfer {
  index_t source = 0;
  index_t destination = 0;
  grid_index source_offset;
  grid_index destination_offset;
  grid_index extent;

  [[nodiscard]] constexpr index_t elements() const noexcept {
    index_t product = 1;
    for (index_t const size : extent) product *= size;
    return product;
  }
  friend constexpr bool operator==(transfer const&, transfer const&) = default;
};

/// Every device is there.
struct all_present {
  constexpr bool operator()(index_t) const noexcept { return true; }
};

namespace detail {
[[noreturn]] inline void global_shapes_differ(layout const& from, layout const& to) {
  throw plan_error(errc::global_shapes_differ, __func__, "from ", from, " to ", to);
}
[[noreturn]] inline void piece_has_no_present_holder(layout const& from, index_t first_holder,
                                                     index_t holders) {
  throw plan_error(errc::piece_has_no_present_holder, __func__, "none of the ", holders,
                   " devices from ", first_holder,
                   " on that hold a needed piece is present: ", from);
}
constexpr void require_same_tensor(layout const& from, layout const& to) {
  if (from.shape() != to.shape()) global_shapes_differ(from, to);
}
}  // namespace detail

/// No device.
inline constexpr index_t nobody = -1;

/// A destination device.
///   as_source: the source device that is the same one, nobody if none is; by default that of the
///              same number
struct destination_device {
  index_t device;
  index_t as_source;

  constexpr destination_device(index_t number) : device(number), as_source(number) {}
  constexpr destination_device(index_t number, index_t source)
      : device(number), as_source(source) {}
};

/// The present holder of a part that serves a destination: the destination itself if it is one of
/// them, else the lowest; nobody if none is present.
///   cost: O(1) when all are present, else O(replicas)
template <class Present>
[[nodiscard]] constexpr index_t serving_holder(layout const& from, part_index const& part,
                                               index_t destination, Present const& present) {
  if (destination >= 0 && destination < from.devices().devices() && present(destination) &&
      from.part_on(destination) == part)
    return destination;
  replica_group const holders = from.holders_of(part);
  for (index_t k = 0; k < holders.size(); ++k) {
    index_t const device = holders[k];
    if (present(device)) return device;
  }
  return nobody;
}

namespace detail {
template <class Present>
constexpr index_t require_holder(layout const& from, part_index const& part, index_t destination,
                                 Present const& present) {
  index_t const source = serving_holder(from, part, destination, present);
  if (source == nobody) {
    replica_group const holders = from.holders_of(part);
    piece_has_no_present_holder(from, holders[0], holders.size());
  }
  return source;
}

/// What a destination device wants of the source.
constexpr part_target target_of(layout const& from, layout const& to, index_t device) {
  require_same_tensor(from, to);
  if (device < 0 || device >= to.devices().devices())
    device_does_not_exist(device, to.devices().devices());
  return {to, to.part_on(device)};
}
}  // namespace detail

/// Calls sink(transfer const&) for everything that one destination device needs: exactly one
/// transfer per non-empty intersection of a source piece with one of its pieces, ordered by
/// destination offset, local copies included. Any number of devices on either side.
///   present: callable, device -> bool: which source devices can serve
///   throws:  plan_error global_shapes_differ, piece_has_no_present_holder;
///            layout_error device_does_not_exist
///   cost:    O(transfers), streamed
template <class Sink, class Present = all_present>
constexpr void for_each_transfer(layout const& from, layout const& to, destination_device at,
                                 Sink&& sink, Present const& present = {}) {
  for_each_part(from, detail::target_of(from, to, at.device), [&](met_part const& met) {
    index_t const source = detail::require_holder(from, met.part, at.as_source, present);
    sink(transfer{source, at.device, met.local, met.target, met.overlap.extent()});
  });
}

/// Calls sink(device) for each source device that a destination device needs, in order of the
/// parts. Each is named once.
///   throws: those of for_each_transfer
template <class Sink, class Present = all_present>
constexpr void needed_devices(layout const& from, layout const& to, destination_device at,
                              Sink&& sink, Present const& present = {}) {
  part_target const target = detail::target_of(from, to, at.device);
  for_each_part(from, target, [&](met_part const& met) {
    if (is_first_of_part(from, target, met))
      sink(detail::require_holder(from, met.part, at.as_source, present));
  });
}

}  // namespace v1
}  // namespace reshard
