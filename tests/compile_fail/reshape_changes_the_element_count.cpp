// expect: reshape_changes_the_element_count
#include <reshard/algebra/reshape.hpp>

using namespace reshard;

constexpr layout before{device_matrix{8}, plain_map({8}, {0}), {48}};
constexpr layout fits = reshaped(before, {4, 12});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = reshaped(before, {47});
#endif
