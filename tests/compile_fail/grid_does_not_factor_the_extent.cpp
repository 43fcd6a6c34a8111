// expect: grid_does_not_factor_the_extent
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout fits{device_matrix{1}, grid{extents{4}}, plain_map({1}, {-1}), {4}};
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails{device_matrix{1}, grid{extents{4}}, plain_map({1}, {-1}), {5}};
#endif
