#include <reshard/algebra/digit.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_axis axis0{0};
constexpr device_axis axis1{1};
constexpr device_axis axis2{2};

constexpr bool the_first_axis_of_a_digit_is_the_most_significant() {
  device_matrix const devices{2, 2, 2};
  digit const d{devices, axis_list{axis2, axis0}};
  EXPECT(d == digit{{axis2, axis0}, 1, 4});
  EXPECT(d.axes() == axis_list{axis2, axis0} && d.divide() == 1 && d.modulo() == 4);
  index_t const expected[] = {0, 1, 0, 1, 2, 3, 2, 3};
  for (index_t device = 0; device < 8; ++device)
    EXPECT(d.value(devices, device) == expected[device]);
  return true;
}
TEST_BOTH("[digit]", the_first_axis_of_a_digit_is_the_most_significant)

constexpr bool two_digits_of_one_axis_tell_what_the_axis_tells() {
  device_matrix const devices{6};
  digit const low{{axis0}, 1, 2};
  digit const high{{axis0}, 2, 3};
  for (index_t device = 0; device < 6; ++device)
    EXPECT(high.value(devices, device) * 2 + low.value(devices, device) == device);
  return true;
}
TEST_BOTH("[digit]", two_digits_of_one_axis_tell_what_the_axis_tells)

constexpr bool the_optimizer_piece_is_a_position_modulo_the_pieces() {
  device_matrix const devices{4, 2};
  digit const piece{{axis1}, 1, 2};
  EXPECT(piece.value(devices, 2) == 1 && piece.value(devices, 4) == 0);
  return true;
}
TEST_BOTH("[digit]", the_optimizer_piece_is_a_position_modulo_the_pieces)

constexpr bool device_of_spells_a_number_on_axes() {
  device_matrix const devices{2, 3, 4};
  axis_list const axes{axis0, axis2};
  EXPECT(combinations(devices, axes) == 8);
  EXPECT(combinations(devices, {}) == 1);
  for (index_t number = 0; number < 8; ++number) {
    index_t const device = device_of(devices, axes, number);
    EXPECT(digit(devices, axes).value(devices, device) == number);
    EXPECT(devices.coordinate(device, axis1) == 0);
  }
  return true;
}
TEST_BOTH("[digit]", device_of_spells_a_number_on_axes)

TEST_CASE("digit values agree with enumerated positions", "[digit]") {
  testing::for_each_devices(24, [](testing::list const& sizes) {
    device_matrix const devices(sizes.begin(), sizes.end());
    testing::for_each_map(sizes, 1, [&](std::vector<testing::list> const& map) {
      axis_list axes;
      for (index_t const a : map[0]) axes.push_back(devices.axis(a));
      testing::list const expected = testing::positions(sizes, map[0]);
      for (std::size_t device = 0; device < expected.size(); ++device)
        REQUIRE(digit(devices, axes).value(devices, static_cast<index_t>(device)) ==
                expected[device]);
    });
  });
}

}  // namespace
