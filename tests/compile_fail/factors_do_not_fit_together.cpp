// expect: factors_do_not_fit_together
#include <reshard/plan/common_refinement.hpp>

using namespace reshard;

constexpr plain_layout rows{{2, 3}, {1, -1}, {12, 12}};
constexpr common_refinement fits = unified(rows, {{2, 3}, {-1, 1}, {12, 12}});
#ifdef RESHARD_EXPECT_FAIL
constexpr common_refinement fails = unified(rows, {{3, 2}, {-1, 1}, {12, 12}});
#endif
