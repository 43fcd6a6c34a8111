// expect: device_axis_name_is_not_unique
#include <reshard/algebra/named_axes.hpp>

using namespace reshard;

constexpr named_devices fits{{"dp", 2}, {"tp", 4}};
#ifdef RESHARD_EXPECT_FAIL
constexpr named_devices fails{{"dp", 2}, {"dp", 4}};
#endif
