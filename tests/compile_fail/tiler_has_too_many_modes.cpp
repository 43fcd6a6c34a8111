// expect: tiler_has_too_many_modes
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr tiler tiles{strided_layout{2}, strided_layout{3}};
constexpr strided_layout fits = logical_divide(strided_layout{{4, 6}, {1, 4}}, tiles);
#ifdef RESHARD_EXPECT_FAIL
constexpr strided_layout fails = logical_divide(strided_layout{24}, tiles);
#endif
