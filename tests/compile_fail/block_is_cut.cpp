// expect: block_is_cut
#include <reshard/algebra/block_cuts.hpp>

using namespace reshard;

constexpr layout l{device_matrix{2}, plain_map({2}, {0}, cut_rule::sections({4, 8})), {12}};
constexpr layout fits = aligned_to_blocks(l, {2});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = aligned_to_blocks(l, {4});
#endif
