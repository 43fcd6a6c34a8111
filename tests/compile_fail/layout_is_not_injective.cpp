// expect: layout_is_not_injective
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = left_inverse(strided_layout{{4, 8}, {1, 5}});
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = left_inverse(strided_layout{{4, 8}, {1, 0}});
#endif
