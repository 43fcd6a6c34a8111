// expect: index_is_negative
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr int_tuple fits = idx2crd(5, {2, 3});
#ifdef RESHARD_EXPECT_FAIL
constexpr int_tuple fails = idx2crd(-5, {2, 3});
#endif
