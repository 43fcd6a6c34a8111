#include <reshard/plan/part_holders.hpp>
#include <reshard/testing/for_all.hpp>

#include "support/both.hpp"

namespace part_holders_test {

using namespace reshard;

namespace {

constexpr bool holders_of_a_part_are_found_by_number() {
  device_matrix const devices{4, 2};
  layout const l{devices, plain_map(devices, {0}), {6}};
  part_holders const holders{l};
  EXPECT(holders.size() == 4 && holders.first({1}) == 1);
  EXPECT(holders.at({1}, 0) == 1 && holders.at({1}, 3) == 7 && holders.at({0}, 2) == 4);
  EXPECT(holders.holds(5, {1}) && !holders.holds(4, {1}));
  EXPECT(holders.position(0) == 0 && holders.position(7) == 3 && holders.position(6) == 3);
  return true;
}
TEST_BOTH("[part_holders]", holders_of_a_part_are_found_by_number)

constexpr bool devices_that_the_layout_does_not_have_hold_nothing() {
  layout const l{{2}, plain_map({2}, {-1}), {6}};
  part_holders const holders{l};
  EXPECT(holders.holds(1, {}) && !holders.holds(2, {}) && !holders.holds(-1, {}));
  return true;
}
TEST_BOTH("[part_holders]", devices_that_the_layout_does_not_have_hold_nothing)

constexpr bool axes_that_are_not_neighbours_are_found_too() {
  device_matrix const devices{2, 3, 2};  // the number on axes 0, 2 makes no fixed step
  layout const l{devices, nested_map(devices, {{0, 2}}), {8}};
  part_holders const holders{l};
  for (index_t device = 0; device < 12; ++device) {
    part_index const part = l.part_on(device);
    EXPECT(holders.holds(device, part));
    EXPECT(holders.at(part, holders.position(device)) == device);
    for (index_t k = 0; k < holders.size(); ++k)
      EXPECT(holders.at(part, k) == l.holders_of(part)[k]);
  }
  return true;
}
TEST_BOTH("[part_holders]", axes_that_are_not_neighbours_are_found_too)

bool is_right(layout const& l) {
  part_holders const holders{l};
  bool right = true;
  for (index_t device = 0; device < l.devices().devices(); ++device) {
    part_index const part = l.part_on(device);
    replica_group const group = l.holders_of(part);
    testing::list seen;
    holders.for_each(part, [&](index_t d) { seen.push_back(d); });
    right = right && holders.size() == group.size() && holders.first(part) == group[0];
    right = right && seen == testing::to_list(group);
    for (index_t k = 0; k < group.size(); ++k) right = right && holders.at(part, k) == group[k];
    index_t weighted = 0;
    for (std::size_t i = 0; i < part.size() && holders.weights() != nullptr; ++i)
      weighted += part[i] * holders.weights()[i];
    right = right && (holders.weights() == nullptr || weighted == group[0]);
    right = right && group[holders.position(device)] == device;
    for (index_t other = 0; other < l.devices().devices(); ++other)
      right = right && holders.holds(other, part) == (l.part_on(other) == part);
  }
  return right;
}

TEST_CASE("holders are those of replica_group on random layouts", "[part_holders]") {
  CHECK(testing::for_all_layouts({.cases = 2000, .devices = 48}, is_right));
}

TEST_CASE("holders are those of replica_group for all maps", "[part_holders]") {
  testing::for_each_devices(24, [&](testing::list const& sizes) {
    device_matrix const devices(sizes.begin(), sizes.end());
    testing::for_each_map(sizes, 2, [&](std::vector<testing::list> const& lists) {
      layout const l{devices, nested_map(devices, lists, tail_rule::balanced), {24, 24}};
      if (!is_right(l)) FAIL(testing::to_text(l));
    });
  });
}

}  // namespace

}  // namespace part_holders_test
