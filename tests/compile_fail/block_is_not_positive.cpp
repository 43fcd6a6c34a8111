// expect: block_is_not_positive
#include <reshard/algebra.hpp>

using namespace reshard;

constexpr cut_rule fits = cut_rule::cyclic(1);
#ifdef RESHARD_EXPECT_FAIL
constexpr cut_rule fails = cut_rule::cyclic(0);
#endif
