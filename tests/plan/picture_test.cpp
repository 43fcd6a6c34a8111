#include <reshard/plan/picture.hpp>

#include "support/both.hpp"

#include <string>

using namespace reshard;

namespace {

constexpr device_matrix two_by_two{2, 2};

template <class... Layouts> constexpr text<400> picture(Layouts const&... layouts) {
  text<400> out;
  print_picture(out, layouts...);
  return out;
}
constexpr text<400> lines(char const* words) {
  text<400> out;
  print(out, words);
  return out;
}

constexpr bool a_cell_names_the_devices_that_hold_it() {
  EXPECT(picture(layout{two_by_two, plain_map(two_by_two, {-1, 0}), {2, 8}}) ==
         lines("     | 0..3 | 4..7\n"
               "-----+------+-----\n"
               "0..1 | 0 2  | 1 3\n"));
  return true;
}
TEST_BOTH("[picture]", a_cell_names_the_devices_that_hold_it)

constexpr bool rows_and_columns_are_bands() {
  EXPECT(picture(layout{two_by_two, plain_map(two_by_two, {0, 1}), {2, 4}}) ==
         lines("  | 0..1 | 2..3\n"
               "--+------+-----\n"
               "0 | 0    | 2\n"
               "1 | 1    | 3\n"));
  return true;
}
TEST_BOTH("[picture]", rows_and_columns_are_bands)

constexpr bool a_plan_names_who_sends_and_who_has() {
  device_matrix const two{2};
  layout const rows{two, plain_map(two, {0, -1}), {4, 4}};
  layout const columns{two, plain_map(two, {-1, 0}), {4, 4}};
  EXPECT(picture(rows, columns) == lines("     | 0..1 | 2..3\n"
                                         "-----+------+-----\n"
                                         "0..1 | =0   | 0>1\n"
                                         "2..3 | 1>0  | =1\n"));
  layout const whole{two, plain_map(two, {-1, -1}), {4, 4}};
  EXPECT(picture(rows, whole) == lines("     | 0..3\n"
                                       "-----+-------\n"
                                       "0..1 | =0 0>1\n"
                                       "2..3 | 1>0 =1\n"));
  return true;
}
TEST_BOTH("[picture]", a_plan_names_who_sends_and_who_has)

constexpr bool dims_before_the_last_two_are_planes() {
  EXPECT(picture(layout{two_by_two, plain_map(two_by_two, {1, -1, 0}), {4, 2, 2}}) ==
         lines("dim 0: 0..1\n"
               "     | 0 | 1\n"
               "-----+---+--\n"
               "0..1 | 0 | 1\n"
               "dim 0: 2..3\n"
               "     | 0 | 1\n"
               "-----+---+--\n"
               "0..1 | 2 | 3\n"));
  return true;
}
TEST_BOTH("[picture]", dims_before_the_last_two_are_planes)

constexpr bool a_vector_is_one_row_and_a_scalar_one_cell() {
  EXPECT(picture(layout{two_by_two, plain_map(two_by_two, {0}), {4}}) == lines(" | 0..1 | 2..3\n"
                                                                               "-+------+-----\n"
                                                                               " | 0 2  | 1 3\n"));
  EXPECT(picture(layout{two_by_two, {}, {}}) == lines(" | \n-+--------\n | 0 1 2 3\n"));
  EXPECT(picture(layout{two_by_two, plain_map(two_by_two, {0}), {0}}) == lines("no elements\n"));
  return true;
}
TEST_BOTH("[picture]", a_vector_is_one_row_and_a_scalar_one_cell)

constexpr bool many_holders_and_many_bands_are_cut_short() {
  device_matrix const twenty{20};
  EXPECT(picture(layout{twenty, plain_map(twenty, {-1}), {2}}) ==
         lines(" | 0..1\n"
               "-+--------------------\n"
               " | 0 1 2 3 4 5 6 7 +12\n"));
  return true;
}
TEST_BOTH("[picture]", many_holders_and_many_bands_are_cut_short)

constexpr bool devices_may_have_other_names() {
  text<400> out;
  print_picture(out, layout{two_by_two, plain_map(two_by_two, {0}), {2}},
                [](index_t device) { return 10 * device; });
  EXPECT(out == lines(" | 0    | 1\n"
                      "-+------+------\n"
                      " | 0 20 | 10 30\n"));
  return true;
}
TEST_BOTH("[picture]", devices_may_have_other_names)

constexpr bool a_storage_shows_who_fills_it() {
  transfer const transfers[] = {
      {0, 1, {0}, {0}, {2}}, {2, 1, {0}, {1}, {1}}, {0, 0, {0}, {0}, {3}}};
  text<400> out;
  print_filling(out, {3}, 1, transfers);
  EXPECT(out == lines(" | 0 | 1   | 2\n"
                      "-+---+-----+--\n"
                      " | 0 | 0 2 | -\n"));
  return true;
}
TEST_BOTH("[picture]", a_storage_shows_who_fills_it)

constexpr bool a_transfer_has_one_printed_form() {
  text<400> out;
  print(out, transfer{0, 1, {2, 0}, {0, 3}, {2, 1}});
  EXPECT(out == lines("0(2, 0) -> 1(0, 3) x (2, 1)"));
  return true;
}
TEST_BOTH("[picture]", a_transfer_has_one_printed_form)

TEST_CASE("the band that stands for the rest says so", "[picture]") {
  std::string out;
  device_matrix const two{2};
  print_picture(out, layout{two, plain_map(two, {0}, cut_rule::cyclic(1)), {100}});
  CHECK(out.find("| 30 | 31..99\n") != std::string::npos);
  CHECK(out.find("| 0  | ...\n") != std::string::npos);
}

TEST_CASE("a picture of two tensors is refused", "[picture]") {
  std::string out;
  layout const a{two_by_two, plain_map(two_by_two, {0}), {4}};
  layout const b{two_by_two, plain_map(two_by_two, {0}), {6}};
  CHECK_THROWS_AS(print_picture(out, a, b), plan_error);
}

}  // namespace
