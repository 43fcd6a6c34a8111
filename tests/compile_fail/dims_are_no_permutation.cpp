// expect: dims_are_no_permutation
#include <reshard/algebra/rearranged.hpp>

using namespace reshard;

constexpr layout l{device_matrix{2}, plain_map({2}, {0, -1}), {4, 3}};
constexpr layout fits = permuted(l, {1, 0});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = permuted(l, {1, 1});
#endif
