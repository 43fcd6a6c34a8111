// expect: global_shapes_differ
#include <reshard/plan/static_plan.hpp>

using namespace reshard;

constexpr layout a{{4}, plain_map({4}, {0}), {8}};
constexpr layout b{{4}, plain_map({4}, {-1}), {8}};
constexpr layout longer{{4}, plain_map({4}, {0}), {16}};
static_assert(static_plan<a, b>.size() == 1);
#ifdef RESHARD_EXPECT_FAIL
static_assert(static_plan<a, longer>.size() == 1);
#endif
