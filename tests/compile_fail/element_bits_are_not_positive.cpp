// expect: element_bits_are_not_positive
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = recast_layout(strided_layout{8, 1}, 8, 32);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = recast_layout(strided_layout{8, 1}, 8, 0);
#endif
