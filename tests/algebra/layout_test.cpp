#include <reshard/algebra/layout.hpp>

#include "support/all_layouts.hpp"
#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix two_by_two_by_two{2, 2, 2};

constexpr bool
a_transposed_map_cuts_dim_0_by_the_last_axis() {  // spec of slice geometry, example A
  layout const l{two_by_two_by_two, plain_map(two_by_two_by_two, {0, 2}), {8, 4}};
  for (index_t d = 0; d < 8; ++d) EXPECT(l.box_of(d) == box{{d % 2 * 4, d / 4 * 2}, {4, 2}});
  EXPECT(l.replicas_of(5).size() == 2);
  EXPECT(l.replicas_of(5)[0] == 5 && l.replicas_of(5)[1] == 7);
  EXPECT(l.devices() == two_by_two_by_two && l.shape() == extents{8, 4});
  EXPECT(l.map() == plain_map(two_by_two_by_two, {0, 2}) && l.index_grid() == grid{l.shape()});
  return true;
}
TEST_BOTH("[layout]", a_transposed_map_cuts_dim_0_by_the_last_axis)

constexpr bool a_nested_map_is_most_significant_first() {  // example C
  layout const l{two_by_two_by_two, nested_map(two_by_two_by_two, {{2, 0}, {}}), {16, 6}};
  index_t const rows[] = {0, 4, 0, 4, 8, 12, 8, 12};
  for (index_t d = 0; d < 8; ++d) EXPECT(l.box_of(d) == box{{rows[d], 0}, {4, 6}});
  layout const swapped{two_by_two_by_two, nested_map(two_by_two_by_two, {{0, 2}, {}}), {16, 6}};
  EXPECT(swapped.box_of(1) == box{{8, 0}, {4, 6}} && swapped.box_of(4) == box{{4, 0}, {4, 6}});
  return true;
}
TEST_BOTH("[layout]", a_nested_map_is_most_significant_first)

constexpr bool parts_of_an_axis_cut_two_dims() {
  device_matrix const devices{4};
  axis_list const axis{device_axis{0}};
  tensor_map map = plain_map(devices, {-1, -1});
  map.add_cut(0, cut{digit{axis, 1, 2}, tail_rule::exact});
  map.add_cut(1, cut{digit{axis, 2, 2}, tail_rule::exact});
  layout const l{devices, map, {4, 6}};
  EXPECT(l.box_of(1) == box{{2, 0}, {2, 3}});
  EXPECT(l.box_of(2) == box{{0, 3}, {2, 3}});
  EXPECT(l.owners_of({3, 5}).size() == 1 && l.owners_of({3, 5})[0] == 3);
  return true;
}
TEST_BOTH("[layout]", parts_of_an_axis_cut_two_dims)

constexpr bool the_local_shape_is_the_box_with_sub_dims_joined() {
  device_matrix const devices{2, 4};
  layout const l{devices, plain_map(devices, {1, -1}), {512, 1024}};
  EXPECT(l.local_shape(7) == extents{256, 1024});
  grid g;
  g.append_dim({3, 4});
  g.append_dim({5});
  layout const cyclic{devices, g, plain_map(devices, {-1, 0, -1}), {12, 5}};
  EXPECT(cyclic.local_shape(2) == extents{3, 5});
  EXPECT(cyclic.box_of(2) == box{{0, 2, 0}, {3, 1, 5}});
  return true;
}
TEST_BOTH("[layout]", the_local_shape_is_the_box_with_sub_dims_joined)

constexpr bool a_device_without_elements_stores_no_piece() {
  device_matrix const devices{4};
  layout const l{devices, plain_map(devices, {0}, tail_rule::ceil), {5}};
  EXPECT(l.pieces(2).size() == 1 && l.pieces(2)[0] == piece{box{{4}, {1}}});
  EXPECT(l.pieces(3).empty());
  EXPECT(l.local_shape(3) == extents{0});
  return true;
}
TEST_BOTH("[layout]", a_device_without_elements_stores_no_piece)

