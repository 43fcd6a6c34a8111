#include <reshard/plan/plain_layout.hpp>

#include "support/both.hpp"

namespace plain_layout_test {

using namespace reshard;

namespace {

constexpr bool a_plain_layout_counts_as_the_layout_of_the_same_map() {
  plain_layout const plain{{2, 3, 4}, {0, no_axis, 2}, {8, 5, 6}};
  device_matrix const devices{2, 3, 4};
  layout const general{devices, plain_map(devices, {0, -1, 2}), {8, 5, 6}};
  EXPECT(plain.device_count() == devices.devices());
  for (index_t a = 0; a < 3; ++a) {
    EXPECT(plain.axis_size(a) == devices.size(devices.axis(a)));
    EXPECT(plain.stride(a) == devices.stride(devices.axis(a)));
    EXPECT(plain.coordinate(23, a) == devices.coordinate(23, devices.axis(a)));
  }
  EXPECT(plain.parts(0) == 4 && plain.parts(1) == 1 && plain.parts(2) == 2);
  factor_list const local = plain.local_shape();
  EXPECT(extents(local.begin(), local.end()) == general.local_shape(0));
  return true;
}
TEST_BOTH("[plain_layout]", a_plain_layout_counts_as_the_layout_of_the_same_map)

}  // namespace

}  // namespace plain_layout_test
