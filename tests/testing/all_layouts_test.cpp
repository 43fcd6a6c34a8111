#include <reshard/testing/all_layouts.hpp>

#include <catch2/catch.hpp>
#include <set>

using namespace reshard;
using testing::list;

TEST_CASE("device matrices are the ordered factorisations", "[all_layouts]") {
  std::vector<list> all;
  testing::for_each_devices(6, [&](list const& devices) { all.push_back(devices); });
  CHECK(std::set<list>(all.begin(), all.end()) ==
        std::set<list>{{}, {2}, {2, 2}, {2, 3}, {3}, {3, 2}, {4}, {5}, {6}});
  CHECK(all.size() == 9);
}

TEST_CASE("maps put each axis nowhere or at one place of one list", "[all_layouts]") {
  std::set<std::vector<list>> all;
  int count = 0;
  testing::for_each_map({2, 3}, 1, [&](std::vector<list> const& map) {
    all.insert(map);
    ++count;
  });
  CHECK(all == std::set<std::vector<list>>{{{}}, {{0}}, {{1}}, {{0, 1}}, {{1, 0}}});
  CHECK(count == 5);
  // of 2 axes on 2 dims: none 1, one 2 * 2, both on one dim 2 * 2, on different dims 2
  count = 0;
  testing::for_each_map({2, 3}, 2, [&](std::vector<list> const&) { ++count; });
  CHECK(count == 11);
}

TEST_CASE("ceil cuts axis by axis, the others at once", "[all_layouts]") {
  auto const ceil = testing::cuts_over({2, 3}, {1, 0}, tail_rule::ceil);
  CHECK(ceil ==
        std::vector<testing::cut_case>{{{1}, 1, 2, tail_rule::ceil}, {{0}, 1, 3, tail_rule::ceil}});
  auto const exact = testing::cuts_over({2, 3}, {1, 0}, tail_rule::exact);
  CHECK(exact == std::vector<testing::cut_case>{{{1, 0}, 1, 6, tail_rule::exact}});
  CHECK(testing::cuts_over({2}, {}, tail_rule::exact).empty());
  CHECK(testing::parts_of({2, 3, 4}, {0, 2}) == 8);
  CHECK(testing::unused_axes({{2, 3, 4}, {6}, {{{{1}, 1, 3, tail_rule::exact}}}}) == list{2, 0});
}

TEST_CASE("all layouts are valid and have every tail rule on every dim", "[all_layouts]") {
  std::set<std::string> names;
  int uneven = 0;
  index_t const maps = testing::for_each_layout(4, 2, [&](testing::layout_case const& l) {
    names.insert(testing::to_text(l));
    for (auto const& along : l.cuts)
      for (testing::cut_case const& c : along) uneven += c.rule == tail_rule::exact ? 0 : 1;
  });
  // devices (), (2), (3), (4), (2, 2): rank 1 has 1 + 2 + 2 + 2 + 5 maps, rank 2 1 + 3 * 3 + 11
  CHECK(maps == 12 + 21);
  CHECK(names.size() > 33);
  CHECK(uneven > 33);
}

TEST_CASE("layouts over one shape differ in devices, maps and rules", "[all_layouts]") {
  auto const all = testing::layouts_over(4, {6, 5});
  CHECK(all.size() == 2 * 21 - 5);  // without a cut the rule makes no difference
  for (testing::layout_case const& l : all) CHECK_NOTHROW(testing::to_layout(l));
}