constexpr bool a_part_its_box_and_its_holders_belong_together() {
  layout const l{two_by_two_by_two, plain_map(two_by_two_by_two, {2, 0}), {4, 4}};
  part_index const part = l.part_of({3, 1});
  EXPECT(part == part_index{1, 0});
  EXPECT(l.box_of(part) == box{{2, 0}, {2, 2}});
  EXPECT(l.holders_of(part).size() == 2 && l.holders_of(part)[1] == 6);
  return true;
}
TEST_BOTH("[layout]", a_part_its_box_and_its_holders_belong_together)

constexpr bool cuts_into_one_part_leave_a_tensor_replicated() {
  device_matrix const devices{1, 3};
  EXPECT((layout{devices, plain_map(devices, {1}), {3}}).is_replicated());
  EXPECT(!(layout{devices, plain_map(devices, {0}), {3}}).is_replicated());
  EXPECT(layout{}.is_replicated());
  return true;
}
TEST_BOTH("[layout]", cuts_into_one_part_leave_a_tensor_replicated)

constexpr bool different_maps_can_place_alike() {
  device_matrix const nested{2, 3};
  device_matrix const flat{6};
  layout const a{nested, nested_map(nested, {{1, 0}}), {12}};
  layout const b{flat, plain_map(flat, {0}), {12}};
  EXPECT(a != b && same_placement(a, b));
  EXPECT(!same_placement(a, layout{nested, nested_map(nested, {{0, 1}}), {12}}));
  EXPECT(!same_placement(a, layout{flat, plain_map(flat, {0}), {18}}));
  EXPECT(!same_placement(b, layout{device_matrix{12}, plain_map({12}, {0}), {12}}));
  return true;
}
TEST_BOTH("[layout]", different_maps_can_place_alike)

template <layout L> constexpr index_t first_extent = L.local_shape(0)[0];

constexpr bool a_layout_is_a_template_argument() {
  constexpr layout l{two_by_two_by_two, plain_map(two_by_two_by_two, {0, 2}), {8, 4}};
  EXPECT(first_extent<l> == 4);
  return true;
}
TEST_BOTH("[layout]", a_layout_is_a_template_argument)

TEST_CASE("a layout refuses what is no layout", "[layout]") {
  device_matrix const devices{4, 2};
  CHECK_THROWS_WITH((layout{devices, plain_map(devices, {0}), {4, 4}}),
                    "the map has 1 entries, the tensor has 2 dims");
  CHECK_THROWS_WITH((layout{devices, plain_map(devices, {0, 0}), {4, 4}}),
                    "device axis 0 cuts the tensor twice");
  CHECK_THROWS_AS((layout{devices, nested_map(devices, {{1, 1}}), {16}}), layout_error);
  CHECK_THROWS_AS((layout{devices, nested_map(devices, {{1, 0}, {0}}), {8, 8}}), layout_error);
  CHECK_THROWS_WITH((layout{devices, plain_map(devices, {-1, 1}), {4, 6}}),
                    "dim 1 of size 6 does not divide into 4 parts");
  CHECK_THROWS_WITH((layout{device_matrix{2}, plain_map(devices, {1}), {4}}),
                    "device axis 1 does not exist, the device matrix has 1");
  layout const l{devices, plain_map(devices, {1}), {4}};
  CHECK_THROWS_WITH(l.owners_of({4}), "index 4 of dim 0 of size 4");
  CHECK_THROWS_AS(l.part_of({-1}), layout_error);
}

layout with_digits(digit const& a, digit const& b) {
  device_matrix const devices{4, 6};
  tensor_map map = plain_map(devices, {-1, -1});
  map.add_cut(0, cut{a, tail_rule::ceil});
  map.add_cut(1, cut{b, tail_rule::ceil});
  return {devices, map, {5, 5}};
}

