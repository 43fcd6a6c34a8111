// expect: index_is_outside_the_layout
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr index_t fits = strided_layout{{4, 0}, {1, 1}}(7);
#ifdef RESHARD_EXPECT_FAIL
constexpr index_t fails = strided_layout{{0, 4}, {1, 1}}(7);
#endif
