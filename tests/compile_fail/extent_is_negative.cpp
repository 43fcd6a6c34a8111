// expect: extent_is_negative
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr extents fits{0};
#ifdef RESHARD_EXPECT_FAIL
constexpr extents fails{-1};
#endif
