// expect: digit_is_no_refinement_of_its_axes
#include <reshard/plan.hpp>

using namespace reshard;

constexpr factor_list axes(index_t modulo) {  // two axes of 2 and 3, whose number is cut in two
  device_matrix const devices{2, 3};
  tensor_map map = plain_map(devices, {-1});
  map.add_cut(0, digit{{device_axis{1}, device_axis{0}}, 1, modulo}, tail_rule::balanced);
  return whole_axes({devices, map, {8}});
}
constexpr factor_list fits = axes(3);
#ifdef RESHARD_EXPECT_FAIL
constexpr factor_list fails = axes(2);
#endif
