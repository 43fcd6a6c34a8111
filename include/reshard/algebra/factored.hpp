#pragma once

#include <reshard/algebra/cut_factors.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// What all boundaries between the parts of a dim are multiples of.
///   cost: O(runs)
constexpr index_t unit_of(tensor_map const& map, index_t extent) {
  dim_cuts const along{map, 0, extent};
  index_t unit = extent;
  part_index part(map.cuts().size(), 0);
  for (std::size_t i = 0; i != part.size() && unit != 1;) {
    along.for_each_segment(part.begin(), {0, extent}, [&](segment const& s) {
      unit = greatest_divisor(greatest_divisor(unit, s.offset), s.size);
    });
    for (i = 0; i < part.size() && ++part[i] == map.cuts()[i].parts(); ++i) part[i] = 0;
  }
  return unit;
}
/// Rules to try, the simplest first.
using rule_list = inplace_vector<cut_rule, 16>;

/// The rule for indices of which `unit` are one.
constexpr cut_rule in_units(cut_rule rule, index_t unit) {
  if (rule.kind_ == cut_kind::cyclic) rule.block_ = rounded_up(rule.block_, unit);
  for (index_t& size : rule.sizes_) size /= unit;
  return rule;
}

/// The size of the blocks that a cut deals out of ranges of these sizes; 0 if it does not.
constexpr index_t dealt_block(ruled_cut const& by, number_set const& ranges) {
  if (by.rule_.kind_ != cut_kind::sections) return block_of(by, ranges);
  index_t block = 0;
  for (index_t const size : ranges) {
    if (size == 0) continue;
    index_t const found = dealt_block(by.rule_, by.parts(), size);
    if (found == 0 || (block != 0 && found != block)) return 0;
    block = found;
  }
  return block;
}
/// Factors one dim, cut by cut.
class dim_factoring {
 public:
  constexpr dim_factoring(cut_chain const& cuts, index_t extent) : left_(extent) {
    now_.append(extent);
    for (ruled_cut const& by : cuts) {
      if (by.parts() == 1) continue;
      open_.push_back(by);
      if (!place(by)) chain();
      restart();
    }
    for (std::size_t i = 0; i < gates_.size(); ++i) now_.append(gates_, i);
  }

  [[nodiscard]] constexpr cut_grid const& sub_dims() const noexcept { return now_; }

 private:
  /// Gives the cut sub-dims of its own, made of those that are whole.
  constexpr bool place(ruled_cut by) {
    std::size_t first = now_.size();  // of the sub-dims whose parts differ in size
    std::size_t end = 0;
    for (std::size_t i = 0; i < now_.size(); ++i) {
      if (now_[i].is_whole() || is_settled(now_, i)) continue;
      if (first == now_.size()) first = i;
      end = i + 1;
    }
    cut_grid fine;
    if (end == 0) {
      append_cut(fine, by, whole_indices(0, now_.size()));
      return overlay(0, now_.size(), fine);
    }
    leave_out_unused(by);
    if (place_before(first, by) || place_gate(by) || place_after(end, by)) return true;
    if (index_t const block = dealt_block(by, left(0, now_.size())); block > 0) {
      by.rule_ = cut_rule::cyclic(block);
      open_[open_.size() - 1] = by;
      if (deal(end, by)) return true;
    }
    return end == first + 1 && place_within(first, by);
  }

