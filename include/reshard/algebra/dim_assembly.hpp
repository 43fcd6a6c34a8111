#pragma once

#include <reshard/algebra/chain_search.hpp>

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

constexpr void add_sections(rule_list& out, ruled_cut const& as, cut_range const& in) {
  bool const counted = as.rule_.kind_ == cut_kind::sections && as.rule_.block_ != 0;
  index_t count = in.outer * (counted ? as.rule_.block_ : 1);
  if (as.rule_.kind_ == cut_kind::cyclic)  // a round is a section
    count *= rounded_up(in.size, as.rule_.block_ * as.parts());
  if (count > 1)
    for (tail_rule const tail : {tail_rule::exact, tail_rule::ceil, tail_rule::balanced})
      out.push_back(cut_rule::sections(count, tail));
  if (as.rule_.kind_ != cut_kind::sections) return;
  size_list sizes;
  index_t const sections = counted ? as.rule_.block_ : static_cast<index_t>(as.rule_.sizes_.size());
  if (in.outer * sections > static_cast<index_t>(max_sizes)) return;
  for (index_t s = 0; s < in.outer * sections; ++s) {
    index_t const i = s % sections;
    sizes.push_back(in.inner * (counted
                                    ? part_interval({0, in.size}, as.rule_.tail_, sections, i).size
                                    : as.rule_.sizes_[static_cast<std::size_t>(i)]));
    if (sizes.back() % as.parts() != 0) return;
  }
  out.push_back(cut_rule::sections(sizes));
}

/// Rules that may do in a dim what a cut does in a sub-dim, the simplest first.
constexpr rule_list candidates(ruled_cut const& as, cut_range const& in) {
  rule_list out;
  if (in.outer * in.inner == 1 && as.rule_.kind_ != cut_kind::cyclic) out.push_back(as.rule_);
  for (tail_rule const tail : {tail_rule::exact, tail_rule::ceil, tail_rule::balanced})
    out.push_back(tail);
  cut const c{as.by_, as.rule_};
  split const s{c, as.rule_.sizes_.begin(), in.size};
  index_t const first = s.part_of(0);
  bool const all = s.below(first, in.size) == in.size;
  index_t const times = in.inner * (all ? in.outer : 1);
  if (first == 0) out.push_back(cut_rule::cyclic(s.run(0, 0).size * times));
  add_sections(out, as, in);
  if (as.parts() > static_cast<index_t>(max_sizes)) return out;
  size_list sizes;
  for (index_t part = 0; part < as.parts(); ++part) sizes.push_back(s.below(part, in.size) * times);
  out.push_back(cut_rule::parts(sizes));
  return out;
}

/// Finds rules for the cuts of some sub-dims in the dim that is made of them. Cuts of different
/// sub-dims may change places.
class dim_assembly {
 public:
  constexpr dim_assembly(device_matrix const& devices, cut_grid const& g, std::size_t first,
                         std::size_t end)
      : devices_(devices), g_(g), first_(first), done_(end - first, 0) {
    complete_ = go_on() || go_on_with_others();
  }

  /// False if the cuts follow no rule in the dim.
  [[nodiscard]] constexpr bool is_complete() const noexcept { return complete_; }
  [[nodiscard]] constexpr cut_chain const& cuts() const noexcept { return chain_; }

 private:
  using numbers = inplace_vector<std::uint8_t, max_cuts>;

