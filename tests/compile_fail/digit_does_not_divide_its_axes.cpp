// expect: digit_does_not_divide_its_axes
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr tensor_map map_over(index_t modulo) {
  tensor_map map;
  map.append({4}, {}, tail_rule::exact);
  map.add_cut(0, digit{axis_list{device_axis{0}}, 1, modulo}, tail_rule::exact);
  return map;
}
constexpr layout fits{device_matrix{4}, map_over(2), {12}};
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails{device_matrix{4}, map_over(3), {12}};
#endif
