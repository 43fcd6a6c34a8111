#pragma once

#include <reshard/algebra/cut_range.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Different numbers, few of them.
using number_set = inplace_vector<index_t, 64>;

constexpr void insert(number_set& set, index_t number) {
  if (!set.contains(number)) set.push_back(number);
}

/// The sizes that the parts of ranges of these sizes have.
constexpr number_set part_sizes(number_set const& ranges, ruled_cut const& by) {
  number_set out;
  cut const c{by.by_, by.rule_};
  for (index_t const size : ranges) {
    split const s{c, by.rule_.sizes_.begin(), size};
    for (index_t part = 0; part < c.parts(); part = last_of_this_size(c, size, part) + 1)
      insert(out, s.below(part, size));
  }
  return out;
}
/// The sizes that are left of a sub-dim after its first `cuts` cuts.
constexpr number_set left_sizes(cut_grid const& g, std::size_t i, std::size_t cuts) {
  number_set sizes{g[i].size_};
  for (std::size_t k = 0; k < cuts; ++k) sizes = part_sizes(sizes, g.cut_of(i, k));
  return sizes;
}
/// No part has more than one index.
constexpr bool is_settled(cut_grid const& g, std::size_t i) {
  if (g.is_dealt_out(i)) return true;
  for (index_t const size : left_sizes(g, i, g[i].cuts_.size()))
    if (size > 1) return false;
  return true;
}

constexpr index_t most(number_set const& numbers) {
  index_t out = 0;
  for (index_t const number : numbers) out = number > out ? number : out;
  return out;
}
/// Products of a number of each.
constexpr number_set products(number_set const& a, number_set const& b) {
  number_set out;
  for (index_t const x : a)
    for (index_t const y : b) insert(out, x * y);
  return out;
}

/// The digit that is read as (upper, lower).
struct joined_digit {
  bool exists = false;
  digit value;
};
constexpr joined_digit joined(device_matrix const& devices, digit const& upper,
                              digit const& lower) {
  index_t const values = upper.modulo() * lower.modulo();
  if (upper.axes() == lower.axes())
    return {upper.divide() == lower.divide() * lower.modulo(),
            {upper.axes(), lower.divide(), values}};
  if (upper.divide() != 1) return {};
  if (lower.divide() * lower.modulo() != combinations(devices, lower.axes())) return {};
  axis_list axes = upper.axes();
  for (device_axis const axis : lower.axes()) {
    if (axes.contains(axis)) return {};
    axes.push_back(axis);
  }
  return {true, {axes, lower.divide(), values}};
}

/// Blocks of which size a rule deals out of ranges of these sizes; 0 if it does not, or not always
/// the same.
constexpr index_t block_of(ruled_cut const& by, number_set const& ranges) {
  if (by.rule_.kind_ == cut_kind::cyclic) return by.rule_.block_;
  if (by.rule_.kind_ != cut_kind::contiguous) return 0;
  index_t block = 0;
  for (index_t const size : ranges) {
    if (size == 0) continue;
    index_t const found = block_of(by.rule_.tail_, by.parts(), size);
    if (found == 0 || (block != 0 && found != block)) return 0;
    block = found;
  }
  return block;
}
/// The simplest rule that deals out blocks.
constexpr cut_rule block_rule(index_t block, index_t parts, number_set const& ranges) {
  bool exact = true;
  bool ceil = true;
  for (index_t const size : ranges) {
    exact = exact && (size == 0 || size == block * parts);
    ceil = ceil && (size == 0 || rounded_up(size, parts) == block);
  }
  return exact ? cut_rule{} : ceil ? tail_rule::ceil : cut_rule::cyclic(block);
}

/// Which cuts become one.
///   readable: those that one number names or that whole axes name; ceil over several axes stays
///             axis by axis
///   all:      whatever a joined digit can do
enum class merging : std::uint8_t { readable, all };

/// Cuts that do together what one cut can do are that cut.
class chain_merging {
 public:
  constexpr chain_merging(device_matrix const& devices, cut_chain const& cuts, index_t extent,
                          merging which)
      : devices_(devices), which_(which) {
    ranges_.push_back({extent});
    for (ruled_cut const& next : cuts) {
      push(next);
      while (out_.size() > 1 && merge_last()) continue;
    }
  }
  [[nodiscard]] constexpr cut_chain const& cuts() const noexcept { return out_; }

 private:
  constexpr void push(ruled_cut const& next) {
    number_set const& range = ranges_.back();
    ranges_.push_back(part_sizes(range, next));
    out_.push_back(next);
  }
  constexpr bool merge_last() {
    ruled_cut const coarse = out_[out_.size() - 2];
    ruled_cut const fine = out_.back();
    number_set const& range = ranges_[ranges_.size() - 3];
    if (coarse.rule_ == cut_rule{} && fine.rule_ == cut_rule{})
      return merge(joined(devices_, coarse.by_, fine.by_), {});
    index_t const first = block_of(coarse, range);
    index_t const second = block_of(fine, ranges_[ranges_.size() - 2]);
    if (first == 0 || second == 0) return false;
    if (first == second * fine.parts() &&
        merge(joined(devices_, coarse.by_, fine.by_), cut_rule::cyclic(second)))
      return true;
    // blocks that are dealt out, and what a part got once more: the second number is the upper one
    return which_ == merging::all && first == second &&
           merge(joined(devices_, fine.by_, coarse.by_), cut_rule::cyclic(second));
  }
  constexpr bool merge(joined_digit const& by, cut_rule rule) {
    if (!by.exists) return false;
    bool const one_number = out_[out_.size() - 2].by_.axes() == out_.back().by_.axes();
    bool const whole = by.value.modulo() == combinations(devices_, by.value.axes());
    if (which_ == merging::readable && !one_number && !whole) return false;
    if (rule.kind_ == cut_kind::cyclic)
      rule = block_rule(rule.block_, by.value.modulo(), ranges_[ranges_.size() - 3]);
    if (which_ == merging::readable && !one_number && rule == tail_rule::ceil) return false;
    for (int i = 0; i < 2; ++i) out_.pop_back(), ranges_.pop_back();
    push({by.value, rule});
    return true;
  }

  device_matrix const& devices_;
  merging which_;
  cut_chain out_;
  inplace_vector<number_set, max_cuts + 1> ranges_;  // before each cut, and behind the last
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
