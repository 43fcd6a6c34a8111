// expect: unit_stride_is_not_unique
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = recast_layout(strided_layout{8, 1}, 32, 8);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = recast_layout(strided_layout{8, 2}, 32, 8);
#endif
