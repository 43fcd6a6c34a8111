#pragma once

#include <reshard/algebra/cut_chain.hpp>
#include <reshard/algebra/cut_grid.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
/// Blocks that are dealt out in turns. Upper numbers of parts that get nothing are a digit of their
/// own.
constexpr void append_turns(cut_grid& out, digit const& by, index_t size, index_t block) {
  index_t used = 1;
  while (used < by.modulo() && (by.modulo() % used != 0 || used * block < size)) ++used;
  if (used < by.modulo()) out.append(1, {upper_digit(by, used), cut_rule::cyclic(1)});
  out.append(size, {lower_digit(by, used), cut_rule::cyclic(block)});
}

/// Blocks of `block` of `size` indices, dealt out in turn: as many parts as fit get one index of a
/// sub-dim each.
constexpr void append_blocks(cut_grid& out, digit const& by, index_t size, index_t block) {
  if (block > size) block = size;
  index_t const unit = greatest_divisor(block, size);
  index_t count = size / unit;
  index_t dealt = 1;
  if (block == unit) dealt = greatest_divisor(by.modulo(), count);
  count /= dealt;
  append_turns(out, upper_digit(by, dealt), count, block / unit);
  if (dealt > 1) out.append(dealt, {lower_digit(by, dealt), {}});
  out.append(unit);
}

/// The sizes at one part of every `lower`, and the pattern within: sizes[(u, l)] = whether upper[u]
/// ? pattern[l] : 0.
struct size_pattern {
  bool exists = false;
  size_list upper;
  size_list lower;
};
constexpr size_pattern pattern_of(size_list const& sizes, std::size_t lower) {
  size_pattern out;
  for (std::size_t first = 0; first < sizes.size(); first += lower) {
    index_t sum = 0;
    for (std::size_t i = first; i < first + lower; ++i) sum += sizes[i];
    out.upper.push_back(sum > 0 ? 1 : 0);
    if (sum > 0 && out.lower.empty())
      for (std::size_t i = first; i < first + lower; ++i) out.lower.push_back(sizes[i]);
  }
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (sizes[i] != (out.upper[i / lower] != 0 ? out.lower[i % lower] : 0)) return out;
  out.exists = true;
  return out;
}
/// The same where only one part of every `lower` has indices: sizes[(u, l)] = l == only ? upper[u]
/// : 0.
constexpr size_pattern alternation_of(size_list const& sizes, std::size_t lower) {
  size_pattern out;
  std::size_t only = 0;
  while (sizes[only] == 0) ++only;
  only %= lower;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i % lower == only) out.upper.push_back(sizes[i]);
    if (i % lower != only && sizes[i] != 0) return out;
  }
  for (std::size_t l = 0; l < lower; ++l) out.lower.push_back(l == only ? 1 : 0);
  out.exists = true;
  return out;
}

/// Block size of `sizes` if they are those of blocks of which every part gets one at most; else 0.
constexpr index_t block_of(size_list const& sizes) {
  bool last = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (last ? sizes[i] != 0 : sizes[i] > sizes[0]) return 0;
    last = sizes[i] < sizes[0];
  }
  return sizes[0];
}
/// One part has all.
constexpr void append_gate(cut_grid& out, digit const& by, size_list sizes) {
  index_t const all = sum_of(sizes);
  for (index_t& size : sizes) size /= all;
  out.append(1, {by, cut_rule::parts(sizes)});
  out.append(all);
}

/// Intervals of stated sizes, not all 0.
constexpr void append_listed(cut_grid& out, digit const& by, size_list const& sizes) {
  if (index_t const block = block_of(sizes); block > 0)
    return append_blocks(out, by, sum_of(sizes), block);
  if (sizes.contains(sum_of(sizes))) return append_gate(out, by, sizes);
  for (std::size_t lower = 2; lower < sizes.size(); ++lower) {
    if (sizes.size() % lower != 0) continue;
    for (size_pattern const& found : {pattern_of(sizes, lower), alternation_of(sizes, lower)}) {
      if (!found.exists) continue;
      append_listed(out, upper_digit(by, static_cast<index_t>(lower)), found.upper);
      return append_listed(out, lower_digit(by, static_cast<index_t>(lower)), found.lower);
    }
  }
  index_t unit = 0;
  for (index_t const size : sizes) unit = greatest_divisor(size, unit);
  size_list units;
  for (index_t const size : sizes) units.push_back(size / unit);
  out.append(sum_of(units), {by, cut_rule::parts(units)});
  out.append(unit);
}

constexpr void append_contiguous(cut_grid& out, digit const& by, tail_rule tail, index_t size) {
  if (index_t const block = block_of(tail, by.modulo(), size); block > 0)
    return append_blocks(out, by, size, block);
  out.append(size, {by, tail});
}

/// The smallest block size of which a rule deals out in turn, or 0.
constexpr index_t dealt_block(cut_rule const& rule, index_t parts, index_t size) {
  cut const c{digit{{}, 1, parts}, rule};
  split const s{c, rule.sizes_.begin(), size};
  index_t const first = s.below(s.part_of(0), size) > 0 ? s.run(0, 0).size : 0;
  if (first == 0 || s.part_of(0) != 0) return 0;
  for (index_t at = 0, turn = 0; at < size; ++turn) {
    index_t const part = s.part_of(at);
    index_t const left = size - at < first ? size - at : first;
    if (part != turn % parts || s.below(part, at + left) - s.below(part, at) != left) return 0;
    at += left;
  }
  return first;
}

