// expect: no_rule_deals_out_the_dim
#include <reshard/algebra/rearranged.hpp>

using namespace reshard;

constexpr layout l{device_matrix{32}, plain_map({32}, {0}), {64}};
constexpr layout fits = sliced(l, {{0}, {9}});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = sliced(l, {{1}, {60}});
#endif
