#include <reshard/algebra/grid.hpp>
#include <reshard/algebra/layout.hpp>

#include "support/both.hpp"

namespace grid_test {

using namespace reshard;

namespace {

constexpr grid three_by_four_and_five() {
  grid g;
  g.append_dim({3, 4});
  g.append_dim({5});
  return g;
}

constexpr bool a_dim_is_its_own_sub_dim_unless_said_otherwise() {
  grid const plain{extents{12, 5}};
  EXPECT(plain.size() == 2 && plain.dims() == 2);
  EXPECT(plain[0] == 12 && plain.sub_dims(0) == 1 && plain.first(1) == 1);
  EXPECT(grid{extents{}} == grid{});
  return true;
}
TEST_BOTH("[grid]", a_dim_is_its_own_sub_dim_unless_said_otherwise)

constexpr bool sub_dims_follow_the_order_of_the_dims() {
  grid const g = three_by_four_and_five();
  EXPECT(g.size() == 3 && g.dims() == 2);
  EXPECT(g[0] == 3 && g[1] == 4 && g[2] == 5);
  EXPECT(g.sub_dims(0) == 2 && g.sub_dims(1) == 1);
  EXPECT(g.first(0) == 0 && g.first(1) == 2);
  EXPECT(g != grid{extents{12, 5}});
  return true;
}
TEST_BOTH("[grid]", sub_dims_follow_the_order_of_the_dims)

TEST_CASE("a grid refuses factors that do not multiply to the extent", "[grid]") {
  CHECK(grid{{12, 5}, {{3, 4}, {5}}} == three_by_four_and_five());
  CHECK_THROWS_WITH((grid{{13, 5}, {{3, 4}, {5}}}),
                    "dim 0 has extent 13, its sub-dims multiply to 12");
  CHECK_THROWS_AS((grid{{12, 5, 1}, {{3, 4}, {5}}}), layout_error);
  CHECK_THROWS_AS((grid{{12}, {{3, 4}, {5}}}), layout_error);  // a dim that the tensor lacks
  CHECK_THROWS_WITH((grid{{12}, {{-3, -4}}}), "dim 0 has extent -3");
  index_t const huge = index_t{1} << 40;
  CHECK_THROWS_WITH((grid{{0}, {{huge, huge}}}),
                    "the element count overflows at dim 0 of extent 1099511627776");
  grid many;
  CHECK_THROWS_AS(many.append_dim({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
                  layout_error);
}

}  // namespace

}  // namespace grid_test
