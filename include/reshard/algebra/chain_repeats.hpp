#pragma once

#include <reshard/algebra/cut_chain.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

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
