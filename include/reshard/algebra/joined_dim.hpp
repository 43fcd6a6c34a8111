#pragma once

#include <reshard/algebra/cut_range.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Windows on one dim of several layouts, put one after another: a slice is one window, a
/// concatenation several whole dims. Finds the rules that deal the result out as the windows are.
///   Windows: a callable that calls its argument with (layout const&, interval) for each window
template <class Windows> class joined_dim {
 public:
  /// first: one of the layouts
  constexpr joined_dim(layout const& first, std::size_t dim, Windows const& windows)
      : first_(first), dim_(dim), windows_(windows) {
    windows_([&](layout const&, interval window) { size_ += window.size; });
  }

  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }

  /// Appends the dim to a map; false if no rules deal it out.
  ///   cost: O(parts x runs) for each rule that is tried
  [[nodiscard]] constexpr bool append_to(tensor_map& out) const {
    out.count_.push_back(0);
    if (!have_the_same_digits()) return false;
    for (std::size_t level = 0; level < cuts().cuts(); ++level) {
      ruled_cut const found = rule_at(level);
      if (found.parts() == 0) return false;
      out.add_cut(out.size() - 1, found.by_, found.rule_);
    }
    return true;
  }

 private:
  [[nodiscard]] constexpr dim_cuts cuts() const { return first_.dim(dim_); }
  [[nodiscard]] constexpr digit const& digit_at(std::size_t level) const {
    return cuts().begin()[level].by();
  }
  [[nodiscard]] constexpr bool have_the_same_digits() const {
    bool same = true;
    windows_([&](layout const& l, interval) {
      dim_cuts const other = l.dim(dim_);
      same = same && other.cuts() == cuts().cuts();
      for (std::size_t i = 0; i < cuts().cuts() && same; ++i)
        same = other.begin()[i].by() == digit_at(i);
    });
    return same;
  }

  /// Calls sink(part_index&) for all numbers of the first cuts until it returns true.
  template <class Sink>
  constexpr bool any_part_of(std::size_t level, part_index& part, Sink const& sink) const {
    if (part.size() == level) return sink(part);
    for (index_t number = 0; number < digit_at(part.size()).modulo(); ++number) {
      part.push_back(number);
      bool const found = any_part_of(level, part, sink);
      part.pop_back();
      if (found) return true;
    }
    return false;
  }

  /// The rule of a cut: one that does the same in every range that the cuts before leave.
  [[nodiscard]] constexpr ruled_cut rule_at(std::size_t level) const {
    ruled_cut found;
    part_index part;
    any_part_of(level, part, [&](part_index& range) {
      return any_candidate(level, range, [&](cut_rule const& rule) {
        ruled_cut const by{digit_at(level), rule};
        if (!deals(level, by)) return false;
        found = by;
        return true;
      });
    });
    return found;
  }
  [[nodiscard]] constexpr bool deals(std::size_t level, ruled_cut const& by) const {
    part_index part;
    return !any_part_of(level, part, [&](part_index& range) { return !deals(level, by, range); });
  }
  /// Of a range, `by` gives each part what it has of the windows.
  [[nodiscard]] constexpr bool deals(std::size_t level, ruled_cut const& by,
                                     part_index& range) const {
    index_t const size = indices(level, range);
    if (!is_legal(by, size) || !sections_divide(by)) return false;
    cut const c{by.by_, by.rule_};
    split const s{c, by.rule_.sizes_.begin(), size};
    bool same = true;
    for (index_t number = 0; number < by.parts() && same; ++number) {
      range.push_back(number);
      index_t local = 0;
      for_each_run(level, range, [&](interval run) {
        same = same && s.below(number, run.offset) == local &&
               s.below(number, run.end()) == local + run.size;
        local += run.size;
      });
      same = same && s.below(number, size) == local;
      range.pop_back();
    }
    return same;
  }
  static constexpr bool sections_divide(ruled_cut const& by) {
    if (by.rule_.kind_ != cut_kind::sections) return true;
    for (index_t const section : by.rule_.sizes_)
      if (section % by.parts() != 0) return false;
    return true;
  }

  /// How many indices of the windows the first cuts leave to a part.
  [[nodiscard]] constexpr index_t indices(std::size_t level, part_index const& part) const {
    index_t sum = 0;
    windows_([&](layout const& l, interval window) { sum += within(l, window, level, part); });
    return sum;
  }
  [[nodiscard]] constexpr index_t within(layout const& l, interval window, std::size_t level,
                                         part_index const& part) const {
    dim_cuts const along = l.dim(dim_).first_cuts(level);
    return along.below(part.begin(), window.end()) - along.below(part.begin(), window.offset);
  }
  /// Calls sink(interval) for what a part has of the range that is left to the cuts before its
  /// last one, counted in that range.
  template <class Sink>
  constexpr void for_each_run(std::size_t level, part_index const& part, Sink const& sink) const {
    index_t before = 0;
    windows_([&](layout const& l, interval window) {
      dim_cuts const range = l.dim(dim_).first_cuts(level);
      index_t const first = before - range.below(part.begin(), window.offset);
      l.dim(dim_).first_cuts(level + 1).for_each_segment(
          part.begin(), window, [&](segment const& s) {
            sink(interval{first + range.below(part.begin(), s.offset), s.size});
          });
      before = first + range.below(part.begin(), window.end());
    });
  }

  /// Calls accept(cut_rule const&) for the rules that may deal out a range until it returns true:
  /// the simplest first.
  template <class Accept>
  constexpr bool any_candidate(std::size_t level, part_index& range, Accept const& accept) const {
    for (tail_rule const tail : {tail_rule::exact, tail_rule::ceil, tail_rule::balanced})
      if (accept(cut_rule{tail})) return true;
    if (accept(first_.map().rule(first_.map().first(dim_) + level))) return true;
    size_list sections;
    index_t count = 0;
    windows_([&](layout const& l, interval window) {
      add_sections(l, window, level, range, sections, count);
    });
    if (count > 0 && accept(cut_rule::sections(count))) return true;
    if (count > 0 && count <= static_cast<index_t>(max_sizes) &&
        accept(cut_rule::sections(sections)))
      return true;
    for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced}) {
      if (count > 0 && accept(cut_rule::sections(count, tail))) return true;
      for (index_t few = 2; few <= static_cast<index_t>(max_sizes); ++few)
        if (accept(cut_rule::sections(few, tail))) return true;
    }
    size_list sizes;
    index_t first_run = 0;
    for (index_t number = 0; number < digit_at(level).modulo(); ++number) {
      range.push_back(number);
      if (sizes.size() < max_sizes) sizes.push_back(indices(level + 1, range));
      for_each_run(level, range, [&](interval run) {
        if (run.offset == 0) first_run = run.size;
      });
      range.pop_back();
    }
    if (first_run > 0 && accept(cut_rule::cyclic(first_run))) return true;
    return digit_at(level).modulo() <= static_cast<index_t>(max_sizes) &&
           accept(cut_rule::parts(sizes));
  }
  /// What a window has of the sections of its own rule, or the window as one.
  constexpr void add_sections(layout const& l, interval window, std::size_t level,
                              part_index const& range, size_list& sections, index_t& count) const {
    dim_cuts const along = l.dim(dim_).first_cuts(level);
    index_t const first = along.below(range.begin(), window.offset);
    interval const wanted{first, along.below(range.begin(), window.end()) - first};
    cut_rule const rule = l.map().rule(l.map().first(dim_) + level);
    index_t const own = rule.kind_ != cut_kind::sections ? 1 : section_count(rule);
    interval section{0, 0};
    for (index_t i = 0; i < own; ++i) {
      section = rule.kind_ == cut_kind::sections && rule.block_ == 0
                    ? interval{section.end(), rule.sizes_[static_cast<std::size_t>(i)]}
                    : part_interval({0, along.size(range.begin())}, rule.tail_, own, i);
      index_t const size = intersection(section, wanted).size;
      if (size == 0) continue;
      ++count;
      if (sections.size() < max_sizes) sections.push_back(size);
    }
  }
  static constexpr index_t section_count(cut_rule const& rule) {
    return rule.block_ != 0 ? rule.block_ : static_cast<index_t>(rule.sizes_.size());
  }

  layout const& first_;
  std::size_t dim_;
  Windows const& windows_;
  index_t size_ = 0;
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
