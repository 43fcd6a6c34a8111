#pragma once

#include <reshard/algebra/cut_chain.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Every part of a range is one interval, and they follow one another.
constexpr bool makes_intervals(ruled_cut const& by, index_t size) {
  cut_rule const& rule = by.rule_;
  if (rule.kind_ == cut_kind::cyclic) return rounded_up(size, rule.block_) <= by.parts();
  return rule.kind_ != cut_kind::sections;
}

/// The size of a part of a range.
constexpr index_t part_size(ruled_cut const& by, index_t size, index_t part) {
  cut const c{by.by_, by.rule_};
  return split{c, by.rule_.sizes_.begin(), size}.below(part, size);
}

/// A cut of a range.
struct cut_of_range {
  ruled_cut by;
  index_t size = 1;

  /// One part gets all.
  [[nodiscard]] constexpr bool is_gate() const noexcept { return size == 1; }
};

/// Cuts that make intervals, joined to one cut with stated sizes. Stated sizes tolerate no empty
/// range, so cuts that leave one behind must be stated together.
class interval_group {
 public:
  /// inner: indices that stand behind each index of the last range
  constexpr interval_group(device_matrix const& devices, index_t inner)
      : devices_(devices), inner_(inner) {}

  /// A range that the one added before it follows, or a gate, which may stand anywhere. Each but
  /// the first one added has one index per part at most.
  constexpr void add(cut_of_range const& next) { open_.push_back(next); }

  /// The one cut; without parts if there is none.
  [[nodiscard]] constexpr ruled_cut joined_cut() {
    take(0, true);
    digit by = order_[0].by.by_;
    while (!open_.empty())
      if (!take_next(by)) return {};
    if (by.modulo() > static_cast<index_t>(max_sizes)) return {};
    size_list sizes;
    for (index_t number = 0; number < by.modulo(); ++number) {
      index_t size = inner_;
      index_t rest = number;
      for (std::size_t k = order_.size(); k-- > 0; rest /= order_[k].by.parts())
        size *= part_size(order_[k].by, order_[k].size, rest % order_[k].by.parts());
      sizes.push_back(size);
    }
    return {by, cut_rule::parts(sizes)};
  }

 private:
  constexpr void take(std::size_t i, bool above) {
    order_.insert(above ? 0 : order_.size(), open_[i]);
    open_.erase(i);
  }
  /// One over the same axes if there is one.
  constexpr bool take_next(digit& by) {
    for (bool const same_axes : {true, false}) {
      bool passed = false;  // another range, which must be taken first
      for (std::size_t i = 0; i < open_.size(); ++i) {
        digit const& next = open_[i].by.by_;
        bool const gate = open_[i].is_gate();
        if (!gate && passed) continue;
        passed = passed || !gate;
        if (same_axes && next.axes() != by.axes()) continue;
        joined_digit const above = joined(devices_, next, by);
        joined_digit const below = gate ? joined(devices_, by, next) : joined_digit{};
        if (!above.exists && !below.exists) continue;
        by = above.exists ? above.value : below.value;
        take(i, above.exists);
        return true;
      }
    }
    return false;
  }

  device_matrix const& devices_;
  index_t inner_;
  inplace_vector<cut_of_range, max_cuts> open_;
  inplace_vector<cut_of_range, max_cuts> order_;  // most significant first
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
