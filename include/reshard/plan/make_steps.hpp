#pragma once

#include <reshard/plan/common_refinement.hpp>
#include <reshard/plan/device_refinement.hpp>
#include <reshard/plan/steps.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Looks for the steps between two maps over the same devices. A dim is a stack of cuts: what it
/// shares with the goal from the bottom stays, the rest is taken off the top.
class step_search {
 public:
  constexpr step_search(device_matrix const& devices, axis_cuts const& from, axis_cuts const& to,
                        rule_numbers const& rules)
      : devices_(devices), rules_(rules), goal_(to), now_(from), used_(from.used()) {
    wanted_axes_ = to.used();
    for (std::size_t d = 0; d < now_.size(); ++d) {
      shared_[d] = shared(d);
      open_ += now_.cuts_of(d) + goal_.cuts_of(d) - 2 * shared_[d];
    }
  }

  /// Moves axes straight to where they are wanted; a cycle is broken by gathering.
  [[nodiscard]] constexpr step_program const& by_axes() {
    while (open_ != 0) {
      bool const sliced = slice_what_is_ready();
      bool const exchanged = exchange_what_is_ready();
      if (sliced || exchanged) continue;
      if (!gather_unwanted()) break_cycle();
    }
    return steps_;
  }
  /// Gathers every dim that changes, then slices it.
  [[nodiscard]] constexpr step_program const& through_whole_dims() {
    for (std::size_t d = 0; d < now_.size(); ++d)
      if (extra(d) > 0) gather(d, extra(d));
    slice_what_is_ready();
    return steps_;
  }

 private:
  /// How many cuts a dim shares with the goal, from the coarsest on.
  [[nodiscard]] constexpr std::size_t shared(std::size_t d) const {
    std::size_t n = 0;
    while (n < now_.cuts_of(d) && n < goal_.cuts_of(d) && now_.at(d, n) == goal_.at(d, n)) ++n;
    return n;
  }
  /// How many cuts of a dim must go.
  [[nodiscard]] constexpr std::size_t extra(std::size_t d) const {
    return now_.cuts_of(d) - shared_[d];
  }
  /// Nothing has to be taken off, something is missing.
  [[nodiscard]] constexpr bool is_ready(std::size_t d) const {
    return now_.cuts_of(d) == shared_[d] && shared_[d] < goal_.cuts_of(d);
  }
  /// The next cut that a ready dim wants.
  [[nodiscard]] constexpr axis_cut const& wanted(std::size_t d) const {
    return goal_.at(d, shared_[d]);
  }

  constexpr bool slice_what_is_ready() {
    bool any = false;
    for (std::size_t d = 0; d < now_.size(); ++d) {
      while (is_ready(d) && (wanted(d).mask & used_) == 0) {
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
        if (e == d || extra(e) == 0 || now_.last(e).axes != wanted(d).axes) continue;
        exchange(e, d);
        any = true;
        break;
      }
    }
    return any;
  }
  constexpr bool gather_unwanted() {
    for (std::size_t d = 0; d < now_.size(); ++d) {
      std::size_t const end = now_.cuts_of(d);
      std::size_t keep = end;
      while (keep > shared_[d] && (now_.at(d, keep - 1).mask & wanted_axes_) == 0) --keep;
      if (keep == end) continue;
      gather(d, end - keep);
      return true;
    }
    return false;
  }
  /// Gathers one cut that is in the way; of a dim that is ready afterwards if there is one.
  constexpr void break_cycle() {
    std::size_t best = now_.size();
    for (std::size_t d = now_.size(); d-- > 0;)
      if (extra(d) > 0 && (best == now_.size() || extra(d) <= extra(best))) best = d;
    gather(best, 1);
  }

  constexpr void slice(std::size_t d) {
    axis_cut const& c = wanted(d);
    if (!merges_with_last(d, c)) add(step_kind::slice, 0, 0, d, c);
    push(d, c);
  }
  constexpr void exchange(std::size_t from, std::size_t to) {
    axis_cut const& c = wanted(to);
    add(step_kind::all_to_all, from, 1, to, c);
    pop(from);
    push(to, c);
  }
  constexpr void gather(std::size_t d, std::size_t cuts) {
    add(step_kind::all_gather, d, cuts, 0, {});
    for (std::size_t i = 0; i < cuts; ++i) pop(d);
  }
  constexpr void push(std::size_t d, axis_cut const& c) {
    now_.push(d, c);
    used_ |= c.mask;
    ++shared_[d];
    --open_;
  }
  constexpr void pop(std::size_t d) {
    used_ &= ~now_.last(d).mask;
    now_.pop(d);
    --open_;
  }
  constexpr void add(step_kind kind, std::size_t gathered, std::size_t cuts, std::size_t cut,
                     axis_cut const& by) {
    step_program::entry e{};
    e.kind_ = kind;
    e.gathered_ = static_cast<tensor_dim>(gathered);
    e.cuts_ = static_cast<std::uint8_t>(cuts);
    e.cut_ = static_cast<tensor_dim>(cut);
    e.axes_ = by.axes;
    steps_.push_back(e, devices_);
    if (by.rule != 0) steps_.set_last_rule(rules_.rule(by.rule));
    last_rule_ = by.rule;
  }
  /// A slice of the same dim by one more axis, both exact, is one slice.
  constexpr bool merges_with_last(std::size_t d, axis_cut const& c) {
    if (steps_.empty() || last_rule_ != 0 || c.rule != 0) return false;
    step_program::entry& last = steps_.entries_[steps_.size() - 1];
    if (last.kind_ != step_kind::slice || static_cast<std::size_t>(last.cut_) != d) return false;
    for (device_axis const axis : c.axes) last.axes_.push_back(axis);
    return true;
  }

