// expect: grid_does_not_factor_the_extent
#include <reshard/algebra.hpp>

using namespace reshard;

constexpr grid fits{{4}, {{2, 2}}};
#ifdef RESHARD_EXPECT_FAIL
constexpr grid fails{{5}, {{2, 2}}};
#endif
