#include <reshard/algebra/strided_layout.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_layout_test {

using namespace reshard;

namespace {

constexpr bool a_layout_maps_indices_the_first_mode_fastest() {
  strided_layout const a{{2, {4, 2}}, {1, {8, 2}}};
  EXPECT(a.rank() == 2 && a.size() == 16 && a.cosize() == 28);
  EXPECT((a.shape() == int_tuple{2, {4, 2}} && a.stride() == int_tuple{1, {8, 2}}));
  EXPECT((a[0] == strided_layout{2, 1} && a[1] == strided_layout{{4, 2}, {8, 2}}));
  index_t i = 0;
  for (index_t z = 0; z < 2; ++z)
    for (index_t y = 0; y < 4; ++y)
      for (index_t x = 0; x < 2; ++x) EXPECT(a(i++) == x + 8 * y + 2 * z);
  return true;
}
TEST_BOTH("[strided_layout]", a_layout_maps_indices_the_first_mode_fastest)

constexpr bool past_its_size_the_last_mode_goes_on() {
  strided_layout const a{{4, 3}, {3, 1}};
  EXPECT(a(12) == 3 && a(13) == 6 && a(400) == 100);
  EXPECT((strided_layout{{4, 3, 1}, {3, 1, 0}}(13) == 3));
  EXPECT((strided_layout{5, 2}(7) == 14));
  EXPECT((strided_layout{{1, {2, 4}}, {0, {-1, 512}}}(3) == 511));
  for (index_t i = 0; i < 30; ++i) EXPECT(a(-i) == -a(i));
  return true;
}
TEST_BOTH("[strided_layout]", past_its_size_the_last_mode_goes_on)

constexpr bool a_shape_alone_is_the_identity() {
  strided_layout const compact{int_tuple{3, {2, 5}}};
  EXPECT((compact.stride() == int_tuple{1, {3, 6}}));
  for (index_t i = 0; i < 60; ++i) EXPECT(compact(i) == i);
  EXPECT(compact.cosize() == compact.size());
  EXPECT((strided_layout{} == strided_layout{1, 0}));
  return true;
}
TEST_BOTH("[strided_layout]", a_shape_alone_is_the_identity)

constexpr bool cosize_takes_strides_by_their_magnitude() {
  EXPECT((strided_layout{4, -1}.cosize() == 4));
  EXPECT((strided_layout{{2, 2}, {-1, 2}}.cosize() == 4));
  EXPECT((strided_layout{{3, 7}, {0, 0}}.cosize() == 1));
  EXPECT((strided_layout{{3, 0}, {1, 3}}.cosize() == 0));
  EXPECT((strided_layout{{64, 32}, {1, 128}}.cosize() == 4032));
  return true;
}
TEST_BOTH("[strided_layout]", cosize_takes_strides_by_their_magnitude)

constexpr bool layouts_side_by_side_are_modes() {
  strided_layout const a{{4, 2}, {3, 1}};
  strided_layout const b{3, 100};
  strided_layout const both = concatenation({a, b});
  EXPECT((both == strided_layout{{{4, 2}, 3}, {{3, 1}, 100}}));
  for (index_t j = 0; j < 3; ++j)
    for (index_t i = 0; i < 8; ++i) EXPECT(both(i + 8 * j) == a(i) + b(j));
  return true;
}
TEST_BOTH("[strided_layout]", layouts_side_by_side_are_modes)

constexpr bool grouped_modes_are_the_same_function() {
  strided_layout const a{{2, 3, 5}, {30, 7, 1}};
  EXPECT((group_modes(a, 0, 2) == strided_layout{{{2, 3}, 5}, {{30, 7}, 1}}));
  EXPECT((group_modes(a, 1, 3) == strided_layout{{2, {3, 5}}, {30, {7, 1}}}));
  EXPECT(group_modes(a, 0, 3).rank() == 1 && group_modes(a, 0, 3)[0] == a);
  EXPECT((group_modes(a, 1, 2) == strided_layout{{2, {3}, 5}, {30, {7}, 1}}));
  EXPECT((group_modes(strided_layout{4, 2}, 0, 1).shape()[0] == int_tuple{4}));
  for (index_t i = 0; i < 30; ++i) EXPECT(group_modes(a, 1, 3)(i) == a(i));
  return true;
}
TEST_BOTH("[strided_layout]", grouped_modes_are_the_same_function)

TEST_CASE("every flat layout up to size 64 is what its definition says", "[strided_layout]") {
  long layouts = 0;
  strided_brute::for_each_layout(64, 3, {0, 1, 2, 3, 5, 8, 21, -1, -6},
                                 [&](strided_brute::flat const& flat) {
                                   if (flat.extents.empty()) return;
                                   strided_layout const a = strided_brute::layout_of(flat);
                                   REQUIRE(a.size() == strided_brute::size_of(flat.extents));
                                   bool same = true;
                                   for (index_t i = -70; i < 140; ++i)
                                     same = same && a(i) == strided_brute::value(flat, i);
                                   REQUIRE(same);
                                   ++layouts;
                                 });
  CHECK(layouts > 10000);
}

TEST_CASE("layouts that are none are refused", "[strided_layout]") {
  using strided_brute::broken_rule;
  index_t const huge = index_t{1} << 62;
  CHECK(broken_rule([] {
          return strided_layout({2, 3}, {1, 2, 3});
        }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] {
          return strided_layout({{2, 3}, 4}, {1, 2, 6});
        }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return strided_layout({2, -3}, {1, 2}); }) == "extent_is_negative");
  CHECK(broken_rule([&] { return strided_layout({huge, 2}, {0, 0}); }) == "integer_overflows");
  CHECK(broken_rule([&] { return strided_layout({3, 2}, {huge, 1}); }) == "integer_overflows");
  CHECK(broken_rule([] { return strided_layout(2, INT64_MIN); }) == "integer_overflows");
  CHECK(broken_rule([] { return strided_layout(2, max_index); }) == "integer_overflows");
  strided_layout const a{{2, 3}, {1, huge / 2}};
  CHECK(broken_rule([&] { return a(16); }) == "integer_overflows");
  CHECK(broken_rule([&] { return strided_layout(int_tuple{})(1); }) ==
        "index_is_outside_the_layout");
  CHECK(broken_rule([&] {
          (void)strided_layout({0, 2}, {1, 1})(1);
        }) == "index_is_outside_the_layout");
  CHECK(broken_rule([&] { return group_modes(a, 1, 1); }) == "mode_range_does_not_exist");
  CHECK(broken_rule([&] { return group_modes(a, -1, 1); }) == "mode_range_does_not_exist");
  CHECK(broken_rule([&] { return group_modes(a, 0, 3); }) == "mode_range_does_not_exist");
}

TEST_CASE("the printed form is shape:stride", "[strided_layout]") {
  CHECK(strided_brute::text_of(strided_layout{{2, {4, 2}}, {1, {8, -2}}}) ==
        "(2,(4,2)):(1,(8,-2))");
  CHECK(strided_brute::text_of(strided_layout{}) == "1:0");
}

}  // namespace

}  // namespace strided_layout_test
