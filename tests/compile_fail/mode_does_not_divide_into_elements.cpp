// expect: mode_does_not_divide_into_elements
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = recast_layout(strided_layout{8, 1}, 8, 32);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = recast_layout(strided_layout{6, 1}, 8, 32);
#endif
