// expect: device_count_overflows
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr device_matrix fits{1 << 20, 1 << 20};
#ifdef RESHARD_EXPECT_FAIL
constexpr device_matrix fails{index_t{1} << 40, index_t{1} << 40};
#endif
