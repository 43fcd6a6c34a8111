#include <reshard/algebra/layout.hpp>
#include <reshard/algebra/replicas.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_axis axis0{0};
constexpr device_axis axis2{2};

template <std::size_t Count>
constexpr bool is(replica_group const& group, index_t const (&expected)[Count]) {
  EXPECT(group.size() == static_cast<index_t>(Count));
  for (std::size_t k = 0; k < Count; ++k) EXPECT(group[static_cast<index_t>(k)] == expected[k]);
  return true;
}

constexpr bool replicas_differ_on_the_axes_that_the_map_does_not_use() {
  device_matrix const devices{2, 2, 2};
  tensor_map const map = plain_map(devices, {1, -1});
  EXPECT(part_of(devices, map, 6) == part_index{1});
  EXPECT(is({devices, map, {0}}, {0, 1, 4, 5}));
  EXPECT(is({devices, map, {1}}, {2, 3, 6, 7}));
  EXPECT(is({devices, plain_map(devices, {-1}), {}}, {0, 1, 2, 3, 4, 5, 6, 7}));
  return true;
}
TEST_BOTH("[replicas]", replicas_differ_on_the_axes_that_the_map_does_not_use)

constexpr bool what_a_part_of_an_axis_leaves_open_is_free() {
  device_matrix const devices{12};
  tensor_map map = plain_map(devices, {-1, -1});
  map.add_cut(0, digit{{axis0}, 2, 3}, tail_rule::exact);
  EXPECT(is({devices, map, {0}}, {0, 1, 6, 7}));
  EXPECT(is({devices, map, {2}}, {4, 5, 10, 11}));
  map.add_cut(1, digit{{axis0}, 6, 2}, tail_rule::exact);
  EXPECT(is({devices, map, {2, 1}}, {10, 11}));
  return true;
}
TEST_BOTH("[replicas]", what_a_part_of_an_axis_leaves_open_is_free)

constexpr bool holders_ascend_though_the_axes_of_a_digit_do_not() {
  device_matrix const devices{2, 2, 2};
  tensor_map map = plain_map(devices, {-1});
  map.add_cut(0, digit{{axis0, axis2}, 1, 1}, tail_rule::exact);
  EXPECT(is({devices, map, {0}}, {0, 1, 2, 3, 4, 5, 6, 7}));
  return true;
}
TEST_BOTH("[replicas]", holders_ascend_though_the_axes_of_a_digit_do_not)

constexpr bool holders_ascend_where_a_digit_does_not_divide_its_axes() {
  device_matrix const devices{3, 2};
  tensor_map map = plain_map(devices, {-1});
  map.add_cut(0, digit{{axis0, device_axis{1}}, 1, 2}, tail_rule::exact);
  EXPECT(is({devices, map, {0}}, {0, 3, 4}));  // numbers 0, 4, 2
  EXPECT(is({devices, map, {1}}, {1, 2, 5}));  // numbers 3, 1, 5
  return true;
}
TEST_BOTH("[replicas]", holders_ascend_where_a_digit_does_not_divide_its_axes)

void check(testing::layout_case const& l) {
  layout const ours = testing::to_layout(l);
  testing::oracle const expected = testing::oracle(l);
  for (std::size_t device = 0; device < expected.devices(); ++device) {
    auto const d = static_cast<index_t>(device);
    if (testing::to_list(part_of(ours.devices(), ours.map(), d)) != expected.part[device] ||
        testing::to_list(ours.replicas_of(d)) != expected.replicas(device)) {
      INFO(testing::to_text(l) << " device " << d);
      FAIL();
    }
  }
}

TEST_CASE("replicas of random digits are those of enumeration", "[replicas]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 2000; ++i) {
    auto const rank = static_cast<std::size_t>(1 + random.below(3));
    check(random.on(random.shape(rank), 36));
  }
  SUCCEED("seed " << seed);
}

TEST_CASE("replicas of all maps on 8 devices are those of enumeration", "[replicas]") {
  CHECK(testing::for_each_layout(8, 2, check) == 182);
}

TEST_CASE("replicas of all maps on 24 devices are those of enumeration", "[replicas][slow]") {
  CHECK(testing::for_each_layout(24, 3, check) == 10322);
}

}  // namespace
