#pragma once

#include <reshard/plan/part_holders.hpp>
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
  throw plan_error(errc::global_shapes_differ, __func__,
                   {"from ", printed(from).c_str(), " to ", printed(to).c_str()});
}
[[noreturn]] inline void piece_has_no_present_holder(layout const& from, index_t first_holder,
                                                     index_t holders) {
  throw plan_error(errc::piece_has_no_present_holder, __func__,
                   {"none of the ", holders, " devices from ", first_holder,
                    " on that hold a needed piece is present: ", printed(from).c_str()});
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

namespace detail {
/// As serving_holder; lowest: holders.first(part).
template <class Present>
[[nodiscard]] constexpr index_t serving_holder_from(part_holders const& holders,
                                                    part_index const& part, index_t lowest,
                                                    index_t destination, Present const& present) {
  if (holders.size() == 1) return present(lowest) ? lowest : nobody;
  if (holders.holds(destination, part) && present(destination)) return destination;
  if (present(lowest)) return lowest;
  for (index_t k = 1; k < holders.size(); ++k)
    if (present(holders.at(part, k))) return holders.at(part, k);
  return nobody;
}
}  // namespace detail

/// The present holder of a part that serves a destination: the destination itself if it is one of
/// them, else the lowest; nobody if none is present.
///   cost: O(1) when all are present, else O(replicas)
template <class Present>
[[nodiscard]] constexpr index_t serving_holder(part_holders const& holders, part_index const& part,
                                               index_t destination, Present const& present) {
  return detail::serving_holder_from(holders, part, holders.first(part), destination, present);
}
template <class Present>
[[nodiscard]] constexpr index_t serving_holder(layout const& from, part_index const& part,
                                               index_t destination, Present const& present) {
  return serving_holder(part_holders{from}, part, destination, present);
}

/// Who serves a box of wanted elements, which lies together in one part and at the receiver.
///   choose(holders, part, first, at): a device that holds the part, or nobody
///   first: the first element of the box
template <class Choice>
concept holder_choice = requires(Choice const& choose, part_holders const& holders,
                                 part_index const& part, grid_index const& first,
                                 destination_device at) {
  index_t{choose(holders, part, first, at)};
};

/// The serving_holder, given which devices are present.
template <class Present> struct lowest_holder {
  Present const& present;

  [[nodiscard]] constexpr index_t operator()(part_holders const& holders, part_index const& part,
                                             grid_index const&, destination_device at) const {
    return serving_holder(holders, part, at.as_source, present);
  }
};

/// Takes transfers one by one.
template <class Sink>
concept transfer_sink = requires(Sink& sink, transfer const& made) {
  sink(made);
};

namespace detail {
/// A choice as it is; of a predicate on devices, the lowest present holder.
template <class Choice> constexpr Choice const& choice_of(Choice const& choose) {
  return choose;
}
template <class Present>
requires(!holder_choice<Present>) constexpr lowest_holder<Present> choice_of(
    Present const& present) {
  return {present};
}

/// What a destination device wants of the source.
constexpr part_index wanted_part(layout const& from, layout const& to, index_t device) {
  require_same_tensor(from, to);
  if (device < 0 || device >= to.devices().devices())
    device_does_not_exist(device, to.devices().devices());
  return to.part_on(device);
}
constexpr part_target target_of(layout const& from, layout const& to, index_t device) {
  return {to, wanted_part(from, to, device)};
}

/// What a choice says; lowest: holders.first(part), which spares a lowest_holder the search.
template <class Choice>
constexpr index_t chosen(Choice const& choose, part_holders const& holders, part_index const& part,
                         index_t, grid_index const& first, destination_device at) {
  return choose(holders, part, first, at);
}
template <class Present>
constexpr index_t chosen(lowest_holder<Present> const& choose, part_holders const& holders,
                         part_index const& part, index_t lowest, grid_index const&,
                         destination_device at) {
  return serving_holder_from(holders, part, lowest, at.as_source, choose.present);
}

/// Asks a choice who serves.
template <class Choice> class server_choice {
 public:
  constexpr server_choice(layout const& from, Choice const& choose)
      : from_(from), holders_(from), choose_(choose) {}

  [[nodiscard]] constexpr index_t operator()(part_index const& part, grid_index const& first,
                                             destination_device at) const {
    return (*this)(part, holders_.first(part), first, at);
  }
  /// lowest: the lowest holder of the part
  [[nodiscard]] constexpr index_t operator()(part_index const& part, index_t lowest,
                                             grid_index const& first, destination_device at) const {
    index_t const source = chosen(choose_, holders_, part, lowest, first, at);
    if (source == nobody) piece_has_no_present_holder(from_, holders_.first(part), holders_.size());
    return source;
  }
  [[nodiscard]] constexpr part_holders const& holders() const noexcept { return holders_; }

 private:
  layout const& from_;
  part_holders holders_;
  Choice const& choose_;
};
}  // namespace detail

/// Calls sink(transfer const&) for everything that one destination device needs: exactly one
/// transfer per non-empty intersection of a source piece with one of its pieces, ordered by
/// destination offset, local copies included. Any number of devices on either side.
///   choice: who serves a box: a holder_choice; or a predicate, device -> bool, that tells which
///           source devices are present: then the destination itself or the lowest one serves
///   throws: plan_error global_shapes_differ, piece_has_no_present_holder;
///           layout_error device_does_not_exist
///   cost:   O(transfers), streamed
template <transfer_sink Sink, class Choice = all_present>
constexpr void for_each_transfer(layout const& from, layout const& to, destination_device at,
                                 Sink&& sink, Choice const& choice = {}) {
  part_target const target = detail::target_of(from, to, at.device);
  auto const& choose = detail::choice_of(choice);
  detail::server_choice const server{from, choose};
  for_each_part(from, target, [&](met_part const& met) {
    index_t const source = server(met.part, met.overlap.offset(), at);
    sink(transfer{source, at.device, met.local, met.target, met.overlap.extent()});
  });
}

namespace detail {
/// Walks the boxes that lie together on both sides, row-major over the whole tensor. Calls
/// visit(part, wanted, first, made); made goes from the lowest holder of the part to that of
/// `wanted`, the part of the destination.
template <class Visit> class box_walk {
 public:
  constexpr box_walk(layout const& from, part_holders const& senders, layout const& to,
                     part_holders const& receivers, Visit& visit)
      : shape_(from.shape()), senders_(senders), receivers_(receivers), visit_(visit) {
    std::size_t const rank = shape_.rank();
    part_ = part_index(from.map().cuts().size(), 0);
    wanted_ = part_index(to.map().cuts().size(), 0);
    first_ = made_.source_offset = made_.destination_offset = grid_index(rank, 0);
    made_.extent = box{shape_}.extent();
    for (std::size_t d = 0; d < rank; ++d) {
      if (is_whole(from, d) && is_whole(to, d)) continue;
      from_[d] = cursor(from, d, part_, senders);
      to_[d] = cursor(to, d, wanted_, receivers);
      cut_dims_.push_back(static_cast<std::uint8_t>(d));
    }
  }
  box_walk(box_walk const&) = delete;  // the cursors point into it

  constexpr void run() {
    if (shape_.elements() == 0) return;
    if (cut_dims_.empty()) return visit(0, 0);
    dim(0, 0, 0);
  }

 private:
  static constexpr bool is_whole(layout const& l, std::size_t d) {
    for (cut const& c : l.dim(d))
      if (c.parts() != 1) return false;
    return true;
  }
  static constexpr run_cursor cursor(layout const& l, std::size_t d, part_index& part,
                                     part_holders const& holders) {
    std::size_t const first = l.map().first(d);
    index_t const* const weights = holders.weights();
    return {l.dim(d), part.begin() + first, weights == nullptr ? nullptr : weights + first};
  }
  constexpr void visit(index_t sender, index_t receiver) {
    made_.source = senders_.weights() == nullptr ? senders_.first(part_) : sender;
    made_.destination = receivers_.weights() == nullptr ? receivers_.first(wanted_) : receiver;
    visit_(part_, wanted_, first_, made_);
  }
  /// sender, receiver: what the dims before add to the numbers of the lowest holders
  constexpr void dim(std::size_t i, index_t sender, index_t receiver) {
    bool const innermost = i + 1 == cut_dims_.size();
    std::size_t const d = cut_dims_[i];
    run_cursor& have = from_[d];
    run_cursor& want = to_[d];
    have.seek(0);
    want.seek(0);
    for (index_t at = 0;;) {
      index_t const end = have.end() < want.end() ? have.end() : want.end();
      first_[d] = at;
      made_.source_offset[d] = have.local(at);
      made_.destination_offset[d] = want.local(at);
      made_.extent[d] = end - at;
      if (innermost)
        visit(sender + have.weighted(), receiver + want.weighted());
      else
        dim(i + 1, sender + have.weighted(), receiver + want.weighted());
      if (end == shape_[d]) return;
      if (have.end() == end) have.next();
      if (want.end() == end) want.next();
      at = end;
    }
  }

  extents const& shape_;
  part_holders const& senders_;
  part_holders const& receivers_;
  Visit& visit_;
  part_index part_;
  part_index wanted_;
  grid_index first_;
  transfer made_;  // only what a box changes is written
  inplace_vector<std::uint8_t, max_rank> cut_dims_;
  run_cursor from_[max_rank];
  run_cursor to_[max_rank];
};
}  // namespace detail

/// As above, for all destination devices: in row-major order of the boxes over the whole tensor,
/// for each box the devices that want it, ascending. Devices of the same number are the same.
///   cost: O(transfers), streamed; without a division per transfer where the cuts are contiguous
template <transfer_sink Sink, class Choice = all_present>
constexpr void for_each_transfer(layout const& from, layout const& to, Sink&& sink,
                                 Choice const& choice = {}) {
  detail::require_same_tensor(from, to);
  auto const& choose = detail::choice_of(choice);
  detail::server_choice const server{from, choose};
  part_holders const receivers{to};
  auto visit = [&](part_index const& part, part_index const& wanted, grid_index const& first,
                   transfer& made) {
    index_t const lowest = made.source;
    receivers.for_each(wanted, made.destination, [&](index_t device) {
      made.source = server(part, lowest, first, device);
      made.destination = device;
      sink(static_cast<transfer const&>(made));
    });
  };
  detail::box_walk walk{from, server.holders(), to, receivers, visit};
  walk.run();
}

/// Calls sink(transfer const&) for everything that one source device sends, local copies included,
/// ordered by source offset: the same transfers that for_each_transfer makes for the destinations.
///   throws: those of for_each_transfer
///   cost:   O(boxes of the source x their receivers)
template <transfer_sink Sink, class Choice = all_present>
constexpr void for_each_sent(layout const& from, layout const& to, index_t source, Sink&& sink,
                             Choice const& choice = {}) {
  part_target const held = detail::target_of(to, from, source);
  auto const& choose = detail::choice_of(choice);
  detail::server_choice const server{from, choose};
  part_holders const receivers{to};
  part_index const part = from.part_on(source);
  for_each_part(to, held, [&](met_part const& met) {
    receivers.for_each(met.part, [&](index_t device) {
      if (server(part, met.overlap.offset(), device) != source) return;
      sink(transfer{source, device, met.target, met.local, met.overlap.extent()});
    });
  });
}

/// Calls sink(device) for each source device that a destination device needs, in order of the
/// parts. Each is named once, unless a choice spreads the boxes of one part.
///   throws: those of for_each_transfer
template <class Sink, class Choice = all_present>
constexpr void needed_devices(layout const& from, layout const& to, destination_device at,
                              Sink&& sink, Choice const& choice = {}) {
  part_target const target = detail::target_of(from, to, at.device);
  auto const& choose = detail::choice_of(choice);
  detail::server_choice const server{from, choose};
  for_each_part(from, target, [&](met_part const& met) {
    if (is_first_of_part(from, target, met)) sink(server(met.part, met.overlap.offset(), at));
  });
}

}  // namespace v1
}  // namespace reshard
