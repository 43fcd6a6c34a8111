// expect: tuples_are_not_congruent
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr strided_layout fits{{2, {4, 2}}, {1, {8, 2}}};
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails{{2, {4, 2}}, {1, 8, 2}};
#endif
