// expect: stride_is_no_multiple_of_what_lies_below
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits = complement(strided_layout{{2, 4}, {1, 6}}, 24);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = complement(strided_layout{{4, 4}, {1, 6}}, 24);
#endif
