#include <reshard/algebra/strided_mapping.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_mapping_test {

using namespace reshard;

namespace {

using detail::mapped_mode;
using detail::mapped_modes;
using detail::outer_digits;

constexpr bool neighbours_in_one_space_that_go_on_are_one_mode() {
  mapped_modes const modes{mapped_mode{2, 1, 1}, mapped_mode{3, 2, 1}, mapped_mode{1, 9, 1},
                           mapped_mode{4, 6, 2}, mapped_mode{5, 24, 1}};
  EXPECT((detail::coalesced(modes) == detail::mapped_list{{6, 1, 1}, {4, 6, 2}, {5, 24, 1}}));
  EXPECT(detail::coalesced(mapped_mode{1, 5, 1}).empty());
  return true;
}
TEST_BOTH("[strided_mapping]", neighbours_in_one_space_that_go_on_are_one_mode)

constexpr bool only_the_digits_within_reach_count() {
  strided_layout const outer{{4, 3, 5}, {3, 1, 100}};
  EXPECT(outer_digits(outer, 3).is_linear() && outer_digits(outer, 3)(2) == 6);
  EXPECT(!outer_digits(outer, 4).is_linear());
  EXPECT(outer_digits(outer, 11).modes.size() == 2 && outer_digits(outer, 12).modes.size() == 3);
  EXPECT(outer_digits(outer, 59)(27) == outer(27));
  EXPECT(outer_digits{}(41) == 41);
  return true;
}
TEST_BOTH("[strided_mapping]", only_the_digits_within_reach_count)

constexpr bool multiples_go_on_until_a_digit_carries() {
  outer_digits digits(strided_layout{{6, 4, 5}, {1, 10, 100}}, 119);
  EXPECT(digits.without_carry(2, 50) == 3);  // 0, 2, 4, and 6 carries
  EXPECT(digits.without_carry(4, 50) == 2);  // 0, 4, and 8 carries
  EXPECT(digits.without_carry(6, 50) == 4);  // the second digit carries at 24
  EXPECT(digits.without_carry(7, 3) == 3 && digits.without_carry(7, 50) == 4);
  EXPECT(digits.without_carry(24, 50) == 50);  // the last digit never does
  EXPECT(digits.use(2, 3) && digits.use(1, 2) && !digits.use(1, 2));
  return true;
}
TEST_BOTH("[strided_mapping]", multiples_go_on_until_a_digit_carries)

constexpr bool a_mapped_function_adds_up_its_spaces() {
  strided_layout const a{{4, 3}, {3, 1}};
  strided_layout const b{5, 7};
  mapped_modes const inner{mapped_mode{2, 2, 1}, mapped_mode{3, 100, 0}, mapped_mode{3, 4, 1},
                           mapped_mode{2, -3, 2}};
  detail::mapped_function f(detail::coalesced(inner), {a, b});
  index_t i = 0;
  for (index_t w = 0; w < 2; ++w)
    for (index_t z = 0; z < 3; ++z)
      for (index_t y = 0; y < 3; ++y)
        for (index_t x = 0; x < 2; ++x) EXPECT(f(i++) == a(2 * x + 4 * z) + 100 * y + b(-3 * w));
  detail::found_modes const closed = f.closed_form();
  EXPECT(closed.found && (closed.modes == detail::mode_list{{2, 6}, {3, 100}, {3, 1}, {2, -21}}));
  return true;
}
TEST_BOTH("[strided_mapping]", a_mapped_function_adds_up_its_spaces)

TEST_CASE("where a closed form is given it is the function", "[strided_mapping][slow]") {
  long closed_forms = 0;
  strided_brute::list const strides{0, 1, 2, 3, 4, 6, 8, -1, -2};
  std::vector<strided_layout> inners;
  strided_brute::for_each_layout(12, 2, strides, [&](strided_brute::flat const& flat) {
    inners.push_back(strided_brute::make(flat.extents, flat.strides));
  });
  strided_brute::for_each_layout(12, 3, {1, 2, 5}, [&](strided_brute::flat const& flat) {
    strided_layout const outer = strided_brute::make(flat.extents, flat.strides);
    for (strided_layout const& inner : inners) {
      detail::mapped_function f(detail::coalesced(detail::in_space(inner, 1)), {outer});
      auto const expected =
          strided_brute::composed(strided_brute::flattened(outer), strided_brute::flattened(inner));
      for (std::size_t i = 0; i < expected.size(); ++i)
        if (f(static_cast<index_t>(i)) != expected[i]) FAIL("evaluation");
      detail::found_modes const closed = f.closed_form();
      if (!closed.found) continue;
      ++closed_forms;
      REQUIRE(strided_brute::values(detail::layout_of(closed.modes)) == expected);
    }
  });
  CHECK(closed_forms > 50000);
}

TEST_CASE("a layout without a mode to go on in is refused", "[strided_mapping]") {
  CHECK(strided_brute::broken_rule([] { return outer_digits(strided_layout(int_tuple{}), 1); }) ==
        "index_is_outside_the_layout");
  CHECK(strided_brute::broken_rule([] {
          return outer_digits({{0, 4}, {1, 1}}, 1);
        }) == "index_is_outside_the_layout");
  CHECK(outer_digits({{4, 0}, {1, 9}}, 7)(5) == 10);
}

}  // namespace

}  // namespace strided_mapping_test
