// expect: mode_range_does_not_exist
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = group_modes(strided_layout{{4, 5, 6}, {1, 4, 20}}, 1, 3);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = group_modes(strided_layout{{4, 5, 6}, {1, 4, 20}}, 1, 4);
#endif
