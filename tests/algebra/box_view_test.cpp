#include <reshard/algebra/box_view.hpp>

#include "support/both.hpp"

namespace box_view_test {

using namespace reshard;

namespace {

/// Rows 2k and 2k + 1 of a (6, 4) tensor are row k of the one and of the other (3, 4) tensor.
constexpr box_view every_second_row(index_t first) {
  grid const pairs{{6, 4}, {{3, 2}, {4}}};
  return {{box{extents{6, 4}}, pairs, {{0, first, 0}, {3, 1, 4}}}, grid_box{extents{3, 4}}, {0, 2}};
}

constexpr box_view transposed(index_t rows, index_t columns) {
  return {grid_box{extents{rows, columns}}, grid_box{extents{columns, rows}}, {1, 0}};
}

/// Boxes of sub-dims, put back into indices of dims, are each index of the wanted box once.
constexpr bool cover(grid_box const& within, box const& wanted) {
  index_t count = 0;
  bool inside = true;
  for_each_factored_box(within, wanted, [&](box const& part) {
    count += part.elements();
    for (std::size_t s = 0; s < part.rank(); ++s)
      inside = inside && part[s].offset >= within.part()[s].offset &&
               part[s].end() <= within.part()[s].end();
  });
  return inside && count == wanted.elements();
}

constexpr bool an_interval_of_a_factored_dim_is_at_most_2k_minus_1_boxes() {
  grid_box const whole{box{extents{24}}, grid{{24}, {{2, 3, 4}}}, box{{0, 0, 0}, {2, 3, 4}}};
  for (index_t first = 0; first < 24; ++first)
    for (index_t end = first + 1; end <= 24; ++end) {
      int boxes = 0;
      for_each_factored_box(whole, box{{first}, {end - first}}, [&](box const&) { ++boxes; });
      EXPECT(boxes <= 5);
      EXPECT(cover(whole, box{{first}, {end - first}}));
    }
  return true;
}
TEST_BOTH("[algebra]", an_interval_of_a_factored_dim_is_at_most_2k_minus_1_boxes)

constexpr bool interleaved_rows_come_from_two_tensors() {
  for (index_t row = 0; row < 6; ++row)
    for (index_t column = 0; column < 4; ++column)
      for (index_t which = 0; which < 2; ++which) {
        viewed_element const e = source_of(every_second_row(which), {row, column});
        EXPECT(e.found == (row % 2 == which));
        if (e.found) EXPECT(e.at == grid_index{row / 2, column});
      }
  return true;
}
TEST_BOTH("[algebra]", interleaved_rows_come_from_two_tensors)

constexpr bool an_index_is_there_if_a_box_of_it_is() {
  grid_box const some{box{{5}, {24}}, grid{{24}, {{2, 3, 4}}}, box{{1, 0, 1}, {1, 2, 2}}};
  for (index_t index = 0; index < 35; ++index) {
    bool found = false;
    for_each_factored_box(some, box{{index}, {1}}, [&](box const&) { found = true; });
    EXPECT(some.has_index(0, index) == found);
  }
  return true;
}
TEST_BOTH("[algebra]", an_index_is_there_if_a_box_of_it_is)

constexpr bool the_inverse_leads_back() {
  for (box_view const& view : {every_second_row(1), transposed(5, 3)}) {
    box_view const back = inverse(view);
    EXPECT(inverse(back) == view);
    EXPECT(back.elements() == view.elements());
    extents const shape = detail::extents_of(view.to().region());
    for (index_t i = 0; i < shape[0]; ++i)
      for (index_t j = 0; j < shape[1]; ++j) {
        viewed_element const e = source_of(view, {i, j});
        if (!e.found) continue;
        viewed_element const again = source_of(back, e.at);
        EXPECT(again.found && again.at == grid_index{i, j});
      }
  }
  return true;
}
TEST_BOTH("[algebra]", the_inverse_leads_back)

constexpr bool concat_stack_and_slice_are_plain() {
  // expert 2 of a stacked (4, 3, 5) tensor
  box_view const stack{grid_box{box{{2, 0, 0}, {1, 3, 5}}}, grid_box{extents{3, 5}}, {1, 2}};
  EXPECT(stack.is_plain());
  EXPECT(source_of(stack, {2, 1, 4}).at == grid_index{1, 4});
  EXPECT(!source_of(stack, {1, 1, 4}).found);
  EXPECT(inverse(stack).is_plain());
  // rows 3..5 are a whole tensor of 3 rows
  box_view const concat{grid_box{box{{3, 0}, {3, 2}}}, grid_box{extents{3, 2}}};
  EXPECT(concat.is_plain());
  EXPECT(source_of(concat, {4, 1}).at == grid_index{1, 1});
  EXPECT(!transposed(2, 3).is_plain());
  EXPECT(!every_second_row(0).is_plain());
  return true;
}
TEST_BOTH("[algebra]", concat_stack_and_slice_are_plain)

constexpr bool a_region_has_a_grid_of_its_own() {
  // rows 1..6 of a (7, 1) tensor are rows (0, 3, 1, 4, 2, 5) of a (6, 1) one
  grid const two_by_three{{6, 1}, {{3, 2}, {1}}};
  grid const three_by_two{{6, 1}, {{2, 3}, {1}}};
  box_view const view{{box{{1, 0}, {6, 1}}, two_by_three, box{{0, 0, 0}, {3, 2, 1}}},
                      {box{extents{6, 1}}, three_by_two, box{{0, 0, 0}, {2, 3, 1}}},
                      {1, 0, 2}};
  index_t const expected[] = {0, 3, 1, 4, 2, 5};
  EXPECT(!source_of(view, {0, 0}).found);
  for (index_t row = 1; row < 7; ++row)
    EXPECT(source_of(view, {row, 0}).at == grid_index{expected[row - 1], 0});
  return true;
}
TEST_BOTH("[algebra]", a_region_has_a_grid_of_its_own)
}  // namespace

TEST_CASE("views that do not fit name the rule", "[algebra]") {
  CHECK_THROWS_AS((grid_box{box{extents{6}}, grid{{6}, {{2, 3}}}, box{{0, 2}, {2, 2}}}),
                  layout_error);
  CHECK_THROWS_WITH((grid_box{box{extents{6}}, grid{{6}, {{2, 3}}}, box{{0, 2}, {2, 2}}}),
                    "a box ends at index 4 of sub-dim 1, which has 3");
  CHECK_THROWS_WITH((grid_box{box{extents{6}}, grid{{4}, {{2, 2}}}, box{{0, 0}, {2, 2}}}),
                    Catch::Contains("dim 0 has extent 6, its sub-dims multiply to 4"));
  auto const rule = [](auto const& make) {
    try {
      make();
    } catch (layout_error const& e) {
      return e.code();
    }
    return errc::none;
  };
  grid_box const a{extents{2, 3}};
  grid_box const b{extents{3, 2}};
  CHECK(rule([&] { box_view{a, b}; }) == errc::sub_dims_do_not_correspond);
  CHECK(rule([&] { box_view{a, b, {0, 0}}; }) == errc::sub_dims_do_not_correspond);
  CHECK(rule([&] { box_view{a, b, {1}}; }) == errc::sub_dims_do_not_correspond);
  CHECK(rule([&] { box_view{a, b, {1, 0}}; }) == errc::none);
}

}  // namespace box_view_test
