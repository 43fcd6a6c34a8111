#include <reshard/algebra/strided_interpolation.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_interpolation_test {

using namespace reshard;

namespace {

constexpr bool goes_through(strided_layout const& a) {
  detail::found_modes const found = detail::interpolation(a, a.cosize() - 1).modes();
  if (!found.found) return false;
  strided_layout const l = detail::layout_of(found.modes);
  for (index_t i = 0; i < a.size(); ++i)
    if (l(a(i)) != i) return false;
  return l.size() >= a.cosize();
}

constexpr bool a_layout_is_found_through_the_values_of_another() {
  EXPECT(goes_through({5, 3}) && goes_through({{2, 2}, {2, 3}}));
  EXPECT(goes_through({{3, 2}, {-1, -3}}) && goes_through({{2, 2}, {-1, 3}}));
  return true;
}
TEST_BOTH("[strided_interpolation]", a_layout_is_found_through_the_values_of_another)

constexpr bool values_that_repeat_have_no_layout_through_them() {
  EXPECT(!goes_through({{2, 2}, {1, 1}}) && !goes_through({{2, 3}, {0, 1}}));
  EXPECT(!goes_through({{2, 4}, {-1, 2}}));
  return true;
}
TEST_BOTH("[strided_interpolation]", values_that_repeat_have_no_layout_through_them)

TEST_CASE("where strides divide there is always a layout", "[strided_interpolation]") {
  long layouts = 0;
  for (index_t size = 2; size <= 24; ++size)
    strided_brute::for_each_factoring(size, 3, [&](strided_brute::list const& extents) {
      strided_brute::for_each_strides(
          extents.size(), {1, 2, 3}, [&](strided_brute::list const& gaps) {
            strided_brute::list strides;
            for (std::size_t m = 0; m < extents.size(); ++m)
              strides.push_back(gaps[m] * (m == 0 ? 1 : strides[m - 1] * extents[m - 1]));
            strided_layout const a = strided_brute::make(extents, strides);
            if (a.cosize() > 200) return;
            REQUIRE(goes_through(a));
            ++layouts;
          });
    });
  CHECK(layouts > 300);
}

}  // namespace

}  // namespace strided_interpolation_test
