#include <reshard/algebra/axis_list.hpp>

#include "support/both.hpp"

namespace axis_list_test {

using namespace reshard;

namespace {

constexpr device_axis axis0{0};
constexpr device_axis axis5{5};
constexpr device_axis axis15{15};

constexpr bool the_first_axis_is_the_most_significant() {
  axis_list axes;
  EXPECT(axes.empty() && axes.size() == 0);
  axes.push_back(axis5);
  axes.push_back(axis0);
  axes.push_front(axis15);
  EXPECT(axes.size() == 3 && !axes.empty());
  EXPECT(axes[0] == axis15 && axes[1] == axis5 && axes[2] == axis0);
  return true;
}
TEST_BOTH("[axis_list]", the_first_axis_is_the_most_significant)

constexpr bool iteration_follows_the_order() {
  axis_list const axes{axis5, axis15, axis0};
  std::size_t i = 0;
  for (device_axis const axis : axes) EXPECT(axis == axes[i++]);
  EXPECT(i == 3);
  for (device_axis const axis : axis_list{}) EXPECT(axis == axis5 && false);
  return true;
}
TEST_BOTH("[axis_list]", iteration_follows_the_order)

constexpr bool lists_are_equal_when_order_and_length_are() {
  EXPECT((axis_list{axis0, axis5} == axis_list{axis0, axis5}));
  EXPECT((axis_list{axis0, axis5} != axis_list{axis5, axis0}));
  EXPECT((axis_list{axis0, axis0} != axis_list{axis0}));  // zeros count
  EXPECT(axis_list{axis0} != axis_list{});
  return true;
}
TEST_BOTH("[axis_list]", lists_are_equal_when_order_and_length_are)

constexpr bool members_are_told_by_list_and_mask() {
  axis_list const axes{axis0, axis15};
  EXPECT(axes.contains(axis0) && axes.contains(axis15) && !axes.contains(axis5));
  EXPECT(!axis_list{}.contains(axis0));
  EXPECT(axes.mask() == 0x8001 && axis_list{}.mask() == 0);
  return true;
}
TEST_BOTH("[axis_list]", members_are_told_by_list_and_mask)

constexpr bool all_axes_fit() {
  axis_list axes;
  for (std::uint8_t a = 0; a < max_axes; ++a) axes.push_back(static_cast<device_axis>(a));
  for (std::uint8_t a = 0; a < max_axes; ++a) EXPECT(axes[a] == static_cast<device_axis>(a));
  EXPECT(axes.size() == max_axes && axes.mask() == 0xffff);
  return true;
}
TEST_BOTH("[axis_list]", all_axes_fit)

TEST_CASE("a list refuses a seventeenth axis and one that no matrix can have", "[axis_list]") {
  axis_list axes;
  for (std::uint8_t a = 0; a < max_axes; ++a) axes.push_back(static_cast<device_axis>(a));
  CHECK_THROWS_AS(axes.push_back(axis0), layout_error);
  CHECK_THROWS_AS(axes.push_front(axis0), layout_error);
  CHECK_THROWS_WITH(axis_list{device_axis{16}},
                    "device axis 16 does not exist, the device matrix has 16");
}

}  // namespace

}  // namespace axis_list_test
