#include <reshard/algebra/strided_recast.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_recast_test {

using namespace reshard;

namespace {

constexpr bool wider_elements_shrink_the_modes_closer_than_they_are() {
  EXPECT(
      (recast_layout(strided_layout{{32, 4}, {1, 32}}, 8, 32) == strided_layout{{8, 4}, {1, 8}}));
  EXPECT((recast_layout(strided_layout{{{5, 6}, 8}, {{8, 0}, 1}}, 8, 16) ==
          strided_layout{{{5, 6}, 4}, {{4, 0}, 1}}));
  EXPECT((recast_layout(strided_layout{8, 2}, 1, 4) == strided_layout{4, 1}));
  EXPECT(
      (recast_layout(strided_layout{{4, 2}, {-8, 1}}, 16, 32) == strided_layout{{4, 1}, {-4, 1}}));
  EXPECT((recast_layout(strided_layout{{1, 8}, {3, 1}}, 8, 32).shape() == int_tuple{1, 2}));
  return true;
}
TEST_BOTH("[strided_recast]", wider_elements_shrink_the_modes_closer_than_they_are)

constexpr bool narrower_elements_grow_the_mode_of_stride_1() {
  EXPECT(
      (recast_layout(strided_layout{{8, 4}, {1, 8}}, 32, 8) == strided_layout{{32, 4}, {1, 32}}));
  EXPECT((recast_layout(strided_layout{{1, 4}, {1, 2}}, 16, 8) == strided_layout{{2, 4}, {1, 4}}));
  EXPECT((recast_layout(strided_layout{{4, 1}, {1, 1}}, 16, 8) == strided_layout{{8, 1}, {1, 2}}));
  return true;
}
TEST_BOTH("[strided_recast]", narrower_elements_grow_the_mode_of_stride_1)

constexpr bool sizes_need_not_divide_one_another() {
  EXPECT((recast_layout(strided_layout{{32, 16, 8}, {1, 256, 32}}, 24, 64) ==
          strided_layout{{12, 16, 8}, {1, 96, 12}}));
  EXPECT((recast_layout(strided_layout{{8, 4}, {1, 8}}, 6, 4) == strided_layout{{12, 4}, {1, 12}}));
  EXPECT((recast_layout(strided_layout{{3, 5}, {2, 7}}, 12, 12) == strided_layout{{3, 5}, {2, 7}}));
  return true;
}
TEST_BOTH("[strided_recast]", sizes_need_not_divide_one_another)

/// The bits of all elements.
std::vector<index_t> bits_of(strided_layout const& a, index_t bits) {
  std::vector<index_t> all;
  for (index_t const value : strided_brute::values(a))
    for (index_t b = 0; b < bits; ++b) all.push_back(value * bits + b);
  std::sort(all.begin(), all.end());
  return all;
}

TEST_CASE("narrower elements hold the same bits, wider ones come back", "[strided_recast]") {
  long recast = 0;
  strided_brute::for_each_layout(
      32, 3, {1, 2, 3, 4, 8, 12, 16}, [&](strided_brute::flat const& flat) {
        strided_layout const a = strided_brute::make(flat.extents, flat.strides);
        if (std::count(flat.strides.begin(), flat.strides.end(), 1) != 1) return;
        for (index_t const bits : {1, 2, 4, 8}) {
          strided_layout const narrower = recast_layout(a, 8, bits);
          REQUIRE(bits_of(narrower, bits) == bits_of(a, 8));
          REQUIRE(coalesce(recast_layout(narrower, bits, 8)) == coalesce(a));
          ++recast;
        }
      });
  CHECK(recast > 5000);
}

TEST_CASE("wider elements hold what the old ones at their coordinates are, or are refused",
          "[strided_recast]") {
  long wider_ones = 0;
  long refused = 0;
  strided_brute::for_each_layout(
      32, 3, {0, 1, 2, 3, 4, 8, 12}, [&](strided_brute::flat const& flat) {
        strided_layout const a = strided_brute::make(flat.extents, flat.strides);
        strided_layout wider;
        try {
          wider = recast_layout(a, 8, 32);
        } catch (layout_error const& e) {
          REQUIRE(e.code() == errc::mode_does_not_divide_into_elements);
          ++refused;
          return;
        }
        ++wider_ones;
        for (index_t i = 0; i < a.size(); ++i) {
          index_t rest = i;
          index_t sum = 0;
          for (std::size_t m = 0; m < flat.extents.size(); ++m) {
            index_t const joined = flat.extents[m] / wider.shape().leaves()[m];
            sum += rest % flat.extents[m] / joined * wider.stride().leaves()[m];
            rest /= flat.extents[m];
          }
          if (sum != a(i) / 4) FAIL(strided_brute::text_of(a) << " at " << i);
        }
      });
  CHECK(wider_ones > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("memory that the elements do not fill is refused", "[strided_recast]") {
  using strided_brute::broken_rule;
  CHECK_THROWS_WITH(recast_layout(strided_layout{6, 1}, 8, 32),
                    "6 elements 1 apart do not fill elements of 4");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{8, 3}, 8, 16);
        }) == "mode_does_not_divide_into_elements");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{8, -1}, 8, 16);
        }) == "stride_is_negative");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{{8, 2}, {-1, 1}}, 16, 8);
        }) == "stride_is_negative");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{8, 2}, 16, 8);
        }) == "unit_stride_is_not_unique");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{{8, 2}, {1, 1}}, 16, 8);
        }) == "unit_stride_is_not_unique");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{8, 1}, 0, 8);
        }) == "element_bits_are_not_positive");
  CHECK(broken_rule([] {
          return recast_layout(strided_layout{8, 1}, 8, -8);
        }) == "element_bits_are_not_positive");
}

}  // namespace

}  // namespace strided_recast_test
