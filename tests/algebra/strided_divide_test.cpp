#include <reshard/algebra/strided_divide.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

#include <random>

namespace strided_divide_test {

using namespace reshard;

namespace {

constexpr strided_layout matrix{{9, {4, 8}}, {59, {13, 1}}};
constexpr tiler tiles{strided_layout{3, 3}, strided_layout{{2, 4}, {1, 8}}};

constexpr bool same_function(strided_layout const& a, strided_layout const& b) {
  if (a.size() != b.size()) return false;
  for (index_t i = 0; i < a.size(); ++i)
    if (a(i) != b(i)) return false;
  return true;
}

constexpr bool a_divided_layout_has_its_tile_first() {
  EXPECT((logical_divide(strided_layout{{4, 2, 3}, {2, 1, 8}}, strided_layout{4, 2}) ==
          strided_layout{{{2, 2}, {2, 3}}, {{4, 1}, {2, 8}}}));
  EXPECT((logical_divide(strided_layout{16, 3}, strided_layout{{2, 2}, {4, 1}}) ==
          strided_layout{{{2, 2}, {2, 2}}, {{12, 3}, {6, 24}}}));
  EXPECT(
      (logical_divide(strided_layout{2}, strided_layout{32}) == strided_layout{{32, 1}, {1, 0}}));
  EXPECT(
      (logical_divide(strided_layout{48}, strided_layout{32}) == strided_layout{{32, 2}, {1, 32}}));
  return true;
}
TEST_BOTH("[strided_divide]", a_divided_layout_has_its_tile_first)

constexpr bool the_four_divides_order_the_same_modes() {
  EXPECT((logical_divide(matrix, tiles) ==
          strided_layout{{{3, 3}, {{2, 4}, {2, 2}}}, {{177, 59}, {{13, 2}, {26, 1}}}}));
  EXPECT((zipped_divide(matrix, tiles) ==
          strided_layout{{{3, {2, 4}}, {3, {2, 2}}}, {{177, {13, 2}}, {59, {26, 1}}}}));
  EXPECT((tiled_divide(matrix, tiles) ==
          strided_layout{{{3, {2, 4}}, 3, {2, 2}}, {{177, {13, 2}}, 59, {26, 1}}}));
  EXPECT((flat_divide(matrix, tiles) ==
          strided_layout{{3, {2, 4}, 3, {2, 2}}, {177, {13, 2}, 59, {26, 1}}}));
  EXPECT(zipped_divide(matrix, tiles)[0] == composition(matrix, tiles));
  return true;
}
TEST_BOTH("[strided_divide]", the_four_divides_order_the_same_modes)

constexpr bool modes_past_the_tiler_stay_or_go_with_the_rests() {
  strided_layout const a{{8, 6, 2}, {1, 8, 48}};
  tiler first;
  first.append(strided_layout{2});
  EXPECT((logical_divide(a, first) == strided_layout{{{2, 4}, 6, 2}, {{1, 2}, 8, 48}}));
  EXPECT(zipped_divide(a, first)[0].shape() == int_tuple{2});
  EXPECT((zipped_divide(a, first)[1] == strided_layout{{4, 6, 2}, {2, 8, 48}}));
  EXPECT((tiled_divide(a, first).shape() == int_tuple{{2}, 4, 6, 2}));
  EXPECT((flat_divide(a, first) == strided_layout{{2, 4, 6, 2}, {1, 2, 8, 48}}));
  return true;
}
TEST_BOTH("[strided_divide]", modes_past_the_tiler_stay_or_go_with_the_rests)

constexpr bool nested_lists_divide_nested_modes() {
  strided_layout const a{{{2, 3}, 8}, {{1, 2}, 6}};
  tiler const by{{strided_layout{2}, strided_layout{3}}, strided_layout{4}};
  EXPECT((logical_divide(a, by) ==
          strided_layout{{{{2, 1}, {3, 1}}, {4, 2}}, {{{1, 0}, {2, 0}}, {6, 24}}}));
  EXPECT((zipped_divide(a, by) ==
          strided_layout{{{{2, 3}, 4}, {{1, 1}, 2}}, {{{1, 2}, 6}, {{0, 0}, 24}}}));
  return true;
}
TEST_BOTH("[strided_divide]", nested_lists_divide_nested_modes)

constexpr bool tiles_may_be_larger_than_what_they_divide() {
  tiler const by{strided_layout{2}, strided_layout{4}};
  strided_layout const odd{{5, 3}, {1, 5}};
  EXPECT((logical_divide(odd, by) == strided_layout{{{2, 3}, {4, 1}}, {{1, 2}, {5, 0}}}));
  EXPECT(same_function(flat_divide(odd, by), zipped_divide(odd, by)));
  EXPECT(same_function(tiled_divide(odd, by), zipped_divide(odd, by)));
  return true;
}
TEST_BOTH("[strided_divide]", tiles_may_be_larger_than_what_they_divide)

/// Mode by mode, each index into a mode is a tile's and a rest's; all tiles come first.
strided_brute::list zipped(std::vector<strided_brute::flat> const& modes,
                           std::vector<strided_brute::flat> const& tile,
                           std::vector<strided_brute::flat> const& rest) {
  strided_brute::list values{0};
  std::vector<strided_brute::list> at{strided_brute::list(modes.size(), 0)};
  for (auto const* parts : {&tile, &rest})
    for (std::size_t m = 0; m < modes.size(); ++m) {
      std::vector<strided_brute::list> next;
      for (index_t i = 0; i < strided_brute::size_of((*parts)[m].extents); ++i)
        for (auto indices : at) {
          indices[m] += strided_brute::value((*parts)[m], i);
          next.push_back(indices);
        }
      at = next;
    }
  values.clear();
  for (auto const& indices : at) {
    values.push_back(0);
    for (std::size_t m = 0; m < modes.size(); ++m)
      values.back() += strided_brute::value(modes[m], indices[m]);
  }
  return values;
}

strided_layout random_layout(std::mt19937& random, int modes, unsigned extent, unsigned stride) {
  strided_brute::flat a;
  for (int m = 0; m < modes; ++m) {
    a.extents.push_back(1 + static_cast<index_t>(random() % extent));
    a.strides.push_back(static_cast<index_t>(random() % stride));
  }
  return strided_brute::layout_of(a);
}

TEST_CASE("divides are what they say, or refused rightly, for random layouts", "[strided_divide]") {
  std::mt19937 random{20243};
  INFO("seed 20243");
  long divided = 0;
  long refused = 0;
  for (int round = 0; round < 8000; ++round) {
    strided_layout const first = random_layout(random, 1 + static_cast<int>(random() % 2), 4, 9);
    strided_layout const second = random_layout(random, 1 + static_cast<int>(random() % 2), 3, 9);
    strided_layout const a = concatenation({first, second});
    tiler const by{random_layout(random, 1, 4, 4), random_layout(random, 1, 3, 3)};
    INFO(strided_brute::text_of(a) << " over " << strided_brute::text_of(by));
    std::vector<strided_layout> rests;
    bool completed = true;
    for (std::size_t m = 0; m < 2; ++m) try {
        rests.push_back(complement(by.leaves()[m], a[m].size()));
      } catch (layout_error const&) {
        completed = false;
      }
    if (!completed) {
      REQUIRE_THROWS_AS(zipped_divide(a, by), layout_error);
      continue;
    }
    auto const values =
        zipped({strided_brute::flattened(first), strided_brute::flattened(second)},
               {strided_brute::flattened(by.leaves()[0]), strided_brute::flattened(by.leaves()[1])},
               {strided_brute::flattened(rests[0]), strided_brute::flattened(rests[1])});
    if (strided_brute::some_layout_has(values)) {
      REQUIRE(strided_brute::values(zipped_divide(a, by)) == values);
      REQUIRE(strided_brute::values(tiled_divide(a, by)) == values);
      REQUIRE(strided_brute::values(flat_divide(a, by)) == values);
      ++divided;
    } else {
      REQUIRE(strided_brute::broken_rule([&] { return zipped_divide(a, by); }) ==
              "no_layout_has_this_function");
      ++refused;
    }
    strided_layout const whole = concatenation({by.leaves()[0], rests[0]});
    auto const of_mode =
        strided_brute::composed(strided_brute::flattened(first), strided_brute::flattened(whole));
    if (strided_brute::some_layout_has(of_mode))
      REQUIRE(strided_brute::values(logical_divide(first, by.leaves()[0])) == of_mode);
  }
  CHECK(divided > 1000);
  CHECK(refused > 300);
}

TEST_CASE("a tiler must fit the layout", "[strided_divide]") {
  using strided_brute::broken_rule;
  tiler const three{strided_layout{2}, strided_layout{2}, strided_layout{2}};
  CHECK(broken_rule([&] { return logical_divide(matrix, three); }) == "tiler_has_too_many_modes");
  CHECK(broken_rule([&] { return zipped_divide(matrix, three); }) == "tiler_has_too_many_modes");
  CHECK_THROWS_WITH(tiled_divide(strided_layout{8}, three),
                    "3 entries by mode for a layout of rank 1");
  CHECK(broken_rule([&] {
          return logical_divide(strided_layout{8}, strided_layout{{4, 2}, {1, 5}});
        }) == "stride_is_no_multiple_of_what_lies_below");
}

}  // namespace

}  // namespace strided_divide_test
