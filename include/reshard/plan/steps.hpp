#pragma once

#include <reshard/plan/cost.hpp>
#include <reshard/plan/device_refinement.hpp>

namespace reshard {
inline namespace v1 {

/// What all devices do in lockstep.
///   slice:      each keeps a part of what it has; nothing moves
///   all_gather: groups of devices join their parts of a dim
///   all_to_all: groups join their parts of one dim and cut another
///   permute:    whole shards change devices
///   reshape:    the same elements under another shape; nothing moves
enum class step_kind : std::uint8_t { slice, all_gather, all_to_all, permute, reshape };

/// One step of a program.
///   devices: the matrix on which its axes count; it splits the axes of the layouts before
struct step {
  step_kind kind_ = step_kind::slice;
  tensor_dim gathered_{};  // all_gather, all_to_all: the dim whose finest cuts go
  std::uint8_t cuts_ = 0;  // how many of them
  tensor_dim cut_{};       // slice, all_to_all: the dim that gets a cut
  digit by_{};             // the cut: over these devices,
  cut_rule rule_{};        // by this rule
  axis_list axes_{};       // permute: axis k of the cuts becomes axes[k]
  extents shape_{};        // reshape
  device_matrix devices_{};

  [[nodiscard]] constexpr step_kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr tensor_dim gathered_dim() const noexcept { return gathered_; }
  [[nodiscard]] constexpr tensor_dim cut_dim() const noexcept { return cut_; }
  [[nodiscard]] constexpr device_matrix const& devices() const noexcept { return devices_; }

  friend constexpr bool operator==(step const&, step const&) = default;
};

using step_program = inplace_vector<step, 24>;

namespace detail {
/// With every axis of the cuts renamed.
constexpr tensor_map renamed(device_matrix const& devices, tensor_map const& map,
                             axis_list const& axes) {
  tensor_map out;
  for (std::size_t d = 0; d < map.size(); ++d) {
    out.append(devices, {});
    for (std::size_t i = 0; i < map.cuts_of(d); ++i) {
      axis_list by;
      for (device_axis const axis : map.cuts()[map.first(d) + i].by().axes())
        by.push_back(axes[static_cast<std::size_t>(axis)]);
      out.add_cut(d, digit{devices, by}, map.rule(map.first(d) + i));
    }
  }
  return out;
}
}  // namespace detail

/// The layout one is in after a step.
///   law:    same_placement(after(from, make_steps(from, to)), to)
///   throws: those of layout
[[nodiscard]] constexpr layout after(layout const& before, step const& s) {
  tensor_map map = map_over(before, s.devices_);
  auto const gathered = static_cast<std::size_t>(s.gathered_);
  for (std::size_t i = 0; i < s.cuts_; ++i) map.remove_last_cut(gathered);
  if (s.kind_ == step_kind::slice || s.kind_ == step_kind::all_to_all)
    map.add_cut(static_cast<std::size_t>(s.cut_), s.by_, s.rule_);
  if (s.kind_ == step_kind::permute) map = detail::renamed(s.devices_, map, s.axes_);
  return {s.devices_, map, before.shape()};
}
[[nodiscard]] constexpr layout after(layout const& before, step_program const& steps) {
  layout now = before;
  for (step const& s : steps) now = after(now, s);
  return now;
}

/// What a program costs.
///   received: elements, summed over steps and devices
///   peak:     most elements that a device holds before and after one step together
struct step_cost {
  index_t steps = 0;
  index_t received = 0;
  index_t peak = 0;
  friend constexpr bool operator==(step_cost const&, step_cost const&) = default;
};

/// The cost of a program that starts from a layout.
///   cost: O(steps x transfers)
[[nodiscard]] constexpr step_cost cost(layout const& from, step_program const& steps) {
  step_cost sum;
  layout now = from;
  for (step const& s : steps) {
    layout const next = after(now, s);
    ++sum.steps;
    sum.received += cost(now, next).received;
    for (index_t device = 0; device < next.devices().devices(); ++device) {
      index_t const held = now.local_shape(device).elements() + next.local_shape(device).elements();
      if (held > sum.peak) sum.peak = held;
    }
    now = next;
  }
  return sum;
}

}  // namespace v1
}  // namespace reshard
