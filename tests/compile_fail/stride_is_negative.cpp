// expect: stride_is_negative
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = complement(strided_layout{4, 2}, 24);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = complement(strided_layout{4, -2}, 24);
#endif
