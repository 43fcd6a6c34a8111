#pragma once

#include <reshard/plan/mindspore_layout.hpp>
#include <reshard/plan/mindspore_operators.hpp>

namespace reshard {
inline namespace v1 {

/// The operators that MindSpore runs on one device to convert a parameter.
///   example: devices(4, 2) map((0), ()) step 2, 2 pieces, to 8 replicas, shape(16, 8), device 3:
///            reshape(1, 4, 8), all_concat of 2, 3 along 0, of 1, 3 along 1, reshape(16, 8)
///   throws:  layout_error, plan_error
///   source:  _get_needed_rank_transform_operator_map_by_layouts in mindspore/parallel/_tensor.py
[[nodiscard]] constexpr operator_list mindspore_operators(mindspore_layout const& from,
                                                          factor_list const& from_shape,
                                                          mindspore_layout const& to,
                                                          factor_list const& to_shape,
                                                          index_t device) {
  plain_layout const source = expanded(from, from_shape);
  operator_list out;
  if (from.is_sharded() || from.form == map_form::nested)
    detail::append_reshape(out, source.local_shape());
  for (mindspore_operator const& op : mindspore_operators(source, expanded(to, to_shape), device))
    out.push_back(op);
  if (to.is_sharded() || to.form == map_form::nested)
    detail::append_reshape(out, stored_shape(to, to_shape));
  return out;
}
[[nodiscard]] constexpr operator_list mindspore_operators(mindspore_layout const& from,
                                                          mindspore_layout const& to,
                                                          factor_list const& shape,
                                                          index_t device) {
  return mindspore_operators(from, shape, to, shape, device);
}

namespace detail {
/// The cube of it does not overflow.
inline constexpr index_t max_stand_in_devices = index_t{1} << 20;
}  // namespace detail

/// A shape that both layouts divide. rank_list_for_transform does not know the real one.
[[nodiscard]] constexpr factor_list stand_in_shape(mindspore_layout const& from,
                                                   mindspore_layout const& to) {
  detail::require_valid(from);
  detail::require_valid(to);
  index_t const count =
      from.device_count() > to.device_count() ? from.device_count() : to.device_count();
  if (count > detail::max_stand_in_devices) detail::element_count_overflows(0, count);
  factor_list shape;
  for (std::size_t d = 0; d < from.map.size(); ++d) shape.push_back(count * from.parts(d));
  if (from.is_sharded() && !shape.empty())
    shape[0] *= detail::pieces_of(from, detail::replica_axes_of(from));
  return shape;
}

/// Calls sink(device) for every device whose tensor takes part in the operators of `device`: all
/// that differ from it on the axes of its all_concats.
///   cost: O(devices called)
template <class Sink>
constexpr void for_each_device_in(operator_list const& operators, index_t device, Sink&& sink) {
  inplace_vector<device_run, 64> runs;
  index_t first = device;
  index_t count = 1;
  for (mindspore_operator const& op : operators) {
    if (op.kind != operator_kind::all_concat || runs.contains(op.group)) continue;
    runs.push_back(op.group);
    first -= device - op.group.first;
    count *= op.group.count;
  }
  for (index_t i = 0; i < count; ++i) {
    index_t at = first;
    index_t rest = i;
    for (std::size_t r = runs.size(); r-- > 0; rest /= runs[r].count)
      at += rest % runs[r].count * runs[r].stride;
    sink(at);
  }
}

/// Calls sink(rank) for each rank of the source stage whose slice MindSpore's
/// rank_list_for_transform asks for to convert one parameter for one rank of the destination stage;
/// a rank may be named more than once. They are more than for_each_transfer needs.
///   throws: layout_error, plan_error
///           device_does_not_exist for a device of neither stage when data must move
///   cost:   O(ranks named)
template <class Sink>
constexpr void for_each_mindspore_rank(mindspore_layout const& from, mindspore_layout const& to,
                                       index_t device, Sink&& sink) {
  factor_list const shape = stand_in_shape(from, to);
  operator_list const operators =
      mindspore_operators(expanded(from, shape), expanded(to, shape), device);
  for_each_device_in(operators, device, [&](index_t d) { sink(d % from.device_count()); });
}

}  // namespace v1
}  // namespace reshard