  /// Upper numbers of parts that get nothing are a digit of their own.
  constexpr void leave_out_unused(ruled_cut& by) {
    if (!by.rule_.sizes_.empty()) return;
    index_t used = 1;
    for (index_t const size : left(0, now_.size()))
      while (size != 0 && used % used_parts(by, size) != 0) ++used;
    if (by.parts() % used != 0 || used == by.parts()) return;
    gates_.append(1, {upper_digit(by.by_, used), cut_rule::cyclic(1)});
    by.by_ = lower_digit(by.by_, used);
    open_[open_.size() - 1] = by;
  }
  /// The cut falls on the sub-dims before those whose parts differ in size.
  constexpr bool place_before(std::size_t first, ruled_cut const& by) {
    index_t const before = whole_indices(0, first);
    number_set const sizes = left(first, now_.size());
    for (cut_rule const& rule : rules_within(by.rule_, 1, most(sizes))) {
      ruled_cut const as{by.by_, rule};
      bool fits = is_legal(as, before);
      for (index_t const size : sizes) fits = fits && does_the_same(by, as, {1, before, size});
      if (!fits) continue;
      cut_grid fine;
      append_cut(fine, as, before);
      return overlay(0, first, fine);
    }
    return false;
  }
  /// The cut falls on the sub-dims behind those whose parts differ in size.
  constexpr bool place_after(std::size_t end, ruled_cut const& by) {
    index_t const behind = whole_indices(end, now_.size());
    number_set const sizes = left(0, end);
    for (cut_rule const& rule : rules_within(by.rule_, most(sizes), 1)) {
      ruled_cut const as{by.by_, rule};
      bool fits = is_legal(as, behind);
      for (index_t const size : sizes) fits = fits && does_the_same(by, as, {size, behind, 1});
      if (!fits) continue;
      cut_grid fine;
      append_cut(fine, as, behind);
      return overlay(end, now_.size(), fine);
    }
    return false;
  }
  /// One part gets all that there is.
  constexpr bool place_gate(ruled_cut const& by) {
    index_t only = -1;
    cut const c{by.by_, by.rule_};
    number_set const sizes = left(0, now_.size());
    for (index_t const size : sizes) {
      if (size == 0) continue;
      split const s{c, by.rule_.sizes_.begin(), size};
      if (s.below(s.part_of(0), size) != size || (only >= 0 && s.part_of(0) != only)) return false;
      only = s.part_of(0);
    }
    if (only > 0 && (sizes.size() > 1 || by.parts() > static_cast<index_t>(max_sizes)))
      return false;
    size_list part(only > 0 ? static_cast<std::size_t>(by.parts()) : 0, 0);
    if (only > 0) part[static_cast<std::size_t>(only)] = 1;
    gates_.append(1, {by.by_, only > 0 ? cut_rule::parts(part) : cut_rule::cyclic(1)});
    open_.pop_back();
    return true;
  }
  /// The cut goes on with the one sub-dim whose parts differ in size.
  constexpr bool place_within(std::size_t i, ruled_cut const& by) {
    index_t const outer = whole_indices(0, i);
    index_t const inner = whole_indices(i + 1, now_.size());
    number_set const sizes = left(i, i + 1);
    for (cut_rule const& rule : rules_within(by.rule_, outer, inner)) {
      bool fits = true;
      for (index_t const size : sizes)
        fits = fits && is_legal({by.by_, rule}, size) &&
               does_the_same(by, {by.by_, rule}, {outer, size, inner});
      if (!fits) continue;
      now_.sub_dims_[i].cuts_.push_back(now_.add({by.by_, rule}));
      return true;
    }
    return false;
  }
  /// What a rule may be for ranges of which `outer` follow one another, in units of `inner`.
  static constexpr rule_list rules_within(cut_rule const& rule, index_t outer, index_t inner) {
    rule_list out{tail_rule::exact, tail_rule::ceil, tail_rule::balanced};
    cut_rule const units = in_units(rule, inner);
    if (rule.kind_ == cut_kind::contiguous) return out;
    if (rule.kind_ != cut_kind::sections || outer == 1) out.push_back(units);
    if (rule.kind_ == cut_kind::sections && rule.block_ > outer && rule.block_ % outer == 0)
      out.push_back(cut_rule::sections(rule.block_ / outer, rule.tail_));
    return out;
  }
  /// Sizes that the parts of sub-dims [first, end) can have, together.
  [[nodiscard]] constexpr number_set left(std::size_t first, std::size_t end) const {
    number_set out{1};
    for (std::size_t i = first; i < end; ++i)
      out = products(
          out, now_.is_dealt_out(i) ? number_set{1} : left_sizes(now_, i, now_[i].cuts_.size()));
    return out;
  }

  /// Blocks that fit behind the sub-dims whose parts differ in size are dealt out there; `by`
  /// becomes the cut that is left. True if none is.
  constexpr bool deal(std::size_t end, ruled_cut& by) {
    index_t const behind = whole_indices(end, now_.size());
    if (behind % by.rule_.block_ != 0) return false;
    index_t const dealt = greatest_divisor(by.parts(), behind / by.rule_.block_);
    if (dealt > 1) {
      cut_grid fine;
      fine.append(behind / dealt / by.rule_.block_);
      fine.append(dealt, {lower_digit(by.by_, dealt), {}});
      fine.append(by.rule_.block_);
      if (!overlay(end, now_.size(), fine)) return false;
      by.by_ = upper_digit(by.by_, dealt);
    }
    return by.parts() == 1;
  }

  [[nodiscard]] constexpr index_t whole_indices(std::size_t first, std::size_t end) const {
    index_t product = 1;
    for (std::size_t i = first; i < end; ++i) product *= now_[i].is_whole() ? now_[i].size_ : 1;
    return product;
  }

