#pragma once

#include <reshard/plan/steps.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Looks for the steps between two maps over the same devices whose cuts name whole axes. A dim is
/// a stack of cuts: what it shares with the goal from the bottom stays, the rest is taken off the
/// top.
class step_search {
 public:
  constexpr step_search(device_matrix const& devices, tensor_map const& from, tensor_map const& to)
      : devices_(devices), now_(from), goal_(to) {}

  /// Moves axes straight to where they are wanted; a cycle is broken by gathering.
  [[nodiscard]] constexpr step_program by_axes() {
    while (!(now_ == goal_)) {
      bool const sliced = slice_what_is_ready();
      bool const exchanged = exchange_what_is_ready();
      if (sliced || exchanged) continue;
      if (!gather_unwanted()) break_cycle();
    }
    return steps_;
  }
  /// Gathers every dim that changes, then slices it.
  [[nodiscard]] constexpr step_program through_whole_dims() {
    for (std::size_t d = 0; d < now_.size(); ++d)
      if (now_.cuts_of(d) > shared(d)) gather(d, now_.cuts_of(d) - shared(d));
    slice_what_is_ready();
    return steps_;
  }

 private:
  [[nodiscard]] constexpr std::size_t at(tensor_map const& map, std::size_t d,
                                         std::size_t cut) const {
    return map.first(d) + cut;
  }
  [[nodiscard]] constexpr bool same_cut(std::size_t d, std::size_t cut) const {
    return now_.cuts()[at(now_, d, cut)] == goal_.cuts()[at(goal_, d, cut)] &&
           now_.rule(at(now_, d, cut)) == goal_.rule(at(goal_, d, cut));
  }
  /// How many cuts a dim shares with the goal, from the coarsest on.
  [[nodiscard]] constexpr std::size_t shared(std::size_t d) const {
    std::size_t n = 0;
    while (n < now_.cuts_of(d) && n < goal_.cuts_of(d) && same_cut(d, n)) ++n;
    return n;
  }
  /// Nothing has to be taken off, something is missing.
  [[nodiscard]] constexpr bool is_ready(std::size_t d) const {
    return shared(d) == now_.cuts_of(d) && now_.cuts_of(d) < goal_.cuts_of(d);
  }
  /// The next cut that a ready dim wants.
  [[nodiscard]] constexpr std::size_t wanted(std::size_t d) const {
    return at(goal_, d, now_.cuts_of(d));
  }
  [[nodiscard]] constexpr bool is_free(axis_list const& axes) const {
    for (device_axis const axis : axes)
      if (now_.uses(axis)) return false;
    return true;
  }
  [[nodiscard]] constexpr bool is_wanted(axis_list const& axes) const {
    for (device_axis const axis : axes)
      if (goal_.uses(axis)) return true;
    return false;
  }
  [[nodiscard]] constexpr axis_list const& last_axes(std::size_t d) const {
    return now_.cuts()[at(now_, d, now_.cuts_of(d) - 1)].by().axes();
  }

  constexpr bool slice_what_is_ready() {
    bool any = false;
    for (std::size_t d = 0; d < now_.size(); ++d) {
      while (is_ready(d) && is_free(goal_.cuts()[wanted(d)].by().axes())) {
        slice(d);
        any = true;
      }
    }
    return any;
  }
  constexpr bool exchange_what_is_ready() {
    bool any = false;
    for (std::size_t d = 0; d < now_.size(); ++d) {
      if (!is_ready(d)) continue;
      for (std::size_t e = 0; e < now_.size(); ++e) {
        if (e == d || now_.cuts_of(e) == shared(e)) continue;
        if (last_axes(e) != goal_.cuts()[wanted(d)].by().axes()) continue;
        exchange(e, d);
        any = true;
        break;
      }
    }
    return any;
  }
  constexpr bool gather_unwanted() {
    for (std::size_t d = 0; d < now_.size(); ++d) {
      std::size_t n = 0;
      while (n < now_.cuts_of(d) - shared(d) &&
             !is_wanted(now_.cuts()[at(now_, d, now_.cuts_of(d) - 1 - n)].by().axes()))
        ++n;
      if (n == 0) continue;
      gather(d, n);
      return true;
    }
    return false;
  }
  /// Gathers one cut that is in the way; of a dim that is ready afterwards if there is one.
  constexpr void break_cycle() {
    std::size_t best = now_.size();
    for (std::size_t d = now_.size(); d-- > 0;) {
      std::size_t const extra = now_.cuts_of(d) - shared(d);
      if (extra == 0) continue;
      if (best == now_.size() || extra <= now_.cuts_of(best) - shared(best)) best = d;
    }
    gather(best, 1);
  }

