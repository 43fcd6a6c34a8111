#include <reshard/algebra/tensor_map.hpp>

#include "support/both.hpp"

#include <vector>

namespace tensor_map_test {

using namespace reshard;

namespace {

constexpr device_axis axis0{0};
constexpr device_axis axis1{1};
constexpr device_axis axis2{2};
constexpr device_matrix devices{2, 3, 4};

constexpr bool a_plain_map_names_one_axis_per_dim() {
  tensor_map const map = plain_map(devices, {0, -1, 2});
  EXPECT(map.size() == 3 && map.cuts().size() == 2);
  EXPECT(map.cuts_of(0) == 1 && map.cuts_of(1) == 0 && map.cuts_of(2) == 1);
  EXPECT(map.first(0) == 0 && map.first(2) == 1);
  EXPECT(map.cuts()[0] == cut{digit{{axis0}, 1, 4}, tail_rule::exact});
  EXPECT(map.cuts()[1].by() == digit{{axis2}, 1, 2} && map.cuts()[1].parts() == 2);
  EXPECT(map.uses(axis0) && !map.uses(axis1));
  return true;
}
TEST_BOTH("[tensor_map]", a_plain_map_names_one_axis_per_dim)

constexpr bool a_nested_map_lists_axes_and_none_or_minus_one_is_whole() {
  EXPECT(nested_map(devices, {{2, 0}, {-1}, {}}) == nested_map(devices, {{2, 0}, {}, {-1}}));
  EXPECT(nested_map(devices, {{0}, {-1}, {2}}) == plain_map(devices, {0, -1, 2}));
  tensor_map const map = nested_map(devices, {{2, 0}, {}});
  EXPECT(map.cuts().size() == 1 && map.cuts()[0].by() == digit{{axis2, axis0}, 1, 8});
  EXPECT(map != nested_map(devices, {{0, 2}, {}}));
  return true;
}
TEST_BOTH("[tensor_map]", a_nested_map_lists_axes_and_none_or_minus_one_is_whole)

constexpr bool ceil_cuts_axis_by_axis_and_balanced_once() {
  tensor_map const ceil = nested_map(devices, {{2, 0}}, tail_rule::ceil);
  EXPECT(ceil.cuts_of(0) == 2);
  EXPECT(ceil.cuts()[0] == cut{digit{{axis2}, 1, 2}, tail_rule::ceil});
  EXPECT(ceil.cuts()[1] == cut{digit{{axis0}, 1, 4}, tail_rule::ceil});
  EXPECT(nested_map(devices, {{2, 0}}, tail_rule::balanced).cuts_of(0) == 1);
  EXPECT(plain_map(devices, {1}, tail_rule::balanced).cuts()[0].tail() == tail_rule::balanced);
  return true;
}
TEST_BOTH("[tensor_map]", ceil_cuts_axis_by_axis_and_balanced_once)

constexpr bool a_further_cut_is_the_finest_of_its_dim() {
  tensor_map map;
  map.append(devices, {axis1}, tail_rule::exact);
  map.append(devices, {axis2}, tail_rule::exact);
  digit const half{{axis0}, 1, 2};
  map.add_cut(0, half);
  EXPECT(map.cuts_of(0) == 2 && map.first(1) == 2);
  EXPECT(map.cuts()[1] == cut{half, {}} && map.cuts()[2].by() == digit{{axis2}, 1, 2});
  return true;
}
TEST_BOTH("[tensor_map]", a_further_cut_is_the_finest_of_its_dim)

constexpr bool stated_sizes_stay_with_their_cuts() {
  tensor_map map;
  map.append(devices, {axis1}, cut_rule::parts({1, 2, 3}));
  map.append(devices, {axis2}, cut_rule::sections({4, 6}));
  map.add_cut(0, digit{{axis0}, 1, 2}, cut_rule::parts({7, 8}));
  EXPECT(map.sizes() == size_list{1, 2, 3, 7, 8, 4, 6});
  EXPECT(map.first_size(0) == 0 && map.first_size(1) == 5);
  tensor_map other;
  other.append(devices, {axis1}, cut_rule::parts({1, 2, 3}));
  other.add_cut(0, digit{{axis0}, 1, 2}, cut_rule::parts({7, 8}));
  other.append(devices, {axis2}, cut_rule::sections({4, 6}));
  EXPECT(map == other);
  return true;
}
TEST_BOTH("[tensor_map]", stated_sizes_stay_with_their_cuts)

TEST_CASE("a map refuses axes that do not exist", "[tensor_map]") {
  CHECK_THROWS_WITH(plain_map(devices, {3}),
                    "device axis 3 does not exist, the device matrix has 3");
  CHECK_THROWS_AS(plain_map(devices, {-2}), layout_error);
  CHECK_THROWS_AS(nested_map(devices, {{0}, {1, 3}}), layout_error);
}

TEST_CASE("lists of lists of any type make a nested map", "[tensor_map]") {
  std::vector<std::vector<index_t>> const lists{{2, 0}, {}, {-1}};
  CHECK(nested_map(devices, lists) == nested_map(devices, {{2, 0}, {}, {-1}}));
}

}  // namespace

}  // namespace tensor_map_test
