#pragma once

#include <reshard/exec/communicator.hpp>
#include <reshard/plan/steps.hpp>
#include <reshard/plan/turns.hpp>
#include <reshard/tensor/block_band.hpp>
#include <reshard/tensor/local_tensor.hpp>

#include <exception>
#include <type_traits>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void elements_do_not_fill_the_local_shape(index_t device, std::size_t given,
                                                              index_t needed) {
  throw plan_error(errc::elements_do_not_fill_the_local_shape, __func__,
                   {"device ", device, " gives ", given, " elements, its layout stores ", needed});
}
[[noreturn]] inline void too_few_processes(index_t processes, index_t devices) {
  throw plan_error(errc::too_few_processes, __func__,
                   {processes, " processes for ", devices, " devices"});
}
[[noreturn]] inline void another_process_failed(index_t rank) {
  throw plan_error(errc::another_process_failed, __func__,
                   {"process ", rank, " moved nothing: another one reports an error"});
}
[[noreturn]] inline void steps_lead_elsewhere(layout const& end, layout const& to) {
  throw plan_error(
      errc::steps_lead_elsewhere, __func__,
      {"the steps end in ", printed(end).c_str(), ", wanted is ", printed(to).c_str()});
}

/// Both sides of what one device moves.
struct exchange_lists {
  std::vector<outgoing> sends;
  std::vector<incoming> receives;
};

template <class T>
void require_filled(local_span<T> const& local, index_t device, index_t processes) {
  index_t const devices = local.placement.devices().devices();
  if (devices > processes) too_few_processes(processes, devices);
  index_t const needed = local_elements(local.placement, device);
  if (static_cast<index_t>(local.elements.size()) != needed)
    elements_do_not_fill_the_local_shape(device, local.elements.size(), needed);
}

/// What every device stores, which is what it is given.
template <class T> std::vector<extents> filled_shapes(local_spans<T> const& locals) {
  auto const given = static_cast<index_t>(locals.elements.size());
  index_t const devices = locals.placement.devices().devices();
  if (devices > given) too_few_processes(given, devices);
  std::vector<extents> shapes;
  for (index_t device = 0; device < given; ++device) {
    local_span<T> const local{locals.placement, locals.elements[static_cast<std::size_t>(device)]};
    require_filled(local, device, given);
    if (device < devices) shapes.push_back(locals.placement.local_shape(device));
  }
  return shapes;
}

template <class T>
exchange_lists lists_of(local_span<T const> const& have, local_span<T> const& want, index_t device,
                        index_t processes) {
  layout const& from = have.placement;
  layout const& to = want.placement;
  require_same_tensor(from, to);
  require_filled(have, device, processes);
  require_filled(want, device, processes);
  exchange_lists lists;
  turns const choice{from, to};
  if (device < from.devices().devices()) {
    extents const stored = from.local_shape(device);
    auto const* const bytes = reinterpret_cast<std::byte const*>(have.elements.data());
    auto const send = [&](transfer const& t) {
      lists.sends.push_back(
          {t.destination, block_at(bytes, stored, t.source_offset, t.extent, sizeof(T))});
    };
    for_each_sent(from, to, device, send, choice);
  }
  if (device < to.devices().devices()) {
    extents const stored = to.local_shape(device);
    auto* const bytes = reinterpret_cast<std::byte*>(want.elements.data());
    auto const receive = [&](transfer const& t) {
      lists.receives.push_back(
          {t.source, block_at(bytes, stored, t.destination_offset, t.extent, sizeof(T))});
    };
    for_each_transfer(from, to, device, receive, choice);
  }
  return lists;
}
}  // namespace detail

/// Moves a tensor from one layout to another. Every process calls it, as the device of its rank; a
/// process that a layout has no device for gives no elements there. Each element that a device
/// lacks comes once, from holders that take turns.
///   throws: plan_error global_shapes_differ, too_few_processes,
///           elements_do_not_fill_the_local_shape; on all processes alike, the others with
///           another_process_failed, before anything is moved
///   cost:   O(transfers of this device); each byte is copied once if the communicator does so
template <class T, communicator C>
void redistribute(local_span<std::type_identity_t<T> const> const& from, local_span<T> const& to,
                  C& comm) {
  detail::exchange_lists lists;
  std::exception_ptr failure;
  try {
    lists = detail::lists_of(from, to, comm.rank(), comm.size());
  } catch (...) {
    failure = std::current_exception();
  }
  if (comm.max(failure ? 1 : 0) != 0) {
    if (failure) std::rethrow_exception(failure);
    detail::another_process_failed(comm.rank());
  }
  comm.exchange(lists.sends, lists.receives);
}

/// As above, step by step: what a collective library does with the same program. Each device holds
/// its local tensor before and after a step.
///   throws: as above, and plan_error steps_lead_elsewhere
template <class T, communicator C>
void redistribute(local_span<std::type_identity_t<T> const> const& from, local_span<T> const& to,
                  step_program const& steps, C& comm) {
  if (layout const end = after(from.placement, steps); !same_placement(end, to.placement))
    detail::steps_lead_elsewhere(end, to.placement);
  std::vector<T> held;
  local_span<T const> now = from;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {  // the last one fills `to`
    layout const next = after(now.placement, steps[i]);
    std::vector<T> got(static_cast<std::size_t>(local_elements(next, comm.rank())));
    redistribute<T>(now, {next, got}, comm);
    held = std::move(got);
    now = {next, held};
  }
  redistribute<T>(now, to, comm);
}

/// Between devices that are all of this process, by the calling thread. A device that holds what it
/// wants takes it from itself.
///   throws: plan_error global_shapes_differ, too_few_processes,
///           elements_do_not_fill_the_local_shape, before anything is moved
///   cost:   O(transfers); each byte is copied once, in the order of the tensor
template <class T>
void redistribute(local_spans<std::type_identity_t<T> const> const& from,
                  local_spans<T> const& to) {
  detail::require_same_tensor(from.placement, to.placement);
  std::vector<extents> const have = detail::filled_shapes(from);
  std::vector<extents> const want = detail::filled_shapes(to);
  std::size_t bytes = 0;
  for (auto const& local : to.elements) bytes += local.size_bytes();
  block_band band{bytes};
  for_each_transfer(from.placement, to.placement, [&](transfer const& t) {
    auto const source = static_cast<std::size_t>(t.source);
    auto const destination = static_cast<std::size_t>(t.destination);
    band.add(block_at(reinterpret_cast<std::byte*>(to.elements[destination].data()),
                      want[destination], t.destination_offset, t.extent, sizeof(T)),
             block_at(reinterpret_cast<std::byte const*>(from.elements[source].data()),
                      have[source], t.source_offset, t.extent, sizeof(T)));
  });
  band.finish();
}

/// Between layouts known at compile time: tensors of different shapes do not compile.
template <class T, layout From, class U, layout To, communicator C>
requires std::same_as<std::remove_const_t<T>, U>
void redistribute(local_tensor<T, From> const& from, local_tensor<U, To> const& to, C& comm) {
  static_assert((detail::require_same_tensor(From, To), true));
  redistribute<U>(local_span<U const>(from), local_span<U>(to), comm);
}

}  // namespace v1
}  // namespace reshard