  /// Replaces the whole ones among the sub-dims [first, end) by those of `fine`, which factor the
  /// same number of indices. False, and nothing is done, if they do not fit together.
  constexpr bool overlay(std::size_t first, std::size_t end, cut_grid fine) {
    cut_grid next;
    sub_dim_list backwards;
    std::size_t j = fine.size();
    next.cuts_ = now_.cuts_;
    auto const take = [&](cut_sub_dim sub_dim) {
      for (std::uint8_t& k : sub_dim.cuts_) k = next.add(fine.cuts_[k]);
      backwards.push_back(sub_dim);
      --j;
    };
    for (std::size_t i = end; i-- > first;) {
      if (!now_[i].is_whole()) {
        backwards.push_back(now_[i]);
        continue;
      }
      for (index_t need = now_[i].size_; need > 1;) {
        index_t const size = fine[j - 1].size_;
        if (need % size != 0) {
          bool const splits = fine[j - 1].is_whole() || fine.is_dealt_out(j - 1);
          if (!splits || size % need != 0) return false;
          fine.split(j - 1, need);
          ++j;
        }
        need /= fine[j - 1].size_;
        take(fine[j - 1]);
      }
    }
    while (j > 0) take(fine[j - 1]);
    replace(first, end, backwards, next);
    return true;
  }
  constexpr void replace(std::size_t first, std::size_t end, sub_dim_list const& backwards,
                         cut_grid& next) {
    auto const append = [&](cut_sub_dim const& sub_dim) {
      if (sub_dim.is_whole()) return next.append(sub_dim.size_);
      next.sub_dims_.push_back(sub_dim);
    };
    for (std::size_t i = 0; i < first; ++i) append(now_[i]);
    for (std::size_t i = backwards.size(); i-- > 0;) append(backwards[i]);
    for (std::size_t i = end; i < now_.size(); ++i) append(now_[i]);
    now_ = next;
  }

  /// If the cuts so far have sub-dims of their own, all but one, they are done with.
  constexpr void restart() {
    std::size_t whole = now_.size();
    for (std::size_t i = 0; i < now_.size(); ++i) {
      if (now_[i].is_whole() ? whole != now_.size() : !is_settled(now_, i)) return;
      if (now_[i].is_whole()) whole = i;
    }
    open_ = {};
    left_ = whole_indices(0, now_.size());
    before_ = {};
    behind_ = {};
    for (std::size_t i = 0; i < now_.size(); ++i)
      if (i != whole) (i < whole ? before_ : behind_).append(now_, i);
  }
  /// The cuts that are not done with stay together.
  constexpr void chain() {
    cut_chain together = open_;
    index_t const outer = take_repeats(together, left_);
    index_t const unit = unit_of(map_of(together), left_ / outer);
    now_ = before_;
    now_.append(outer);
    cut_sub_dim all{left_ / outer / unit, {}};
    for (ruled_cut const& by : together)
      all.cuts_.push_back(now_.add({by.by_, in_units(by.rule_, unit)}));
    now_.sub_dims_.push_back(all);
    now_.append(unit);
    for (std::size_t i = 0; i < behind_.size(); ++i) now_.append(behind_, i);
  }

  cut_chain open_;   // the cuts that are not done with
  index_t left_;     // indices that those done with leave to a part
  cut_grid before_;  // sub-dims of those done with,
  cut_grid behind_;  // before and behind the indices that are left
  cut_grid gates_;   // cuts that give one part all
  cut_grid now_;
};

/// The cuts of a sub-dim.
constexpr cut_chain chain_of(cut_grid const& g, std::size_t i) {
  cut_chain out;
  for (std::size_t k = 0; k < g[i].cuts_.size(); ++k) out.push_back(g.cut_of(i, k));
  return out;
}

/// Appends the sub-dims of a range under a chain of cuts.
constexpr void append_factored(cut_grid& out, device_matrix const& devices, cut_chain const& cuts,
                               index_t size) {
  cut_grid const grid = dim_factoring{cuts, size}.sub_dims();
  for (std::size_t i = 0; i < grid.size(); ++i) {
    cut_chain const chain = chain_of(grid, i);
    chain_merging const merged{devices, chain, grid[i].size_, merging::all};
    if (merged.cuts().size() < chain.size())
      append_factored(out, devices, merged.cuts(), grid[i].size_);
    else
      out.append(grid, i);
  }
}

/// A dim of one shape that is one of the other, too: as long, and as long a way from the end.
constexpr bool is_kept(extents const& from, std::size_t dim, extents const& to) {
  index_t inner = 1;
  for (std::size_t d = dim + 1; d < from.rank(); ++d) inner *= from[d];
  index_t other = 1;
  for (std::size_t d = to.rank(); d-- > 0; other *= to[d])
    if (other == inner && to[d] == from[dim] && from[dim] != 1) return true;
  return false;
}
}  // namespace detail

/// The normal form of a layout's cuts, as far as a reshape needs it: dims that are dims of the new
/// shape, too, stay as they are.
///   needs: elements, at least one
///   cost:  O(cuts^2) where sizes divide; else O(runs) of the dim whose cuts do not come apart
[[nodiscard]] constexpr cut_grid factored(layout const& l, extents const& shape) {
  cut_grid out;
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    cut_chain const cuts = detail::chain_of(l.map(), d);
    if (detail::is_kept(l.shape(), d, shape)) {
      if (cuts.empty()) out.append(l.shape()[d]);
      cut_sub_dim kept{l.shape()[d], {}};
      for (ruled_cut const& by : cuts) kept.cuts_.push_back(out.add(by));
      if (!cuts.empty()) out.sub_dims_.push_back(kept);
      continue;
    }
    detail::chain_merging const merged{l.devices(), cuts, l.shape()[d], detail::merging::all};
    detail::append_factored(out, l.devices(), merged.cuts(), l.shape()[d]);
  }
  return out;
}

}  // namespace v1
}  // namespace reshard
