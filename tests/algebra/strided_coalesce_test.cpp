#include <reshard/algebra/strided_coalesce.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_coalesce_test {

using namespace reshard;

namespace {

constexpr bool same_function(strided_layout const& a, strided_layout const& b) {
  if (a.size() != b.size()) return false;
  for (index_t i = 0; i < a.size(); ++i)
    if (a(i) != b(i)) return false;
  return true;
}

constexpr bool modes_that_go_on_become_one() {
  EXPECT((coalesce(strided_layout{{2, {1, 6}}, {1, {6, 2}}}) == strided_layout{12, 1}));
  EXPECT((coalesce(strided_layout{{{4, 3}, 5}, {{15, 1}, 3}}) == strided_layout{{4, 15}, {15, 1}}));
  EXPECT(
      (coalesce(strided_layout{{3, 4, 1, 5}, {1, 8, 3, 32}}) == strided_layout{{3, 20}, {1, 8}}));
  EXPECT((coalesce(strided_layout{{2, 3}, {-1, -2}}) == strided_layout{6, -1}));
  EXPECT((coalesce(strided_layout{{4, 1}, {7, 9}}) == strided_layout{4, 7}));
  return true;
}
TEST_BOTH("[strided_coalesce]", modes_that_go_on_become_one)

constexpr bool one_index_or_none_is_one_mode() {
  EXPECT((coalesce(strided_layout{{1, 1}, {5, 7}}) == strided_layout{1, 0}));
  EXPECT((coalesce(strided_layout{int_tuple{}}) == strided_layout{}));
  EXPECT((coalesce(strided_layout{{3, 7}, {0, 0}}) == strided_layout{21, 0}));
  EXPECT((coalesce(strided_layout{{4, 0, 2}, {1, 4, 9}}) == strided_layout{0, 0}));
  return true;
}
TEST_BOTH("[strided_coalesce]", one_index_or_none_is_one_mode)

constexpr bool a_profile_coalesces_mode_by_mode() {
  strided_layout const a{{2, {1, 6}}, {1, {6, 2}}};
  EXPECT((coalesce(a, {1, 1}) == strided_layout{{2, 6}, {1, 2}}));
  EXPECT((coalesce(a, 1) == coalesce(a)));
  strided_layout const b{{{2, 3}, {4, {5, 1}}, 2}, {{1, 2}, {6, {24, 0}}, 120}};
  EXPECT(
      (coalesce(b, int_tuple{1}) == strided_layout{{6, {4, {5, 1}}, 2}, {1, {6, {24, 0}}, 120}}));
  EXPECT((coalesce(b, {1, {1, 1}}) == strided_layout{{6, {4, 5}, 2}, {1, {6, 24}, 120}}));
  EXPECT(same_function(coalesce(b, {1, 1, 1}), b));
  return true;
}
TEST_BOTH("[strided_coalesce]", a_profile_coalesces_mode_by_mode)

// Strides for modes of layouts up to size 64: many for few modes, fewer for many.
strided_brute::list strides_for(std::size_t modes) {
  if (modes <= 2) return {0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, -1, -2, -8};
  if (modes == 3) return {0, 1, 2, 3, 4, 8, 16, -2};
  return {0, 1, 2, 4, 16};
}

TEST_CASE("coalesce is the same function with the fewest modes, for all layouts up to size 64",
          "[strided_coalesce][slow]") {
  long layouts = 0;
  for (index_t size = 1; size <= 64; ++size)
    strided_brute::for_each_factoring(size, 6, [&](strided_brute::list const& extents) {
      strided_brute::for_each_strides(
          extents.size(), strides_for(extents.size()), [&](strided_brute::list const& strides) {
            strided_layout const a = strided_brute::make(extents, strides);
            strided_layout const fewest = coalesce(a);
            REQUIRE(strided_brute::values(fewest) == strided_brute::values(a));
            for (std::size_t m = 1; m < fewest.rank(); ++m)
              REQUIRE(fewest[m].stride() !=
                      int_tuple(fewest[m - 1].size() * fewest[m - 1].stride().leaves()[0]));
            ++layouts;
          });
    });
  CHECK(layouts > 200000);
}

TEST_CASE("no layout with fewer modes has the function of a coalesced one", "[strided_coalesce]") {
  for (index_t size = 1; size <= 24; ++size)
    strided_brute::for_each_factoring(size, 4, [&](strided_brute::list const& extents) {
      strided_brute::for_each_strides(
          extents.size(), {0, 1, 2, 3, 6}, [&](strided_brute::list const& strides) {
            strided_layout const a = strided_brute::make(extents, strides);
            auto const values = strided_brute::values(a);
            std::size_t const fewest = size == 1 ? 0 : coalesce(a).rank();
            std::size_t least = 0;
            while (!strided_brute::some_layout_has(values, least)) ++least;
            REQUIRE(least == fewest);
          });
    });
}

TEST_CASE("a profile with more entries than modes is refused", "[strided_coalesce]") {
  strided_layout const a{{2, 3}, {1, 2}};
  CHECK(strided_brute::broken_rule([&] {
          return coalesce(a, {1, 1, 1});
        }) == "tiler_has_too_many_modes");
  CHECK(strided_brute::broken_rule([&] {
          return coalesce(a, {1, {1, 1}});
        }) == "tiler_has_too_many_modes");
}

}  // namespace

}  // namespace strided_coalesce_test
