// expect: extent_does_not_divide
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr int_tuple fits = shape_div({4, 6}, 8);
#ifdef RESHARD_EXPECT_FAIL
constexpr int_tuple fails = shape_div({6, 4}, 4);
#endif
