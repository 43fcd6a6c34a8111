// expect: block_does_not_divide_the_target
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = tile_to_shape(strided_layout{{2, 5}, {5, 1}}, {6, 20});
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = tile_to_shape(strided_layout{{2, 5}, {5, 1}}, {7, 20});
#endif
