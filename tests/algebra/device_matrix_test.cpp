#include <reshard/algebra/device_matrix.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_axis axis0{0};
constexpr device_axis axis1{1};
constexpr device_axis axis2{2};

constexpr bool axes_count_from_the_right_and_the_last_is_the_fastest() {
  device_matrix const devices{2, 3, 4};
  EXPECT(devices.axes() == 3 && devices.devices() == 24);
  EXPECT(devices.size(axis0) == 4 && devices.size(axis1) == 3 && devices.size(axis2) == 2);
  EXPECT(devices.stride(axis0) == 1 && devices.stride(axis1) == 4 && devices.stride(axis2) == 12);
  EXPECT(devices.axis(2) == axis2);
  return true;
}
TEST_BOTH("[device_matrix]", axes_count_from_the_right_and_the_last_is_the_fastest)

constexpr bool a_device_is_the_sum_of_its_coordinates_times_the_strides() {
  device_matrix const devices{2, 3, 4};
  for (index_t device = 0; device < devices.devices(); ++device) {
    index_t sum = 0;
    for (device_axis const a : {axis0, axis1, axis2})
      sum += devices.coordinate(device, a) * devices.stride(a);
    EXPECT(sum == device);
  }
  return true;
}
TEST_BOTH("[device_matrix]", a_device_is_the_sum_of_its_coordinates_times_the_strides)

constexpr bool no_axes_are_one_device() {
  device_matrix const one;
  EXPECT(one.devices() == 1 && one.axes() == 0);
  EXPECT(one.begin() == one.end());
  return true;
}
TEST_BOTH("[device_matrix]", no_axes_are_one_device)

constexpr bool a_matrix_grows_at_its_fast_end() {
  index_t const sizes[] = {2, 1};
  device_matrix devices(sizes, sizes + 2);
  devices.append(5);
  EXPECT(devices == device_matrix{2, 1, 5});
  EXPECT(devices.size(axis0) == 5);
  return true;
}
TEST_BOTH("[device_matrix]", a_matrix_grows_at_its_fast_end)

TEST_CASE("coordinates agree with counting", "[device_matrix]") {
  testing::for_each_devices(24, [](testing::list const& sizes) {
    device_matrix const devices(sizes.begin(), sizes.end());
    auto const expected = testing::all_indices(sizes);
    REQUIRE(devices.devices() == static_cast<index_t>(expected.size()));
    for (std::size_t device = 0; device < expected.size(); ++device)
      for (std::size_t a = 0; a < sizes.size(); ++a)
        REQUIRE(devices.coordinate(static_cast<index_t>(device), static_cast<device_axis>(a)) ==
                expected[device][sizes.size() - 1 - a]);
  });
}

TEST_CASE("a device matrix refuses what counts no devices", "[device_matrix]") {
  CHECK_THROWS_WITH((device_matrix{2, 0}), "entry 1 of the device matrix is 0");
  CHECK_THROWS_WITH((device_matrix{-2}), "entry 0 of the device matrix is -2");
  CHECK_THROWS_WITH((device_matrix{max_index, 2}),
                    "the device count overflows at entry 1 of size 2");
  CHECK_THROWS_WITH((device_matrix{2, 2}.axis(2)),
                    "device axis 2 does not exist, the device matrix has 2");
  CHECK_THROWS_AS((device_matrix{2, 2}.axis(-1)), layout_error);
}

}  // namespace
