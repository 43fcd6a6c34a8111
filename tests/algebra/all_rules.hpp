#pragma once

#include <reshard/algebra/cut_range.hpp>
#include <reshard/testing/oracle.hpp>

namespace all_rules {

using namespace reshard;

/// Lists of `count` multiples of `unit`, at least `least` each, that add up to `sum`.
inline std::vector<size_list> sums(index_t sum, index_t count, index_t unit, index_t least) {
  if (count == 0) return sum == 0 ? std::vector<size_list>{{}} : std::vector<size_list>{};
  std::vector<size_list> out;
  for (index_t last = least; last <= sum; last += unit)
    for (size_list sizes : sums(sum - last, count - 1, unit, least)) {
      sizes.push_back(last);
      out.push_back(sizes);
    }
  return out;
}

/// The rules that a range of so many indices allows for so many parts; sections up to three.
inline std::vector<cut_rule> over(index_t size, index_t parts) {
  std::vector<cut_rule> out{tail_rule::ceil, tail_rule::balanced};
  if (size % parts == 0) out.emplace_back(tail_rule::exact);
  for (index_t block = 1; block <= size + 1; ++block) out.push_back(cut_rule::cyclic(block));
  for (size_list const& sizes : sums(size, parts, 1, 0)) out.push_back(cut_rule::parts(sizes));
  for (index_t sections = 1; sections <= 3; ++sections) {
    for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced})
      out.push_back(cut_rule::sections(sections, tail));
    if (size % (sections * parts) == 0) out.push_back(cut_rule::sections(sections));
    for (size_list const& sizes : sums(size, sections, parts, parts))
      out.push_back(cut_rule::sections(sizes));
  }
  return out;
}

/// A rule for the parts that the only axis of a device matrix tells apart.
inline ruled_cut ruled(cut_rule const& rule, index_t parts) {
  return {digit{axis_list{device_axis{0}}, 1, parts}, rule};
}

/// Which part has each index of a range, by enumeration.
inline testing::list owners(cut_rule const& rule, index_t parts, index_t size) {
  testing::list out(static_cast<std::size_t>(size), -1);
  std::vector<testing::list> const held = testing::split_list(testing::up_to(size), parts, rule);
  for (std::size_t part = 0; part < held.size(); ++part)
    for (index_t const at : held[part])
      out[static_cast<std::size_t>(at)] = static_cast<index_t>(part);
  return out;
}

}  // namespace all_rules
