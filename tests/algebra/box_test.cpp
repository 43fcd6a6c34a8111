#include <reshard/algebra/box.hpp>

#include "support/both.hpp"

namespace box_test {

using namespace reshard;

namespace {

constexpr bool the_box_of_a_grid_holds_all_its_elements() {
  box const all{grid{extents{3, 4}}};
  EXPECT(all == box{{0, 0}, {3, 4}});
  EXPECT(all.rank() == 2 && all.elements() == 12);
  EXPECT(all.offset() == grid_index{0, 0} && all.extent() == grid_index{3, 4});
  EXPECT(all[1] == interval{0, 4});
  return true;
}
TEST_BOTH("[box]", the_box_of_a_grid_holds_all_its_elements)

constexpr bool a_box_of_rank_0_holds_one_element() {
  EXPECT(box{}.elements() == 1);
  EXPECT(intersection(box{}, box{}) == box{});
  EXPECT(piece{box{}}.address({}) == 0);
  return true;
}
TEST_BOTH("[box]", a_box_of_rank_0_holds_one_element)

constexpr bool the_intersection_is_taken_per_sub_dim() {
  box a{{0, 2}, {4, 4}};
  EXPECT(intersection(a, box{{2, 0}, {9, 3}}) == box{{2, 2}, {2, 1}});
  EXPECT(intersection(a, box{{2, 6}, {9, 3}}).elements() == 0);
  a.push_back({1, 5});
  EXPECT(a == box{{0, 2, 1}, {4, 4, 5}});
  return true;
}
TEST_BOTH("[box]", the_intersection_is_taken_per_sub_dim)

constexpr bool a_lone_box_is_stored_row_major_without_gaps() {
  piece const p{box{{1, 2, 3}, {2, 3, 4}}};
  EXPECT(p.where() == box{{1, 2, 3}, {2, 3, 4}});
  EXPECT(p.base() == 0 && p.stride() == grid_index{12, 4, 1});
  index_t next = 0;
  for (index_t i = 1; i < 3; ++i)
    for (index_t j = 2; j < 5; ++j)
      for (index_t k = 3; k < 7; ++k) EXPECT(p.address({i, j, k}) == next++);
  EXPECT(p == piece{box{{1, 2, 3}, {2, 3, 4}}} && p != piece{});
  return true;
}
TEST_BOTH("[box]", a_lone_box_is_stored_row_major_without_gaps)

constexpr bool enclosing_is_the_smallest_box_around_both() {
  EXPECT(enclosing(box{{0, 4}, {2, 1}}, box{{1, 2}, {4, 1}}) == box{{0, 2}, {5, 3}});
  EXPECT(enclosing(box{{1, 1}, {2, 2}}, box{{0, 0}, {9, 9}}) == box{{0, 0}, {9, 9}});
  return true;
}
TEST_BOTH("[box]", enclosing_is_the_smallest_box_around_both)

}  // namespace

}  // namespace box_test
