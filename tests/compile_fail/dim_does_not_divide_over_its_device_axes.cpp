// expect: dim_does_not_divide_over_its_device_axes
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout fits{device_matrix{4}, plain_map({4}, {0}), {8}};
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails{device_matrix{4}, plain_map({4}, {0}), {6}};
#endif
