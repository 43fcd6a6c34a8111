// expect: device_axis_does_not_exist
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr tensor_map fits = plain_map({2, 2}, {1});
#ifdef RESHARD_EXPECT_FAIL
constexpr tensor_map fails = plain_map({2, 2}, {2});
#endif