  constexpr void slice(std::size_t d) {
    step s{.kind_ = step_kind::slice, .cut_ = static_cast<tensor_dim>(d), .devices_ = devices_};
    add_wanted(s, d);
    if (!merges_with_last(s)) steps_.push_back(s);
  }
  constexpr void exchange(std::size_t from, std::size_t to) {
    step s{.kind_ = step_kind::all_to_all,
           .gathered_ = static_cast<tensor_dim>(from),
           .cuts_ = 1,
           .cut_ = static_cast<tensor_dim>(to),
           .devices_ = devices_};
    now_.remove_last_cut(from);
    add_wanted(s, to);
    steps_.push_back(s);
  }
  constexpr void gather(std::size_t d, std::size_t cuts) {
    steps_.push_back(step{.kind_ = step_kind::all_gather,
                          .gathered_ = static_cast<tensor_dim>(d),
                          .cuts_ = static_cast<std::uint8_t>(cuts),
                          .devices_ = devices_});
    for (std::size_t i = 0; i < cuts; ++i) now_.remove_last_cut(d);
  }
  constexpr void add_wanted(step& s, std::size_t d) {
    s.by_ = goal_.cuts()[wanted(d)].by();
    s.rule_ = goal_.rule(wanted(d));
    now_.add_cut(d, s.by_, s.rule_);
  }
  /// A slice of the same dim by one more axis, both exact, is one slice.
  constexpr bool merges_with_last(step const& s) {
    if (steps_.empty() || steps_.back().kind_ != step_kind::slice) return false;
    step& last = steps_[steps_.size() - 1];
    if (last.cut_ != s.cut_ || last.rule_ != cut_rule{} || s.rule_ != cut_rule{}) return false;
    axis_list axes = last.by_.axes();
    for (device_axis const axis : s.by_.axes()) axes.push_back(axis);
    last.by_ = digit{devices_, axes};
    return true;
  }

  device_matrix devices_;
  tensor_map now_;
  tensor_map goal_;
  step_program steps_;
};

/// Which axis stands for which in a goal that is as near to a map as renaming axes of equal size
/// can bring it: a permutation of the devices leads from there to the goal.
class axis_renaming {
 public:
  constexpr axis_renaming(device_matrix const& devices, tensor_map const& from,
                          tensor_map const& goal)
      : devices_(devices), from_(from), goal_(goal), names_(devices.axes(), unnamed) {
    for (std::size_t d = 0; d < goal.size(); ++d) keep_in_place(d);
    for (std::size_t d = 0; d < goal.size(); ++d) take_from_the_top(d);
    for (std::size_t a = 0; a < devices.axes(); ++a)
      if (names_[a] == unnamed) name(static_cast<device_axis>(a), any_of_size(a));
  }

  /// The goal with its axes renamed.
  [[nodiscard]] constexpr tensor_map goal() const { return renamed(devices_, goal_, names_); }
  /// The step from there to the goal.
  [[nodiscard]] constexpr step permutation() const {
    step s{.kind_ = step_kind::permute, .axes_ = names_, .devices_ = devices_};
    for (std::size_t a = 0; a < names_.size(); ++a)
      s.axes_[static_cast<std::size_t>(names_[a])] = static_cast<device_axis>(a);
    return s;
  }

 private:
  static constexpr device_axis unnamed{255};

