// expect: device_axis_name_is_unknown
#include <reshard/algebra/named_axes.hpp>

using namespace reshard;

constexpr named_devices mesh{{"dp", 2}, {"tp", 4}};
constexpr layout fits = partitioned(mesh, {"tp"}, {8});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = partitioned(mesh, {"pp"}, {8});
#endif
