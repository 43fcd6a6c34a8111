#pragma once

#include <reshard/algebra/cut_grid.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
constexpr index_t greatest_divisor(index_t a, index_t b) noexcept {
  while (b != 0) {
    index_t const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
constexpr index_t rounded_up(index_t a, index_t b) noexcept {
  return a / b + (a % b != 0 ? 1 : 0);
}

constexpr index_t sum_of(size_list const& sizes) {
  index_t sum = 0;
  for (index_t const size : sizes) sum += size;
  return sum;
}

/// The size of the blocks of which a tail rule gives each part one, the last one shorter, or none;
/// 0 if it does otherwise.
constexpr index_t block_of(tail_rule tail, index_t parts, index_t size) {
  bool const longer_first = size > parts && size % parts != 0 && size % parts != parts - 1;
  return tail == tail_rule::balanced && longer_first ? 0 : rounded_up(size, parts);
}

/// What stands around the indices of a sub-dim on some device: `outer` ranges of `size` indices, of
/// which each is `inner` indices of the dim.
struct cut_range {
  index_t outer = 1;
  index_t size = 1;
  index_t inner = 1;

  [[nodiscard]] constexpr index_t indices() const noexcept { return outer * size * inner; }
};

/// Over a range, `by` deals out as `as` does over the sub-dim.
///   cost: O(runs), O(1) where both deal out blocks
constexpr bool deals_alike(ruled_cut const& by, ruled_cut const& as, cut_range const& in) {
  if (in.outer == 1 && by.rule_.kind_ == cut_kind::cyclic && as.rule_.kind_ == cut_kind::cyclic &&
      by.rule_.block_ == as.rule_.block_ * in.inner)
    return true;
  cut const by_cut{by.by_, by.rule_};
  cut const as_cut{as.by_, as.rule_};
  split const x{by_cut, by.rule_.sizes_.begin(), in.indices()};
  split const y{as_cut, as.rule_.sizes_.begin(), in.size};
  for (index_t at = 0; at < in.outer * in.size;) {
    index_t const part = y.part_of(at % in.size);
    index_t const local = y.below(part, at % in.size);
    index_t const run = y.run(part, local).size;
    index_t const before = at / in.size * y.below(part, in.size) + local;
    if (x.below(part, at * in.inner) != before * in.inner) return false;
    if (x.below(part, (at + run) * in.inner) != (before + run) * in.inner) return false;
    at += run;
  }
  return true;
}

/// The range has the size that the rule demands.
constexpr bool is_legal(ruled_cut const& by, index_t size) {
  cut_rule const& rule = by.rule_;
  if (!rule.sizes_.empty()) return sum_of(rule.sizes_) == size;
  if (rule.tail_ != tail_rule::exact || rule.kind_ == cut_kind::cyclic) return true;
  index_t const sections = rule.kind_ == cut_kind::sections ? rule.block_ : 1;
  return size % by.parts() == 0 && size / by.parts() % sections == 0;
}

/// How many sections of one size a rule that counts them makes of a range, empty ones aside; 0 if
/// their sizes differ.
constexpr index_t equal_sections(cut_rule const& rule, index_t size) {
  if (size == 0 || size % rule.block_ == 0) return rule.block_;
  if (rule.tail_ == tail_rule::balanced) return size < rule.block_ ? size : 0;
  index_t const section = rounded_up(size, rule.block_);
  return size % section == 0 ? size / section : 0;
}

/// The rule for one of `times` equal ranges that follow one another, if `by` does the same in each.
struct repeated_rule {
  bool exists = false;
  cut_rule rule;
};
constexpr repeated_rule rule_of_each(ruled_cut const& by, index_t times, index_t size) {
  cut_rule rule = by.rule_;
  auto const sizes = static_cast<index_t>(rule.sizes_.size());
  if (times == 1) return {true, rule};
  switch (rule.kind_) {
    case cut_kind::contiguous:
      return {};
    case cut_kind::cyclic:
      return {rule.block_ >= times * size || size % (rule.block_ * by.parts()) == 0, rule};
    case cut_kind::listed:
      for (index_t& part : rule.sizes_) {
        if (part != 0 && part != times * size) return {};
        part /= times;
      }
      return {true, rule};
    default:
      break;
  }
  if (rule.block_ != 0) {
    index_t const sections = equal_sections(rule, times * size);
    if (sections == 0 || sections % times != 0) return {};
    if (sections == times) return {true, rule.tail_};
    return {true, cut_rule::sections(sections / times, rule.tail_)};
  }
  size_list once;
  for (index_t s = 0; s < sizes / times; ++s)
    once.push_back(rule.sizes_[static_cast<std::size_t>(s)]);
  for (std::size_t s = 0; s < rule.sizes_.size(); ++s)
    if (sizes % times != 0 || rule.sizes_[s] != once[s % once.size()]) return {};
  return {true, cut_rule::sections(once)};
}

/// In a dim, `by` does what `as` does in the sub-dim.
constexpr bool does_the_same(ruled_cut const& by, ruled_cut const& as, cut_range const& in) {
  if (!is_legal(by, in.indices())) return false;
  if (in.indices() == 0) return true;
  repeated_rule const each = rule_of_each(by, in.outer, in.size * in.inner);
  return each.exists ? deals_alike({by.by_, each.rule}, as, {1, in.size, in.inner})
                     : deals_alike(by, as, in);
}
}  // namespace detail
}  // namespace v1
}  // namespace reshard