  device_matrix const& devices_;
  rule_numbers const& rules_;
  axis_cuts const& goal_;
  axis_cuts now_;
  std::uint32_t used_;             // one bit per axis that cuts now,
  std::uint32_t wanted_axes_ = 0;  // and in the goal
  std::size_t shared_[max_rank]{};
  std::size_t open_ = 0;  // cuts that are still to go or to come
  std::uint8_t last_rule_ = 0;
  step_program steps_;
};

/// Which axis stands for which in a goal that is as near to a map as renaming axes of equal size
/// can bring it: a permutation of the devices leads from there to the goal.
class axis_renaming {
 public:
  constexpr axis_renaming(device_matrix const& devices, axis_cuts const& from,
                          axis_cuts const& goal)
      : devices_(devices), from_(from), goal_(goal) {
    for (std::size_t d = 0; d < goal.size(); ++d) keep_in_place(d);
    for (std::size_t d = 0; d < goal.size(); ++d) take_from_the_top(d);
    for (std::size_t a = 0; a < devices.axes(); ++a)
      if (is_unnamed(static_cast<device_axis>(a))) name_by_size(static_cast<device_axis>(a), 0);
  }

  /// The goal with its axes renamed.
  [[nodiscard]] constexpr axis_cuts goal() const {
    axis_cuts out;
    for (std::size_t d = 0; d < goal_.size(); ++d) {
      out.append_dim();
      for (std::size_t i = 0; i < goal_.cuts_of(d); ++i) {
        axis_cut const& c = goal_.at(d, i);
        axis_list axes;
        for (std::size_t k = c.axes.size(); k-- > 0;) axes.push_front(names_[index(c.axes[k])]);
        out.push(d, axis_cut{axes, axes.mask(), c.rule});
      }
    }
    return out;
  }
  /// The step from there to the goal.
  [[nodiscard]] constexpr step permutation() const {
    step s;
    s.kind_ = step_kind::permute;
    s.devices_ = devices_;
    for (std::size_t a = 0; a < devices_.axes(); ++a) s.axes_.push_back(renamed_[a]);
    return s;
  }

 private:
  static constexpr std::size_t index(device_axis axis) { return static_cast<std::size_t>(axis); }

  [[nodiscard]] constexpr bool is_unnamed(device_axis axis) const {
    return (named_ >> index(axis) & 1U) == 0;
  }
  [[nodiscard]] constexpr bool can_stand(device_axis as, device_axis axis) const {
    return is_unnamed(axis) && (taken_ >> index(as) & 1U) == 0 &&
           devices_.size(as) == devices_.size(axis);
  }
  constexpr void name(device_axis axis, device_axis as) {
    names_[index(axis)] = as;
    renamed_[index(as)] = axis;
    named_ |= 1U << index(axis);
    taken_ |= 1U << index(as);
  }
  /// Cuts at the same place of a stack keep their axes.
  constexpr void keep_in_place(std::size_t d) {
    for (std::size_t i = 0; i < goal_.cuts_of(d) && i < from_.cuts_of(d); ++i) {
      axis_list const& wanted = goal_.at(d, i).axes;
      axis_list const& there = from_.at(d, i).axes;
      if (goal_.at(d, i).rule != from_.at(d, i).rule || wanted.size() != there.size()) return;
      for (std::size_t k = 0; k < wanted.size(); ++k)
        if (!can_stand(there[k], wanted[k])) return;
      for (std::size_t k = 0; k < wanted.size(); ++k) name(wanted[k], there[k]);
    }
  }
  /// Then cuts of other dims serve, the finest first, then axes that no cut uses.
  constexpr void take_from_the_top(std::size_t d) {
    for (std::size_t i = 0; i < goal_.cuts_of(d); ++i)
      for (device_axis const axis : goal_.at(d, i).axes)
        if (is_unnamed(axis) && !name_by_cut(axis, d)) name_by_size(axis, from_.used());
  }
  constexpr bool name_by_cut(device_axis axis, std::size_t d) {
    for (std::size_t e = 0; e < from_.size(); ++e)
      for (std::size_t k = from_.cuts_of(e); k-- > 0;) {
        axis_list const& there = from_.at(e, k).axes;
        if (e == d || there.size() != 1 || !can_stand(there[0], axis)) continue;
        name(axis, there[0]);
        return true;
      }
    return false;
  }
  /// By any axis that can stand for it and is none of a mask.
  constexpr void name_by_size(device_axis axis, std::uint32_t without) {
    for (std::size_t a = 0; a < devices_.axes(); ++a) {
      auto const as = static_cast<device_axis>(a);
      if ((without >> a & 1U) != 0 || !can_stand(as, axis)) continue;
      return name(axis, as);
    }
  }

