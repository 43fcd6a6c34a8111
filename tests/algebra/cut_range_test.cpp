#include <reshard/algebra/cut_range.hpp>

#include "all_rules.hpp"

#include <catch2/catch.hpp>

namespace cut_range_test {

using namespace reshard;

namespace {

/// In a dim, by enumeration, one rule does what another does in a sub-dim.
bool are_alike(cut_rule const& by, cut_rule const& as, index_t parts, detail::cut_range const& in) {
  testing::list const dim = all_rules::owners(by, parts, in.indices());
  testing::list const sub_dim = all_rules::owners(as, parts, in.size);
  for (std::size_t at = 0; at < dim.size(); ++at)
    if (dim[at] != sub_dim[at / static_cast<std::size_t>(in.inner) % sub_dim.size()]) return false;
  return true;
}

TEST_CASE("rules deal alike where enumeration says so", "[cut_range]") {
  std::size_t alike = 0;
  std::size_t other = 0;
  for (index_t const parts : {2, 3})
    for (index_t size = 1; size <= 6; ++size)
      for (detail::cut_range const in :
           {detail::cut_range{1, size, 1}, detail::cut_range{2, size, 1},
            detail::cut_range{1, size, 2}, detail::cut_range{2, size, 3}})
        for (cut_rule const& as : all_rules::over(size, parts))
          for (cut_rule const& by : all_rules::over(in.indices(), parts)) {
            bool const expected = are_alike(by, as, parts, in);
            ruled_cut const wide = all_rules::ruled(by, parts);
            ruled_cut const narrow = all_rules::ruled(as, parts);
            if (detail::deals_alike(wide, narrow, in) != expected) FAIL("deals_alike " << size);
            if (detail::does_the_same(wide, narrow, in) != expected)
              FAIL("does_the_same: kind " << int(by.kind_) << " over " << in.outer << " x " << size
                                          << " x " << in.inner << ", kind " << int(as.kind_));
            ++(expected ? alike : other);
          }
  CHECK(alike > 1000);
  CHECK(other > 10000);
}

TEST_CASE("a rule does not fit a range of another size", "[cut_range]") {
  auto const legal = [](cut_rule const& rule, index_t size) {
    return detail::is_legal(all_rules::ruled(rule, 3), size);
  };
  CHECK(legal({}, 6));
  CHECK_FALSE(legal({}, 7));
  CHECK(legal(tail_rule::ceil, 7));
  CHECK(legal(cut_rule::parts({1, 2, 0}), 3));
  CHECK_FALSE(legal(cut_rule::parts({1, 2, 0}), 4));
  CHECK(legal(cut_rule::sections(2), 12));
  CHECK_FALSE(legal(cut_rule::sections(2), 9));
  CHECK_FALSE(detail::does_the_same(all_rules::ruled({}, 3), all_rules::ruled({}, 3), {1, 3, 2}) !=
              are_alike({}, {}, 3, {1, 3, 2}));
}

TEST_CASE("the block of a tail rule is the size of all parts but the last", "[cut_range]") {
  for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced})
    for (index_t parts = 1; parts <= 6; ++parts)
      for (index_t size = 1; size <= 20; ++size) {
        auto const held = testing::split_list(testing::up_to(size), parts, tail);
        index_t const first = static_cast<index_t>(held[0].size());
        bool const blocks = all_rules::owners(tail, parts, size) ==
                            all_rules::owners(cut_rule::cyclic(first), parts, size);
        CAPTURE(int(tail), parts, size);
        CHECK(detail::block_of(tail, parts, size) == (blocks ? first : 0));
      }
}

TEST_CASE("equal sections are counted without empty ones", "[cut_range]") {
  for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced})
    for (index_t sections = 1; sections <= 6; ++sections)
      for (index_t size = 1; size <= 20; ++size) {
        index_t count = 0;
        bool equal = true;
        std::size_t first = 0;
        for (testing::list const& s : testing::split_list(testing::up_to(size), sections, tail)) {
          if (count == 0) first = s.size();
          count += s.empty() ? 0 : 1;
          equal = equal && (s.empty() || s.size() == first);
        }
        CAPTURE(int(tail), sections, size);
        CHECK(detail::equal_sections(cut_rule::sections(sections, tail), size) ==
              (equal ? count : 0));
      }
}

TEST_CASE("a rule for each of several ranges does in each what the rule does in all",
          "[cut_range]") {
  std::size_t found = 0;
  for (index_t const parts : {2, 3})
    for (index_t const times : {2, 3})
      for (index_t size = 1; size <= 6; ++size)
        for (cut_rule const& rule : all_rules::over(times * size, parts)) {
          detail::repeated_rule const each =
              detail::rule_of_each(all_rules::ruled(rule, parts), times, size);
          if (!each.exists || !detail::is_legal(all_rules::ruled(each.rule, parts), size)) continue;
          if (!are_alike(rule, each.rule, parts, {times, size, 1}))
            FAIL("kind " << int(rule.kind_) << ", " << times << " x " << size);
          ++found;
        }
  CHECK(found > 100);
}

}  // namespace

}  // namespace cut_range_test