/// The sizes of sections as far as they are not empty; the last one stands for those behind it.
struct section_sizes {
  index_t first = 0;
  index_t count = 0;  // as large as the first
  index_t other = 0;  // size of the next one, 0 if all are equal
};
constexpr section_sizes sections_of(cut_rule const& rule, index_t size) {
  index_t const sections =
      rule.block_ == 0 ? static_cast<index_t>(rule.sizes_.size()) : rule.block_;
  section_sizes out;
  for (index_t s = 0; s < sections; ++s) {
    index_t const found = rule.block_ == 0 ? rule.sizes_[static_cast<std::size_t>(s)]
                                           : part_interval({0, size}, rule.tail_, sections, s).size;
    if (found == 0) continue;
    if (out.first == 0) out.first = found;
    if (found != out.first) {
      out.other = found;
      break;
    }
    ++out.count;
  }
  return out;
}

/// What all boundaries that unequal sections make are multiples of.
constexpr index_t section_unit(cut_rule const& rule, index_t parts, index_t size) {
  index_t unit = 0;
  if (rule.block_ == 0) {
    for (index_t const section : rule.sizes_) unit = greatest_divisor(section / parts, unit);
    return unit;
  }
  if (rule.tail_ == tail_rule::balanced) return 1;
  index_t const section = rounded_up(size, rule.block_);
  for (index_t const length : {section, size % section}) {
    unit = greatest_divisor(length, unit);
    unit = greatest_divisor(rounded_up(length, parts), unit);
  }
  return unit;
}

/// How many of the parts, a divisor of their number, the rule may as well deal out to: the others
/// get nothing.
constexpr index_t used_parts(ruled_cut const& by, index_t size) {
  cut const c{by.by_, by.rule_};
  split const s{c, by.rule_.sizes_.begin(), size};
  index_t last = by.parts();
  while (s.below(last - 1, size) == 0) --last;
  for (index_t used = last; used < by.parts(); ++used)
    if (by.parts() % used == 0 &&
        deals_alike({lower_digit(by.by_, used), by.rule_}, by, {1, size, 1}))
      return used;
  return by.parts();
}

/// The rule deals out `dealt` neighbours as it deals out one of `size` / `dealt` indices, one by
/// one.
constexpr bool deals_in_turn(ruled_cut const& by, index_t size, index_t dealt) {
  if (size % dealt != 0 || !by.rule_.sizes_.empty()) return false;
  ruled_cut const upper{upper_digit(by.by_, dealt), by.rule_};
  if (!is_legal(upper, size / dealt)) return false;
  cut const by_cut{by.by_, by.rule_};
  cut const upper_cut{upper.by_, upper.rule_};
  split const s{by_cut, by.rule_.sizes_.begin(), size};
  split const t{upper_cut, upper.rule_.sizes_.begin(), size / dealt};
  for (index_t at = 0; at < size; ++at)
    if (s.part_of(at) != t.part_of(at / dealt) * dealt + at % dealt) return false;
  return true;
}

constexpr void append_sections(cut_grid& out, digit const& by, cut_rule rule, index_t size) {
  section_sizes const found = sections_of(rule, size);
  if (found.other == 0) {
    out.append(found.count);
    return append_contiguous(out, by, rule.tail_, found.first);
  }
  if (std::size_t const period = period_of(rule.sizes_); period < rule.sizes_.size()) {
    out.append(static_cast<index_t>(rule.sizes_.size() / period));
    while (rule.sizes_.size() > period) rule.sizes_.pop_back();
    size = sum_of(rule.sizes_);
  }
  if (index_t const used = used_parts({by, rule}, size); used < by.modulo()) {
    out.append(1, {upper_digit(by, used), cut_rule::cyclic(1)});
    return append_sections(out, lower_digit(by, used), rule, size);
  }
  if (index_t const block = dealt_block(rule, by.modulo(), size); block > 0)
    return append_blocks(out, by, size, block);
  for (index_t dealt = found.first <= by.modulo() ? by.modulo() : 1; dealt > 1; --dealt) {
    if (by.modulo() % dealt != 0 || !deals_in_turn({by, rule}, size, dealt)) continue;
    append_sections(out, upper_digit(by, dealt), rule, size / dealt);
    return out.append(dealt, {lower_digit(by, dealt), {}});
  }
  index_t const unit = section_unit(rule, by.modulo(), size);
  cut_rule units = rule;
  for (index_t& section : units.sizes_) section /= unit;
  out.append(size / unit, {by, units});
  out.append(unit);
}
}  // namespace detail

/// Appends the sub-dims of a range of indices under one cut.
///   needs: size > 0, which the rule fits
///   cost:  O(stated sizes); O(blocks) for unequal sections
constexpr void append_cut(cut_grid& out, ruled_cut const& by, index_t size) {
  cut_rule const& rule = by.rule_;
  if (by.parts() == 1) return out.append(size);
  switch (rule.kind_) {
    case cut_kind::contiguous:
      return detail::append_contiguous(out, by.by_, rule.tail_, size);
    case cut_kind::listed:
      return detail::append_listed(out, by.by_, rule.sizes_);
    case cut_kind::cyclic:
      return detail::append_blocks(out, by.by_, size, rule.block_);
    default:
      return detail::append_sections(out, by.by_, rule, size);
  }
}

}  // namespace v1
}  // namespace reshard
