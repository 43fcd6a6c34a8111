#include <reshard/algebra/int_tuple.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace int_tuple_test {

using namespace reshard;

namespace {

constexpr bool products_multiply_leaves_in_order() {
  EXPECT(product(7) == 7 && product(int_tuple{}) == 1);
  EXPECT(product(int_tuple{{2, 5}, 3}) == 30);
  EXPECT(inner_product(4, 5) == 20);
  EXPECT(inner_product({{2, 5}, 3}, {{1, 10}, 100}) == 352);
  EXPECT(inner_product({1, -2}, {3, 4}) == -5);
  EXPECT(prefix_product(9) == int_tuple(1));
  EXPECT((prefix_product({5, {3, 2}, 7}) == int_tuple{1, {5, 15}, 30}));
  EXPECT((prefix_product({5, {3, 2}}, 4) == int_tuple{4, {20, 60}}));
  EXPECT((prefix_product({5, {3, 2}}, {4, 10}) == int_tuple{4, {10, 30}}));
  EXPECT((prefix_product({2, index_t{1} << 62}) == int_tuple{1, 2}));
  return true;
}
TEST_BOTH("[int_tuple]", products_multiply_leaves_in_order)

constexpr bool a_shape_is_divided_from_the_left() {
  EXPECT(shape_div(12, 4) == int_tuple(3) && shape_div(4, 12) == int_tuple(1));
  EXPECT((shape_div({5, 6, 4}, 10) == int_tuple{1, 3, 4}));
  EXPECT((shape_div({5, {6, 4}}, 60) == int_tuple{1, {1, 2}}));
  EXPECT((shape_div({10, {6, 4}}, {5, 12}) == int_tuple{2, {1, 2}}));
  EXPECT(shape_div(24, int_tuple{2, 3}) == int_tuple(4));
  return true;
}
TEST_BOTH("[int_tuple]", a_shape_is_divided_from_the_left)

constexpr bool a_shape_keeps_what_is_divided_out() {
  EXPECT(shape_mod(12, 4) == int_tuple(4) && shape_mod(4, 12) == int_tuple(4));
  EXPECT((shape_mod({5, 6, 4}, 10) == int_tuple{5, 2, 1}));
  EXPECT((shape_mod({5, {6, 4}}, 60) == int_tuple{5, {6, 2}}));
  EXPECT((shape_mod({10, {6, 4}}, {5, 12}) == int_tuple{5, {6, 2}}));
  EXPECT((shape_mod({6, 2}, 4) == int_tuple{2, 2}));
  return true;
}
TEST_BOTH("[int_tuple]", a_shape_keeps_what_is_divided_out)

constexpr bool coordinates_of_a_compatible_shape_fit_the_finer_one() {
  EXPECT(compatible(24, {4, 6}) && compatible({4, 6}, {{2, 2}, 6}));
  EXPECT(compatible(24, 24) && compatible(24, int_tuple{24}) && !compatible(int_tuple{24}, 24));
  EXPECT(!compatible(24, 32) && !compatible({4, 6}, 24) && !compatible({4, 6}, {6, 4}));
  EXPECT(!compatible({2, 2, 6}, {4, 6}) && !compatible({{2, 3}, 4}, {{2, 2}, {3, 2}}));
  return true;
}
TEST_BOTH("[int_tuple]", coordinates_of_a_compatible_shape_fit_the_finer_one)

TEST_CASE("what is divided out and what is left make the shape", "[int_tuple]") {
  int checked = 0;
  for (index_t size = 1; size <= 64; ++size)
    strided_brute::for_each_factoring(size, 6, [&](strided_brute::list const& extents) {
      int_tuple shape;
      for (index_t const extent : extents) shape.append(extent);
      for (index_t divisor = 1; divisor <= 2 * size; ++divisor) {
        int_tuple left;
        try {
          left = shape_div(shape, divisor);
        } catch (layout_error const& e) {
          REQUIRE(e.code() == errc::extent_does_not_divide);
          continue;
        }
        REQUIRE(product(left) * product(shape_mod(shape, divisor)) == size);
        ++checked;
      }
    });
  CHECK(checked > 2500);
}

TEST_CASE("tuples that do not fit one another are refused", "[int_tuple]") {
  using strided_brute::broken_rule;
  CHECK(broken_rule([] { return inner_product({1, 2}, {1, 2, 3}); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return inner_product({1, 2}, 3); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return prefix_product(4, {1, 2}); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return shape_div({4, 2}, {2, 2, 2}); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return shape_div(6, 4); }) == "extent_does_not_divide");
  CHECK(broken_rule([] { return shape_div(6, 0); }) == "extent_does_not_divide");
  CHECK(broken_rule([] { return shape_div(-6, 2); }) == "extent_does_not_divide");
  CHECK(broken_rule([] { return shape_mod({4, 3}, 6); }) == "extent_does_not_divide");
  CHECK(broken_rule([] { return product({max_index, 2}); }) == "integer_overflows");
  CHECK(broken_rule([] { return inner_product({max_index, 1}, {1, 1}); }) == "integer_overflows");
  CHECK_THROWS_WITH(inner_product({1, {2}}, {1, 2}), "(1,(2)) and (1,2) are not nested alike");
}

}  // namespace

}  // namespace int_tuple_test
