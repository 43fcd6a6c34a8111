#pragma once

#include <reshard/algebra/factored.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Looks for other chains of cuts that give the parts of a chain: its digits in another order, and
/// split where that helps. Few indices only.
class chain_search {
 public:
  /// More indices than that are not searched.
  static constexpr index_t most_indices = 64;

  constexpr chain_search(cut_chain const& cuts, index_t size) : cuts_(map_of(cuts)), size_(size) {
    for (ruled_cut const& by : cuts) left_.push_back(by.by_);
  }

  /// Calls take(cut_chain const&) for chains until it returns true; false if it never does.
  template <class Take> constexpr bool find(Take&& take) {
    return size_ <= most_indices && go_on(take);
  }

 private:
  /// A part of the number that a cut names.
  struct sub_digit {
    digit by_;
    std::size_t of_ = 0;

    [[nodiscard]] constexpr index_t parts() const noexcept { return by_.modulo(); }
  };

  /// Takes what is left of the number of some cut, or the upper or lower numbers of it.
  template <class Take> constexpr bool go_on(Take& take) {
    bool done = true;
    for (std::size_t i = 0; i < left_.size(); ++i) {
      digit const before = left_[i];
      done = done && before.modulo() == 1;
      for (index_t parts = before.modulo(); parts > 1; --parts) {
        if (before.modulo() % parts != 0) continue;
        index_t const others = before.modulo() / parts;
        left_[i] = lower_digit(before, others);
        if (append({upper_digit(before, others), i}, take)) return true;
        left_[i] = upper_digit(before, parts);
        if (others > 1 && append({lower_digit(before, parts), i}, take)) return true;
        left_[i] = before;
      }
    }
    return done && take(static_cast<cut_chain const&>(found_));
  }
  template <class Take> constexpr bool append(sub_digit const& d, Take& take) {
    if (++tries_ > 200 || !append(d)) return false;
    if (go_on(take)) return true;
    found_.pop_back();
    return false;
  }

  constexpr bool append(sub_digit const& d) {
    number_set ranges{size_};
    for (ruled_cut const& by : found_) ranges = part_sizes(ranges, by);
    for (tail_rule const tail : {tail_rule::exact, tail_rule::ceil, tail_rule::balanced})
      if (accept(d, tail, ranges)) return true;
    for (index_t block = 1; block <= size_; ++block)
      if (accept(d, cut_rule::cyclic(block), ranges)) return true;
    for (index_t sections = 2; sections <= size_; ++sections)
      for (tail_rule const tail : {tail_rule::exact, tail_rule::ceil, tail_rule::balanced})
        if (accept(d, cut_rule::sections(sections, tail), ranges)) return true;
    if (ranges.size() != 1) return false;
    part_list const parts = parts_of_first_range(d);
    return accept(d, stated_parts(d, parts), ranges) ||
           accept(d, stated_sections(d, parts), ranges);
  }
  /// Appends the cut if it is the right one.
  constexpr bool accept(sub_digit const& d, cut_rule const& rule, number_set const& ranges) {
    for (index_t const size : ranges)
      if (!is_legal({d.by_, rule}, size)) return false;
    found_.push_back({d.by_, rule});
    tensor_map const map = map_of(found_);
    dim_cuts const along{map, 0, size_};
    for (index_t at = 0; at < size_; ++at) {
      part_index part;
      along.locate(at, part);
      if (part.back() == part_of(d, at)) continue;
      found_.pop_back();
      return false;
    }
    return true;
  }
  [[nodiscard]] constexpr index_t part_of(sub_digit const& d, index_t at) const {
    part_index part;
    dim_cuts{cuts_, 0, size_}.locate(at, part);
    digit const& whole = cuts_.cuts()[d.of_].by();
    return part[d.of_] / (d.by_.divide() / whole.divide()) % d.parts();
  }
  using part_list = inplace_vector<std::uint8_t, most_indices>;

  /// Per index of the first range that is left, its part.
  [[nodiscard]] constexpr part_list parts_of_first_range(sub_digit const& d) const {
    part_list out;
    tensor_map const map = map_of(found_);
    for (index_t at = 0; at < size_; ++at) {
      part_index part;
      dim_cuts{map, 0, size_}.locate(at, part);
      bool first = true;
      for (index_t const number : part) first = first && number == 0;
      if (first) out.push_back(static_cast<std::uint8_t>(part_of(d, at)));
    }
    return out;
  }
  [[nodiscard]] static constexpr cut_rule stated_parts(sub_digit const& d, part_list const& parts) {
    if (d.parts() > static_cast<index_t>(max_sizes)) return {};
    size_list sizes(static_cast<std::size_t>(d.parts()), 0);
    for (std::uint8_t const part : parts) ++sizes[part];
    return cut_rule::parts(sizes);
  }
  /// Sections as long as part 0 goes on in each.
  [[nodiscard]] static constexpr cut_rule stated_sections(sub_digit const& d,
                                                          part_list const& parts) {
    size_list sizes;
    for (std::size_t at = 0; at < parts.size();) {
      std::size_t run = 0;
      while (at + run < parts.size() && parts[at + run] == 0) ++run;
      if (run == 0 || sizes.size() == max_sizes) return {};
      std::size_t const section = run * static_cast<std::size_t>(d.parts());
      sizes.push_back(static_cast<index_t>(section));
      at += section;
    }
    return cut_rule::sections(sizes);
  }

  tensor_map cuts_;
  index_t size_;
  inplace_vector<digit, max_cuts> left_;  // of the number that each cut names
  cut_chain found_;
  int tries_ = 0;
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
