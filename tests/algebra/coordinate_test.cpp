#include <reshard/algebra/coordinate.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace coordinate_test {

using namespace reshard;

namespace {

constexpr bool the_first_entry_of_a_coordinate_is_fastest() {
  int_tuple const shape{3, {2, 3}};
  EXPECT((idx2crd(0, shape) == int_tuple{0, {0, 0}}));
  EXPECT((idx2crd(1, shape) == int_tuple{1, {0, 0}}));
  EXPECT((idx2crd(16, shape) == int_tuple{1, {1, 2}}));
  EXPECT((idx2crd({2, 4}, shape) == int_tuple{2, {0, 2}}));
  EXPECT(idx2crd(5, 8) == int_tuple(5) && idx2crd(0, int_tuple{}) == int_tuple{});
  return true;
}
TEST_BOTH("[coordinate]", the_first_entry_of_a_coordinate_is_fastest)

constexpr bool an_index_comes_back_from_its_coordinate() {
  int_tuple const shape{{2, 2}, 1, {2, {1, 2}}};
  for (index_t i = 0; i < 2 * product(shape); ++i) {  // past the shape the last entry goes on
    int_tuple const coordinate = idx2crd(i, shape);
    EXPECT(congruent(coordinate, shape));
    EXPECT(crd2idx(coordinate, shape) == i && crd2idx(i, shape) == i);
    EXPECT(idx2crd(coordinate, shape) == coordinate);
  }
  return true;
}
TEST_BOTH("[coordinate]", an_index_comes_back_from_its_coordinate)

constexpr bool a_coordinate_may_be_coarser_than_the_shape() {
  int_tuple const shape{3, {2, 3}};
  int_tuple const stride{3, {12, 1}};
  EXPECT(crd2idx({1, {1, 2}}, shape, stride) == 17);
  EXPECT(crd2idx({1, 5}, shape, stride) == 17);
  EXPECT(crd2idx(16, shape, stride) == 17);
  EXPECT(crd2idx({1, 5}, shape) == 16);
  EXPECT(crd2idx({4, {0, 0}}, shape) == 4);  // entries may leave the shape
  return true;
}
TEST_BOTH("[coordinate]", a_coordinate_may_be_coarser_than_the_shape)

TEST_CASE("coordinates that do not fit the shape are refused", "[coordinate]") {
  using strided_brute::broken_rule;
  CHECK(broken_rule([] { return idx2crd(-1, {2, 2}); }) == "index_is_negative");
  CHECK(broken_rule([] { return idx2crd({1, 2, 3}, {2, 2}); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return idx2crd(int_tuple{1}, 4); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return idx2crd(1, int_tuple{}); }) == "index_is_outside_the_layout");
  CHECK(broken_rule([] { return idx2crd(1, {0, 4}); }) == "index_is_outside_the_layout");
  CHECK(broken_rule([] { return crd2idx({1, 2}, 4); }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] { return crd2idx({1, 2}, {2, 2}, 1); }) == "tuples_are_not_congruent");
}

}  // namespace

}  // namespace coordinate_test
