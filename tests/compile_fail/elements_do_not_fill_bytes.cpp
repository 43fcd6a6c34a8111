// expect: elements_do_not_fill_bytes
#include <reshard/tensor/dtype.hpp>

using namespace reshard;

#ifdef RESHARD_EXPECT_FAIL
static_assert(bytes_of(dtype::float4, 3) == 2);
#else
static_assert(bytes_of(dtype::float4, 4) == 2);
#endif