  constexpr void name(device_axis axis, device_axis as) {
    names_[static_cast<std::size_t>(axis)] = as;
  }
  [[nodiscard]] constexpr bool can_stand(device_axis as, device_axis axis) const {
    return names_[static_cast<std::size_t>(axis)] == unnamed && !names_.contains(as) &&
           devices_.size(as) == devices_.size(axis);
  }
  [[nodiscard]] constexpr axis_list const& axes(tensor_map const& map, std::size_t d,
                                                std::size_t i) const {
    return map.cuts()[map.first(d) + i].by().axes();
  }
  /// Cuts at the same place of a stack keep their axes.
  constexpr void keep_in_place(std::size_t d) {
    for (std::size_t i = 0; i < goal_.cuts_of(d) && i < from_.cuts_of(d); ++i) {
      axis_list const& wanted = axes(goal_, d, i);
      axis_list const& there = axes(from_, d, i);
      if (goal_.rule(goal_.first(d) + i) != from_.rule(from_.first(d) + i)) return;
      if (wanted.size() != there.size()) return;
      for (std::size_t k = 0; k < wanted.size(); ++k)
        if (!can_stand(there[k], wanted[k])) return;
      for (std::size_t k = 0; k < wanted.size(); ++k) name(wanted[k], there[k]);
    }
  }
  /// Then cuts of other dims serve, the finest first, then axes that no cut uses.
  constexpr void take_from_the_top(std::size_t d) {
    for (std::size_t i = 0; i < goal_.cuts_of(d); ++i)
      for (device_axis const axis : axes(goal_, d, i)) {
        if (names_[static_cast<std::size_t>(axis)] != unnamed) continue;
        device_axis best = unnamed;
        for (std::size_t e = 0; e < from_.size(); ++e)
          for (std::size_t k = from_.cuts_of(e); k-- > 0 && best == unnamed;)
            if (e != d && axes(from_, e, k).size() == 1 && can_stand(axes(from_, e, k)[0], axis))
              best = axes(from_, e, k)[0];
        for (std::size_t a = 0; a < devices_.axes() && best == unnamed; ++a)
          if (!from_.uses(static_cast<device_axis>(a)) &&
              can_stand(static_cast<device_axis>(a), axis))
            best = static_cast<device_axis>(a);
        if (best != unnamed) name(axis, best);
      }
  }
  [[nodiscard]] constexpr device_axis any_of_size(std::size_t axis) const {
    for (std::size_t a = 0; a < devices_.axes(); ++a)
      if (can_stand(static_cast<device_axis>(a), static_cast<device_axis>(axis)))
        return static_cast<device_axis>(a);
    return unnamed;  // as many axes as names of every size: cannot be
  }

  device_matrix const& devices_;
  tensor_map const& from_;
  tensor_map const& goal_;
  axis_list names_;
};

/// The shortest of what the searches find.
constexpr step_program shortest_steps(device_matrix const& devices, tensor_map const& from,
                                      tensor_map const& to) {
  step_program best = step_search{devices, from, to}.by_axes();
  if (best.size() < 2) return best;
  axis_renaming const names{devices, from, to};
  step_program renamed = step_search{devices, from, names.goal()}.by_axes();
  renamed.push_back(names.permutation());
  if (renamed.size() < best.size()) best = renamed;
  step_program const whole = step_search{devices, from, to}.through_whole_dims();
  return whole.size() < best.size() ? whole : best;
}

/// The steps where the axes of the two matrices do not fit together: over the whole tensor.
constexpr step_program steps_over_the_whole(layout const& from, device_matrix const& from_devices,
                                            layout const& to, device_matrix const& to_devices) {
  tensor_map nothing;
  for (std::size_t d = 0; d < from.shape().rank(); ++d) nothing.append(from_devices, {});
  step_program out = step_search{from_devices, map_over(from, from_devices), nothing}.by_axes();
  for (step const& s : step_search{to_devices, nothing, map_over(to, to_devices)}.by_axes())
    out.push_back(s);
  return out;
}
}  // namespace detail

/// The collective program that leads from one layout to another, every device in lockstep.
///   law:     same_placement(after(from, make_steps(from, to)), to)
///   example: devices(8), rows to columns: one all_to_all
///   throws:  plan_error global_shapes_differ, device_counts_differ,
///            digit_is_no_refinement_of_its_axes; layout_error too_many_entries
///   cost:    O(cuts^2), no allocation
[[nodiscard]] constexpr step_program make_steps(layout const& from, layout const& to) {
  detail::require_same_tensor(from, to);
  if (from.devices().devices() != to.devices().devices())
    detail::device_counts_differ(from.devices().devices(), to.devices().devices());
  if (same_placement(from, to)) return {};
  factor_list const from_axes = whole_axes(from);
  factor_list const to_axes = whole_axes(to);
  detail::factors const both = detail::merged(from_axes, to_axes);
  if (!both.exist)
    return detail::steps_over_the_whole(from, {from_axes.begin(), from_axes.end()}, to,
                                        {to_axes.begin(), to_axes.end()});
  device_matrix const devices{both.list.begin(), both.list.end()};
  return detail::shortest_steps(devices, map_over(from, devices), map_over(to, devices));
}

}  // namespace v1
}  // namespace reshard
