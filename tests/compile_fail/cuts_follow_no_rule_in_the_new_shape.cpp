// expect: cuts_follow_no_rule_in_the_new_shape
#include <reshard/algebra/reshape.hpp>

using namespace reshard;

constexpr layout before{device_matrix{2}, plain_map({2}, {-1, 0}, cut_rule::parts({1, 4})), {2, 5}};
constexpr layout fits = reshaped(before, {2, 1, 5});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = reshaped(before, {10});
#endif
