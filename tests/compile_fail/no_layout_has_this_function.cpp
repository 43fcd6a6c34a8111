// expect: no_layout_has_this_function
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout rows{{8, 8}, {8, 1}};
constexpr strided_layout fits = composition(rows, strided_layout{3, 3});
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = composition(rows, strided_layout{4, 3});
#endif
