// expect: device_axis_size_is_not_positive
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr device_matrix fits{1};
#ifdef RESHARD_EXPECT_FAIL
constexpr device_matrix fails{0};
#endif
