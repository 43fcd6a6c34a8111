// expect: device_axis_is_used_twice
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout fits{device_matrix{2, 2}, plain_map({2, 2}, {0, 1}), {4, 4}};
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails{device_matrix{2, 2}, plain_map({2, 2}, {0, 0}), {4, 4}};
#endif