  constexpr bool go_on() {
    bool done = true;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (!has_next(i)) continue;
      done = false;
      if (++tries_ > 1000 || !append_next(i)) continue;
      ++done_[i];
      if (go_on()) return true;
      --done_[i];
      chain_.pop_back();
    }
    return done || append_together() || append_gates();
  }
  /// With other chains that do what the cuts of one sub-dim do.
  constexpr bool go_on_with_others() {
    cut_grid const before = g_;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (g_[first_ + i].is_whole() || g_.is_dealt_out(first_ + i)) continue;
      chain_search search{chain_of(g_, first_ + i), g_[first_ + i].size_};
      bool const found = search.find([&](cut_chain const& other) {
        g_ = before;
        g_.sub_dims_[first_ + i].cuts_ = {};
        for (ruled_cut const& by : other) g_.sub_dims_[first_ + i].cuts_.push_back(g_.add(by));
        tries_ = 0;
        return go_on();
      });
      if (found) return true;
      g_ = before;
    }
    return false;
  }
  [[nodiscard]] constexpr bool has_next(std::size_t i) const {
    return done_[i] < g_[first_ + i].cuts_.size();
  }
  [[nodiscard]] constexpr ruled_cut const& next(std::size_t i) const {
    return g_.cut_of(first_ + i, done_[i]);
  }

  /// Sizes that sub-dims [first, end) can have now, together.
  [[nodiscard]] constexpr number_set sizes(std::size_t first, std::size_t end) const {
    number_set out{1};
    for (std::size_t i = first; i < end; ++i)
      out = products(out, left_sizes(g_, first_ + i, done_[i]));
    return out;
  }

  constexpr bool append_next(std::size_t i) {
    ruled_cut const& as = next(i);
    number_set const outer = sizes(0, i);
    number_set const size = sizes(i, i + 1);
    number_set const inner = sizes(i + 1, done_.size());
    for (cut_rule const& rule : candidates(as, {most(outer), most(size), most(inner)})) {
      bool fits = true;
      for (index_t const o : outer)
        for (index_t const s : size)
          for (index_t const n : inner) fits = fits && does_the_same({as.by_, rule}, as, {o, s, n});
      if (!fits) continue;
      chain_.push_back({as.by_, rule});
      return true;
    }
    return false;
  }

  /// Sub-dims [first, last] of which each cut makes intervals, those before the last of one index,
  /// get one cut with stated sizes, together with gates: all, or those whose sizes are stated.
  constexpr bool append_together() {
    for (std::size_t last = 0; last < done_.size(); ++last)
      for (std::size_t first = last + 1; first-- > 0;)
        for (bool const all : {false, true}) {
          if (!is_interval(last, max_index)) break;
          if (append_together(first, last, all)) return true;
        }
    return false;
  }
  /// The next cut of a sub-dim makes intervals of at most so many indices.
  [[nodiscard]] constexpr bool is_interval(std::size_t i, index_t most_indices) const {
    number_set const size = sizes(i, i + 1);
    if (!has_next(i) || size.size() != 1 || size[0] == 1) return false;
    if (!makes_intervals(next(i), size[0])) return false;
    return most_indices == max_index || most(part_sizes(size, next(i))) <= most_indices;
  }
  constexpr bool append_together(std::size_t first, std::size_t last, bool all) {
    number_set const inner = sizes(last + 1, done_.size());
    if (sizes(0, done_.size()).size() != 1 || sizes(0, first) != number_set{1}) return false;
    interval_group group{devices_, inner[0]};
    numbers members;
    auto const add = [&](std::size_t i) {
      group.add({next(i), sizes(i, i + 1)[0]});
      members.push_back(static_cast<std::uint8_t>(i));
    };
    for (std::size_t i = last + 1; i-- > first;) {
      if (g_[first_ + i].size_ == 1 || (i != last && sizes(i, i + 1) == number_set{1})) continue;
      if (!is_interval(i, i == last ? max_index : 1)) return false;
      add(i);
    }
    for (std::size_t i = 0; i < done_.size(); ++i)
      if (has_next(i) && g_[first_ + i].size_ == 1 &&
          (all || next(i).rule_.kind_ == cut_kind::listed))
        add(i);
    return members.size() > 1 && append(group.joined_cut(), members);
  }
  /// Gates alone.
  constexpr bool append_gates() {
    number_set const range = sizes(0, done_.size());
    interval_group group{devices_, range[0]};
    numbers members;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (!has_next(i) || g_[first_ + i].size_ != 1) continue;
      if (next(i).rule_.kind_ != cut_kind::listed) continue;
      group.add({next(i), 1});
      members.push_back(static_cast<std::uint8_t>(i));
    }
    return range.size() == 1 && members.size() > 1 && append(group.joined_cut(), members);
  }
  constexpr bool append(ruled_cut const& together, numbers const& members) {
    if (together.parts() == 0) return false;
    chain_.push_back(together);
    for (std::uint8_t const i : members) ++done_[i];
    if (go_on()) return true;
    for (std::uint8_t const i : members) --done_[i];
    chain_.pop_back();
    return false;
  }

  device_matrix const& devices_;
  cut_grid g_;
  std::size_t first_;
  inplace_vector<std::uint8_t, 48> done_;  // cuts of each sub-dim that stand in the chain
  cut_chain chain_;
  int tries_ = 0;
  bool complete_ = false;
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
