// expect: too_many_entries
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr extents fits{1, 1, 1, 1, 1, 1, 1, 1};
#ifdef RESHARD_EXPECT_FAIL
constexpr extents fails{1, 1, 1, 1, 1, 1, 1, 1, 1};
#endif
