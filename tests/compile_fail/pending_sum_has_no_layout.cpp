// expect: pending_sum_has_no_layout
#include <reshard/algebra/torch_placements.hpp>

using namespace reshard;

constexpr layout fits = torch_layout({2}, {torch_placement::replicate()}, {8});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = torch_layout({2}, {torch_placement::partial()}, {8});
#endif
