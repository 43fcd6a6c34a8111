#pragma once

#include <reshard/algebra/cut_range.hpp>
#include <reshard/algebra/digit_list.hpp>

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

/// After how many sizes they repeat.
constexpr std::size_t period_of(size_list const& sizes) {
  std::size_t period = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (sizes.size() % period != 0 || sizes[i] != sizes[i % period]) ++period, i = 0;
  return period;
}
/// How many equal ranges follow one another in which a cut may do the same; 1 if that cannot be.
constexpr index_t repeats(ruled_cut const& by, index_t size) {
  cut_rule const& rule = by.rule_;
  index_t const round = rule.block_ * by.parts();
  if (rule.kind_ == cut_kind::cyclic) return size % round == 0 ? size / round : 1;
  if (rule.kind_ != cut_kind::sections) return 1;
  if (rule.block_ != 0) return equal_sections(rule, size) > 1 ? equal_sections(rule, size) : 1;
  return static_cast<index_t>(rule.sizes_.size() / period_of(rule.sizes_));
}
/// Makes cuts those of one of `times` equal ranges in which they do the same. False if they do not.
constexpr bool take_repeats(cut_chain& cuts, index_t size, index_t times) {
  number_set ranges{size};
  for (ruled_cut& by : cuts) {
    bool found = false;
    ruled_cut once = by;
    for (index_t const range : ranges) {
      repeated_rule const each = rule_of_each(by, times, range / times);
      if (found || range == 0 || range % times != 0 || !each.exists) continue;
      once.rule_ = each.rule;
      found = true;
      for (index_t const other : ranges)
        found = found && other % times == 0 && does_the_same(by, once, {times, other / times, 1});
    }
    if (!found) return false;
    ranges = part_sizes(ranges, by);
    by = once;
  }
  return true;
}
/// As many as there are.
constexpr index_t take_repeats(cut_chain& cuts, index_t size) {
  index_t most = size;
  number_set ranges{size};
  for (ruled_cut const& by : cuts) {
    for (index_t const range : ranges)
      if (range != 0) most = greatest_divisor(most, repeats(by, range));
    ranges = part_sizes(ranges, by);
  }
  for (index_t times = most; times > 1; --times) {
    cut_chain once = cuts;
    if (most % times != 0 || !take_repeats(once, size, times)) continue;
    cuts = once;
    return times;
  }
  return 1;
}

/// The cuts of a dim, without those into one part.
constexpr cut_chain chain_of(tensor_map const& map, std::size_t dim) {
  cut_chain out;
  for (std::size_t i = map.first(dim); i < map.first(dim) + map.cuts_of(dim); ++i)
    if (map.cuts()[i].parts() > 1) out.push_back({map.cuts()[i].by(), map.rule(i)});
  return out;
}
/// A map of one dim.
constexpr tensor_map map_of(cut_chain const& cuts) {
  tensor_map out;
  out.count_.push_back(0);
  for (ruled_cut const& by : cuts) out.add_cut(0, by.by_, by.rule_);
  return out;
}
}  // namespace detail
}  // namespace v1
}  // namespace reshard
