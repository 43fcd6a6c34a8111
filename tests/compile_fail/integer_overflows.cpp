// expect: integer_overflows
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr index_t fits = product({max_index, 1});
#ifdef RESHARD_EXPECT_FAIL
constexpr index_t fails = product({max_index, 2});
#endif