  device_matrix const& devices_;
  axis_cuts const& from_;
  axis_cuts const& goal_;
  device_axis names_[max_axes]{};    // of the goal's axes
  device_axis renamed_[max_axes]{};  // the other way
  std::uint32_t named_ = 0;          // one bit per axis of the goal,
  std::uint32_t taken_ = 0;          // and per name
};

/// Every dim has as many cuts: else no permutation of the devices leads from one to the other.
constexpr bool are_as_high(axis_cuts const& a, axis_cuts const& b) {
  for (std::size_t d = 0; d < a.size(); ++d)
    if (a.cuts_of(d) != b.cuts_of(d)) return false;
  return true;
}

/// The shortest of what the searches find.
constexpr step_program shortest_steps(device_matrix const& devices, axis_cuts const& from,
                                      axis_cuts const& to, rule_numbers const& rules) {
  step_search direct{devices, from, to, rules};
  step_program best = direct.by_axes();
  if (best.size() < 2 || (best.size() == 2 && !are_as_high(from, to))) return best;
  axis_renaming const names{devices, from, to};
  axis_cuts const goal = names.goal();
  if (best.size() == 2 && !(goal == from)) return best;  // nothing else has one step
  step_search renamed{devices, from, goal, rules};
  if (renamed.by_axes().size() + 1 < best.size()) {
    best = renamed.by_axes();
    best.push_back(names.permutation());
  }
  if (best.size() == 1) return best;
  step_search whole{devices, from, to, rules};
  return whole.through_whole_dims().size() < best.size() ? whole.through_whole_dims() : best;
}

/// The steps where the axes of the two matrices do not fit together: over the whole tensor.
constexpr step_program steps_over_the_whole(layout const& from, device_matrix const& from_devices,
                                            layout const& to, device_matrix const& to_devices) {
  rule_numbers rules;
  axis_cuts nothing;
  for (std::size_t d = 0; d < from.shape().rank(); ++d) nothing.append_dim();
  axis_cuts const first{from, from_devices, rules};
  axis_cuts const last{to, to_devices, rules};
  step_program out = step_search{from_devices, first, nothing, rules}.by_axes();
  step_search slices{to_devices, nothing, last, rules};
  for (step const s : slices.by_axes()) out.push_back(s);
  return out;
}
/// The steps between cuts over one device matrix that splits the axes of both layouts.
constexpr step_program steps_over(device_matrix const& devices, layout const& from,
                                  axis_cuts const& first, layout const& to, axis_cuts const& last,
                                  rule_numbers const& rules) {
  // exact cuts that differ put elements elsewhere, if there are any; other rules may still agree
  bool const may_agree = !rules.empty() || from.shape().elements() == 0;
  if (first == last || (may_agree && same_placement(from, to))) return {};
  return shortest_steps(devices, first, last, rules);
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
  rule_numbers rules;
  if (from.devices() == to.devices()) {
    if (detail::has_whole_axes(from) && detail::names_whole_axes(to)) {
      axis_cuts const first{from, rules};
      axis_cuts const last{to, rules};
      return detail::steps_over(from.devices(), from, first, to, last, rules);
    }
  } else if (from.devices().devices() != to.devices().devices()) {
    detail::device_counts_differ(from.devices().devices(), to.devices().devices());
  }
  factor_list const from_axes = whole_axes(from);
  factor_list const to_axes = whole_axes(to);
  detail::factors const both = detail::merged(from_axes, to_axes);
  if (both.exist) {
    device_matrix const devices{both.list.begin(), both.list.end()};
    axis_cuts const first{from, devices, rules};
    axis_cuts const last{to, devices, rules};
    return detail::steps_over(devices, from, first, to, last, rules);
  }
  if (same_placement(from, to)) return {};
  return detail::steps_over_the_whole(from, {from_axes.begin(), from_axes.end()}, to,
                                      {to_axes.begin(), to_axes.end()});
}

}  // namespace v1
}  // namespace reshard
