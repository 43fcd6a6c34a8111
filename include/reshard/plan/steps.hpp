#pragma once

#include <reshard/plan/axis_cuts.hpp>
#include <reshard/plan/cost.hpp>

namespace reshard {
inline namespace v1 {

/// What all devices do in lockstep.
///   slice:      each keeps a part of what it has; nothing moves
///   all_gather: groups of devices join their parts of a dim
///   all_to_all: groups join their parts of one dim and cut another
///   permute:    whole shards change devices
enum class step_kind : std::uint8_t { slice, all_gather, all_to_all, permute };

/// One step of a program.
///   devices: the matrix on which its axes count; it splits the axes of the layouts before
struct step {
  step_kind kind_ = step_kind::slice;
  tensor_dim gathered_{};  // all_gather, all_to_all: the dim whose finest cuts go
  std::uint8_t cuts_ = 0;  // how many of them
  tensor_dim cut_{};       // slice, all_to_all: the dim that gets a cut
  axis_list axes_{};       // its axes; permute: axis k of the cuts becomes axes[k]
  cut_rule rule_{};
  device_matrix devices_{};

  [[nodiscard]] constexpr step_kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr tensor_dim gathered_dim() const noexcept { return gathered_; }
  /// How many cuts of the gathered dim go.
  [[nodiscard]] constexpr std::size_t gathered_cuts() const noexcept { return cuts_; }
  [[nodiscard]] constexpr tensor_dim cut_dim() const noexcept { return cut_; }
  /// slice, all_to_all: the axes of the new cut. permute: axis k of the cuts becomes axes()[k].
  [[nodiscard]] constexpr axis_list const& axes() const noexcept { return axes_; }
  [[nodiscard]] constexpr device_matrix const& devices() const noexcept { return devices_; }

  friend constexpr bool operator==(step const&, step const&) = default;
};

/// Most steps a program may have.
inline constexpr std::size_t max_steps = 24;

/// Steps one after another. They share their device matrices and the sizes that rules state, so
/// that a program is cheap as a constant.
///   throws: layout_error too_many_entries  from push_back
struct step_program {
  struct entry {  // no initialisers: a list of them is zeroed as a whole
    step_kind kind_;
    tensor_dim gathered_;
    std::uint8_t cuts_;
    tensor_dim cut_;
    axis_list axes_;
    index_t block_;
    cut_kind rule_;
    tail_rule tail_;
    std::uint8_t first_size_;
    std::uint8_t sizes_;
    std::uint8_t devices_;
    friend constexpr bool operator==(entry const&, entry const&) = default;
  };
  inplace_vector<entry, max_steps> entries_;
  inplace_vector<device_matrix, 2> devices_;
  size_list sizes_;

  [[nodiscard]] constexpr std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] constexpr bool empty() const noexcept { return entries_.empty(); }

  [[nodiscard]] constexpr step operator[](std::size_t i) const {
    entry const& e = entries_[i];
    step s{e.kind_, e.gathered_, e.cuts_, e.cut_, e.axes_, {}, devices_[e.devices_]};
    s.rule_.kind_ = e.rule_;
    s.rule_.tail_ = e.tail_;
    s.rule_.block_ = e.block_;
    for (std::size_t k = 0; k < e.sizes_; ++k) s.rule_.sizes_.push_back(sizes_[e.first_size_ + k]);
    return s;
  }

  class iterator {
   public:
    constexpr iterator(step_program const& steps, std::size_t at) : steps_(&steps), at_(at) {}
    [[nodiscard]] constexpr step operator*() const { return (*steps_)[at_]; }
    constexpr iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    friend constexpr bool operator==(iterator const&, iterator const&) = default;

   private:
    step_program const* steps_;
    std::size_t at_;
  };
  [[nodiscard]] constexpr iterator begin() const noexcept { return {*this, 0}; }
  [[nodiscard]] constexpr iterator end() const noexcept { return {*this, size()}; }

  constexpr void push_back(step const& s) {
    entry e{};
    e.kind_ = s.kind_;
    e.gathered_ = s.gathered_;
    e.cuts_ = s.cuts_;
    e.cut_ = s.cut_;
    e.axes_ = s.axes_;
    push_back(e, s.devices_);
    set_last_rule(s.rule_);
  }
  /// A step whose rule is exact.
  constexpr void push_back(entry e, device_matrix const& devices) {
    if (devices_.empty() || devices_.back() != devices) devices_.push_back(devices);
    e.devices_ = static_cast<std::uint8_t>(devices_.size() - 1);
    entries_.push_back(e);
  }
  constexpr void set_last_rule(cut_rule const& rule) {
    entry& e = entries_[size() - 1];
    e.block_ = rule.block_;
    e.rule_ = rule.kind_;
    e.tail_ = rule.tail_;
    e.first_size_ = static_cast<std::uint8_t>(sizes_.size());
    e.sizes_ = static_cast<std::uint8_t>(rule.sizes_.size());
    for (index_t const size : rule.sizes_) sizes_.push_back(size);
  }

  friend constexpr bool operator==(step_program const&, step_program const&) = default;
};

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
    map.add_cut(static_cast<std::size_t>(s.cut_), digit{s.devices_, s.axes_}, s.rule_);
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
