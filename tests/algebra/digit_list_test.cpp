#include <reshard/algebra/digit_list.hpp>

#include <reshard/testing/oracle.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace digit_list_test {

using namespace reshard;

namespace {

/// Every digit over some axes of a device matrix, in any order.
std::vector<digit> digits_of(device_matrix const& devices) {
  std::vector<digit> out;
  std::vector<axis_list> lists{{}};
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (std::size_t a = 0; a < devices.axes(); ++a)
      if (axis_list longer = lists[i]; !longer.contains(device_axis(a))) {
        longer.push_back(device_axis(a));
        lists.push_back(longer);
      }
  for (axis_list const& axes : lists) {
    index_t const all = combinations(devices, axes);
    for (index_t divide = 1; divide <= all; ++divide)
      for (index_t modulo = 2; modulo * divide <= all; ++modulo)
        if (all % divide == 0 && all / divide % modulo == 0) out.push_back({axes, divide, modulo});
  }
  return out;
}

testing::list values(device_matrix const& devices, digit const& d) {
  testing::list out;
  for (index_t device = 0; device < devices.devices(); ++device)
    out.push_back(d.value(devices, device));
  return out;
}

TEST_CASE("a joined digit is read as its upper and its lower one", "[digit_list]") {
  std::size_t found = 0;
  for (device_matrix const& devices : {device_matrix{8}, {2, 4}, {3, 2, 2}})
    for (digit const& upper : digits_of(devices))
      for (digit const& lower : digits_of(devices)) {
        detail::joined_digit const both = detail::joined(devices, upper, lower);
        if (!both.exists) continue;
        testing::list expected = values(devices, upper);
        testing::list const low = values(devices, lower);
        for (std::size_t i = 0; i < low.size(); ++i)
          expected[i] = expected[i] * lower.modulo() + low[i];
        if (values(devices, both.value) != expected) FAIL("devices " << devices.devices());
        ++found;
      }
  CHECK(found > 100);
}

TEST_CASE("digits over few axes have the values that they had", "[digit_list]") {
  std::size_t fewer = 0;
  for (device_matrix const& devices : {device_matrix{2, 4}, {3, 2, 2}}) {
    std::vector<digit> const all = digits_of(devices);
    for (digit const& a : all)
      for (digit const& b : all) {
        detail::digit_list const few = detail::with_few_axes(devices, {a, b});
        REQUIRE(few.size() == 2);
        bool const same = values(devices, few[0]) == values(devices, a) &&
                          values(devices, few[1]) == values(devices, b);
        if (!same) FAIL("devices " << devices.devices());
        fewer += few[0].axes().size() < a.axes().size() ? 1 : 0;
      }
  }
  CHECK(fewer > 100);
}

TEST_CASE("a number of several axes that no digit crosses is taken apart", "[digit_list]") {
  device_matrix const devices{3, 4};
  axis_list const both{device_axis{1}, device_axis{0}};
  detail::digit_list const few = detail::with_few_axes(devices, {{both, 4, 3}, {both, 1, 2}});
  CHECK((few[0] == digit{{device_axis{1}}, 1, 3}));
  CHECK((few[1] == digit{{device_axis{0}}, 1, 2}));
  detail::digit_list const crossed = detail::with_few_axes(devices, {{both, 2, 6}, {both, 1, 2}});
  CHECK((crossed[0] == digit{both, 2, 6}));
}

}  // namespace

}  // namespace digit_list_test
