#include <reshard/algebra/strided_complement.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_complement_test {

using namespace reshard;

namespace {

constexpr bool the_rest_fills_the_holes_and_then_repeats() {
  EXPECT((complement(strided_layout{4, 1}, 24) == strided_layout{6, 4}));
  EXPECT((complement(strided_layout{6, 4}, 24) == strided_layout{4, 1}));
  EXPECT((complement(strided_layout{{4, 6}, {1, 4}}, 24) == strided_layout{}));
  EXPECT((complement(strided_layout{4, 2}, 24) == strided_layout{{2, 3}, {1, 8}}));
  EXPECT((complement(strided_layout{{2, 2}, {1, 6}}, 24) == strided_layout{{3, 2}, {2, 12}}));
  EXPECT(
      (complement(strided_layout{{{2, 2}, 2}, {{32, 1}, 8}}) == strided_layout{{4, 2}, {2, 16}}));
  return true;
}
TEST_BOTH("[strided_complement]", the_rest_fills_the_holes_and_then_repeats)

constexpr bool strides_of_0_and_single_indices_leave_everything() {
  EXPECT((complement(strided_layout{}, 5) == strided_layout{5, 1}));
  EXPECT((complement(strided_layout{1, 7}, 5) == strided_layout{5, 1}));
  EXPECT((complement(strided_layout{{3, 7}, {0, 0}}, 5) == strided_layout{5, 1}));
  EXPECT((complement(strided_layout{0, 3}, 5) == strided_layout{5, 1}));
  EXPECT(complement(strided_layout{4, 1}, 0).size() == 0);
  EXPECT((complement(strided_layout{4, 2}, 1) == strided_layout{2, 1}));
  return true;
}
TEST_BOTH("[strided_complement]", strides_of_0_and_single_indices_leave_everything)

constexpr bool modes_are_sorted_by_the_magnitude_of_their_strides() {
  detail::moving_list const sorted = detail::by_stride({{2, 9}, {3, 0}, {4, -1}, {5, 4}, {2, -4}});
  EXPECT(sorted.size() == 4);
  EXPECT(sorted[0].stride == -1 && sorted[0].extent == 4 && sorted[0].step == 6);
  EXPECT(sorted[1].stride == 4 && sorted[1].step == 24 && sorted[2].stride == -4);
  EXPECT(sorted[3].stride == 9 && sorted[3].step == 1);
  return true;
}
TEST_BOTH("[strided_complement]", modes_are_sorted_by_the_magnitude_of_their_strides)

/// The strides in order are multiples of what the modes before them fill.
bool may_be_completed(strided_brute::flat const& a) {
  std::vector<std::pair<index_t, index_t>> modes;
  for (std::size_t m = 0; m < a.extents.size(); ++m)
    if (a.extents[m] > 1 && a.strides[m] != 0) modes.push_back({a.strides[m], a.extents[m]});
  std::sort(modes.begin(), modes.end());
  index_t filled = 1;
  for (auto const& [stride, extent] : modes) {
    if (stride < 0 || stride % filled != 0) return false;
    filled = stride * extent;
  }
  return true;
}

/// What has to be added to the values to take all numbers up to `cotarget` and the holes below the
/// end of the last copy: always the least number that is not taken yet.
strided_brute::list rest_of(strided_brute::list const& values, index_t filled, index_t cotarget) {
  index_t const end = (cotarget + filled - 1) / filled * filled;
  index_t const highest = *std::max_element(values.begin(), values.end());
  std::vector<bool> taken(static_cast<std::size_t>(end + highest));
  strided_brute::list rest;
  for (index_t next = 0; next < end; ++next) {
    if (taken[static_cast<std::size_t>(next)]) continue;
    rest.push_back(next);
    for (index_t const value : values) taken[static_cast<std::size_t>(next + value)] = true;
  }
  return rest;
}

index_t filled_by(strided_brute::flat const& a) {
  index_t filled = 1;
  for (std::size_t m = 0; m < a.extents.size(); ++m)
    filled = std::max(filled, a.extents[m] * a.strides[m]);
  return filled;
}

TEST_CASE("the complement is the rest, or a stride is refused, for all layouts up to size 64",
          "[strided_complement][slow]") {
  long completed = 0;
  long refused = 0;
  strided_brute::list const strides{0, 1, 2, 4, 6, 24, -1};
  strided_brute::for_each_layout(64, 3, strides, [&](strided_brute::flat const& flat) {
    strided_layout const a = strided_brute::make(flat.extents, flat.strides);
    for (index_t const cotarget : {a.cosize(), a.size(), index_t{1}, index_t{100}}) {
      if (!may_be_completed(flat)) {
        REQUIRE_THROWS_AS(complement(a, cotarget), layout_error);
        ++refused;
        continue;
      }
      auto const expected = rest_of(strided_brute::values(a), filled_by(flat), cotarget);
      REQUIRE(strided_brute::values(complement(a, cotarget)) == expected);
      ++completed;
    }
    if (may_be_completed(flat)) REQUIRE(complement(a) == complement(a, a.cosize()));
  });
  CHECK(completed > 20000);
  CHECK(refused > 10000);
}

TEST_CASE("strides that no rest can complete are refused", "[strided_complement]") {
  using strided_brute::broken_rule;
  CHECK_THROWS_WITH(complement(strided_layout{{4, 6}, {1, 6}}), "stride 6 above modes that fill 4");
  CHECK(broken_rule([] {
          return complement(strided_layout{{2, 2}, {1, 1}});
        }) == "stride_is_no_multiple_of_what_lies_below");
  CHECK(broken_rule([] { return complement(strided_layout{4, -1}); }) == "stride_is_negative");
  CHECK(broken_rule([] { return complement(strided_layout{4, 1}, -1); }) == "extent_is_negative");
  CHECK(broken_rule([] {
          return complement(strided_layout{4, index_t{1} << 61}, 1);
        }) == "integer_overflows");
}

}  // namespace

}  // namespace strided_complement_test
