#pragma once

#include <reshard/plan/cost.hpp>

#include <vector>

namespace reshard {
inline namespace v1 {
namespace testing {

using transfer_list = std::vector<transfer>;

/// All transfers between two layouts, ordered by destination device.
///   throws: those of for_each_transfer
[[nodiscard]] constexpr transfer_list transfers_between(layout const& from, layout const& to) {
  transfer_list all;
  for (index_t device = 0; device < to.devices().devices(); ++device)
    for_each_transfer(from, to, device, [&](transfer const& t) { all.push_back(t); });
  return all;
}

/// What is wrong with a list of transfers.
///   no_such_device: source or destination is none of the layout's devices
///   outside:        a box leaves the storage of its device
///   wrong_element:  source and destination mean different elements of the tensor
///   filled_twice:   two transfers fill one element
///   not_filled:     some element is filled by none
enum class plan_fault : std::uint8_t {
  none,
  no_such_device,
  outside,
  wrong_element,
  filled_twice,
  not_filled
};

/// The first fault of a list.
///   device: the destination, nobody if there is no fault
struct plan_finding {
  plan_fault fault = plan_fault::none;
  index_t device = nobody;
  friend constexpr bool operator==(plan_finding const&, plan_finding const&) = default;
};

namespace detail {
constexpr bool is_inside(layout const& l, index_t device, grid_index const& offset,
                         grid_index const& extent) {
  extents const sizes = l.local_shape(device);
  bool inside = offset.size() == sizes.rank() && extent.size() == sizes.rank();
  for (std::size_t d = 0; inside && d < sizes.rank(); ++d)
    inside = offset[d] >= 0 && extent[d] >= 0 && offset[d] <= sizes[d] - extent[d];
  return inside;
}

constexpr bool has_device(layout const& l, index_t device) {
  return device >= 0 && device < l.devices().devices();
}

/// A range of local indices of one device means the same indices of the dim as that of the other.
constexpr bool means_the_same(dim_cuts const& a, index_t const* a_part, index_t a_at,
                              dim_cuts const& b, index_t const* b_part, index_t b_at,
                              index_t count) {
  while (count > 0) {
    interval const a_run = a.run(a_part, a_at);
    interval const b_run = b.run(b_part, b_at);
    if (a_run.offset != b_run.offset) return false;
    index_t const size = a_run.size < b_run.size ? a_run.size : b_run.size;
    a_at += size;
    b_at += size;
    count -= size;
  }
  return true;
}

constexpr bool brings_its_elements(layout const& from, layout const& to, transfer const& t) {
  part_index const have = from.part_on(t.source);
  part_index const want = to.part_on(t.destination);
  bool same = true;
  for (std::size_t d = 0; d < to.shape().rank() && t.elements() > 0; ++d)
    same = same && means_the_same(from.dim(d), have.begin() + from.map().first(d),
                                  t.source_offset[d], to.dim(d), want.begin() + to.map().first(d),
                                  t.destination_offset[d], t.extent[d]);
  return same;
}

/// The fault of one transfer by itself.
constexpr plan_fault fault_of(layout const& to, transfer const& t) {
  if (!has_device(to, t.destination)) return plan_fault::no_such_device;
  if (!is_inside(to, t.destination, t.destination_offset, t.extent)) return plan_fault::outside;
  return plan_fault::none;
}
constexpr plan_fault fault_of(layout const& from, layout const& to, transfer const& t) {
  if (!has_device(from, t.source)) return plan_fault::no_such_device;
  if (plan_fault const there = fault_of(to, t); there != plan_fault::none) return there;
  if (!is_inside(from, t.source, t.source_offset, t.extent)) return plan_fault::outside;
  return brings_its_elements(from, to, t) ? plan_fault::none : plan_fault::wrong_element;
}

/// Boxes within the storage of a device partition it if none meet and their sizes add up.
constexpr plan_fault filling_fault(layout const& to, index_t device,
                                   transfer_list const& transfers) {
  index_t filled = 0;
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    if (transfers[i].destination != device) continue;
    filled += transfers[i].elements();
    box const where{transfers[i].destination_offset, transfers[i].extent};
    for (std::size_t j = 0; j < i; ++j)
      if (transfers[j].destination == device &&
          intersection(where, box{transfers[j].destination_offset, transfers[j].extent})
                  .elements() > 0)
        return plan_fault::filled_twice;
  }
  return filled == to.local_shape(device).elements() ? plan_fault::none : plan_fault::not_filled;
}

constexpr plan_finding first_filling_fault(layout const& to, transfer_list const& transfers) {
  for (index_t device = 0; device < to.devices().devices(); ++device)
    if (plan_fault const f = filling_fault(to, device, transfers); f != plan_fault::none)
      return {f, device};
  return {};
}
}  // namespace detail

/// Whether transfers fill every element that each destination device stores, and each once.
///   cost: O(transfers x (devices + transfers of one device))
[[nodiscard]] constexpr plan_finding find_fault(layout const& to, transfer_list const& transfers) {
  for (transfer const& t : transfers)
    if (plan_fault const f = detail::fault_of(to, t); f != plan_fault::none)
      return {f, t.destination};
  return detail::first_filling_fault(to, transfers);
}
/// As above, and whether each transfer brings the elements that its place stands for.
[[nodiscard]] constexpr plan_finding find_fault(layout const& from, layout const& to,
                                                transfer_list const& transfers) {
  if (from.shape() != to.shape()) return {plan_fault::wrong_element, 0};
  for (transfer const& t : transfers)
    if (plan_fault const f = detail::fault_of(from, to, t); f != plan_fault::none)
      return {f, t.destination};
  return detail::first_filling_fault(to, transfers);
}

/// Every element of every destination device is filled exactly once.
[[nodiscard]] constexpr bool covers_exactly_once(layout const& to, transfer_list const& transfers) {
  return find_fault(to, transfers) == plan_finding{};
}
/// As above, and by the right element.
[[nodiscard]] constexpr bool covers_exactly_once(layout const& from, layout const& to,
                                                 transfer_list const& transfers) {
  return find_fault(from, to, transfers) == plan_finding{};
}
/// The library's own plan does so.
///   example: static_assert(covers_exactly_once(rows, columns));
[[nodiscard]] constexpr bool covers_exactly_once(layout const& from, layout const& to) {
  return covers_exactly_once(from, to, transfers_between(from, to));
}

/// Elements that cross from one device to another.
[[nodiscard]] constexpr index_t moved_elements(transfer_list const& transfers) {
  index_t moved = 0;
  for (transfer const& t : transfers) moved += t.source == t.destination ? 0 : t.elements();
  return moved;
}
/// At most `bound` elements cross from one device to another.
[[nodiscard]] constexpr bool moves_no_more_than(index_t bound, transfer_list const& transfers) {
  return moved_elements(transfers) <= bound;
}
[[nodiscard]] constexpr bool moves_no_more_than(index_t bound, layout const& from,
                                                layout const& to) {
  return cost(from, to).received <= bound;
}

/// Both layouts put the same elements on each device.
[[nodiscard]] constexpr bool same_elements(layout const& a, layout const& b) {
  return same_placement(a, b);
}

}  // namespace testing
}  // namespace v1
}  // namespace reshard
