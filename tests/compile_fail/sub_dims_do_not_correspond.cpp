// expect: sub_dims_do_not_correspond
#include <reshard/algebra/box_view.hpp>

using namespace reshard;

constexpr grid_box wide{extents{2, 3}};
constexpr grid_box tall{extents{3, 2}};
#ifdef RESHARD_EXPECT_FAIL
constexpr box_view turned{wide, tall};
#else
constexpr box_view turned{wide, tall, {1, 0}};
#endif
static_assert(turned.elements() == 6);
