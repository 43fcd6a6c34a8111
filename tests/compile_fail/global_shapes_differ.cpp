// expect: global_shapes_differ
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout a{device_matrix{2}, plain_map({2}, {0}), {4}};
constexpr layout b{device_matrix{2}, plain_map({2}, {0}), {6}};
constexpr plan_cost fits = cost(a, a);
#ifdef RESHARD_EXPECT_FAIL
constexpr plan_cost fails = cost(a, b);
#endif