TEST_CASE("a layout refuses digits that are no digits or that overlap", "[layout]") {
  axis_list const six{device_axis{0}};
  axis_list const both{device_axis{1}, device_axis{0}};
  digit const halves{six, 1, 2};
  CHECK_NOTHROW(with_digits(halves, {six, 2, 3}));
  CHECK_NOTHROW(with_digits({six, 2, 3}, halves));
  CHECK_THROWS_AS(with_digits(halves, halves), layout_error);
  CHECK_THROWS_AS(with_digits(halves, {six, 3, 2}), layout_error);
  CHECK_THROWS_AS(with_digits(halves, {both, 2, 3}), layout_error);
  CHECK_THROWS_WITH(with_digits(halves, {six, 2, 2}),
                    "a digit / 2 % 2 of axes with 6 combinations");
  CHECK_THROWS_AS(with_digits(halves, {six, 0, 2}), layout_error);
  CHECK_THROWS_AS(with_digits(halves, {six, 2, 0}), layout_error);
  CHECK_THROWS_AS(with_digits(halves, {six, -1, -1}), layout_error);
  CHECK_THROWS_AS(with_digits(halves, {six, index_t{1} << 62, 8}), layout_error);
}

TEST_CASE("exact behind another tail rule must divide every part", "[layout]") {
  device_matrix const devices{3, 2};
  auto const cut_twice = [&](tail_rule coarse, index_t size) {
    tensor_map map = plain_map(devices, {1}, coarse);
    map.add_cut(0, cut{digit{devices, {device_axis{0}}}, tail_rule::exact});
    return layout{devices, map, {size}};
  };
  CHECK_NOTHROW(cut_twice(tail_rule::ceil, 10));                     // 4, 4, 2
  CHECK_NOTHROW(cut_twice(tail_rule::ceil, 4));                      // 2, 2, 0
  CHECK_THROWS_AS(cut_twice(tail_rule::ceil, 11), layout_error);     // 4, 4, 3
  CHECK_THROWS_AS(cut_twice(tail_rule::balanced, 8), layout_error);  // 3, 3, 2
  CHECK_THROWS_AS(cut_twice(tail_rule::balanced, 7), layout_error);  // 3, 2, 2
}

/// Box, shape, part and piece of a device.
bool device_is_right(layout const& ours, brute::placement const& expected, std::size_t device) {
  auto const d = static_cast<index_t>(device);
  box const where = ours.box_of(d);
  extents const shape = ours.local_shape(d);
  bool right = brute::to_list(part_of(ours.devices(), ours.map(), d)) == expected.part[device];
  for (std::size_t dim = 0; dim < where.rank(); ++dim) {
    brute::list const& held = expected.indices[device][dim];
    right = right && where.extent()[dim] == static_cast<index_t>(held.size()) &&
            shape[dim] == where.extent()[dim] &&
            (held.empty() || where.offset()[dim] == held.front());
  }
  return right && ours.pieces(d).empty() == (where.elements() == 0);
}

/// One part holds the element: that of all its owners, and nobody else has it.
bool element_is_right(layout const& ours, brute::placement const& expected,
                      brute::list const& element) {
  brute::list const owners = expected.owners(element);
  auto const first = static_cast<std::size_t>(owners.at(0));
  part_index const part = ours.part_of(brute::to_index(element));
  return owners == expected.replicas(first) && brute::to_list(part) == expected.part[first] &&
         brute::to_list(ours.owners_of(brute::to_index(element))) == owners;
}

void check(brute::layout const& l) {
  layout const ours = brute::library_layout(l);
  brute::placement const expected = brute::place(l);
  bool right = true;
  std::vector<brute::list> choices;
  for (index_t const size : l.shape) choices.push_back(brute::up_to(size));
  for (std::size_t device = 0; device < expected.devices(); ++device)
    right = right && device_is_right(ours, expected, device);
  for (brute::list const& element : brute::product(choices))
    right = right && element_is_right(ours, expected, element);
  if (!right) FAIL(brute::name(l));
}

TEST_CASE("random layouts hold what enumeration says", "[layout]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  brute::random_layouts random{seed};
  for (int i = 0; i < 500; ++i)
    check(random.on(random.shape(static_cast<std::size_t>(1 + random.below(3))), 24));
  SUCCEED("seed " << seed);
}

TEST_CASE("layouts of all maps on 8 devices hold what enumeration says", "[layout]") {
  CHECK(brute::for_each_layout(8, 2, check) == 182);
}

TEST_CASE("layouts of all maps on 24 devices hold what enumeration says", "[layout][slow]") {
  CHECK(brute::for_each_layout(24, 3, check) == 10322);
}

}  // namespace
