#include <reshard/algebra/extents.hpp>

#include "support/both.hpp"

namespace extents_test {

using namespace reshard;

namespace {

constexpr bool a_scalar_has_one_element() {
  EXPECT(extents{}.rank() == 0);
  EXPECT(extents{}.elements() == 1);
  return true;
}
TEST_BOTH("[extents]", a_scalar_has_one_element)

constexpr bool sizes_are_kept_in_order() {
  index_t const sizes[] = {3, 4, 5};
  extents const shape(sizes, sizes + 3);
  EXPECT(shape == extents{3, 4, 5});
  EXPECT(shape.rank() == 3 && shape[0] == 3 && shape[2] == 5);
  EXPECT(shape.elements() == 60);
  EXPECT(shape.end() - shape.begin() == 3 && *shape.begin() == 3);
  return true;
}
TEST_BOTH("[extents]", sizes_are_kept_in_order)

constexpr bool an_extent_of_zero_is_legal() {
  extents shape{4, 0};
  shape.append(2);
  EXPECT(shape == extents{4, 0, 2});
  EXPECT(shape.elements() == 0);
  return true;
}
TEST_BOTH("[extents]", an_extent_of_zero_is_legal)

constexpr bool the_largest_count_of_63_bits_is_legal() {
  EXPECT(extents{max_index}.elements() == max_index);
  EXPECT(extents{max_index, 0}.elements() == 0);
  return true;
}
TEST_BOTH("[extents]", the_largest_count_of_63_bits_is_legal)

TEST_CASE("extents refuse what is no shape", "[extents]") {
  CHECK_THROWS_WITH((extents{2, -1}), "dim 1 has extent -1");
  CHECK_THROWS_WITH((extents{max_index, 2}), "the element count overflows at dim 1 of extent 2");
  CHECK_THROWS_AS((extents{index_t{1} << 32, 0, index_t{1} << 32}), layout_error);
  CHECK_THROWS_AS((extents{1, 1, 1, 1, 1, 1, 1, 1, 1}), layout_error);
}

}  // namespace

}  // namespace extents_test
