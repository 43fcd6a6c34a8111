#include <reshard/algebra/layout.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

namespace layout_test {

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
  EXPECT(l.map() == plain_map(two_by_two_by_two, {0, 2}));
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
  map.add_cut(0, digit{axis, 1, 2});
  map.add_cut(1, digit{axis, 2, 2});
  layout const l{devices, map, {4, 6}};
  EXPECT(l.box_of(1) == box{{2, 0}, {2, 3}});
  EXPECT(l.box_of(2) == box{{0, 3}, {2, 3}});
  EXPECT(l.owners_of({3, 5}).size() == 1 && l.owners_of({3, 5})[0] == 3);
  return true;
}
TEST_BOTH("[layout]", parts_of_an_axis_cut_two_dims)

struct stored_piece {
  piece where;
  grid_index local;
  friend constexpr bool operator==(stored_piece const&, stored_piece const&) = default;
};
constexpr inplace_vector<stored_piece, 8> pieces(layout const& l, index_t device) {
  inplace_vector<stored_piece, 8> list;
  l.for_each_piece(device, [&](piece const& held, grid_index const& local) {
    list.push_back({held, local});
  });
  return list;
}

constexpr bool blocks_are_dealt_out_cyclically() {  // ScaLAPACK: 7 rows in blocks of 2 over 2
  device_matrix const devices{2, 4};
  layout const l{devices, plain_map(devices, {1, -1}, cut_rule::cyclic(2)), {7, 5}};
  EXPECT(l.local_shape(0) == extents{4, 5} && l.local_shape(7) == extents{3, 5});
  EXPECT(l.box_of(index_t{0}) == box{{0, 0}, {6, 5}} && l.box_of(7) == box{{2, 0}, {5, 5}});
  grid_index const stride{5, 1};
  EXPECT(pieces(l, 0) ==
         inplace_vector<stored_piece, 8>{{piece{box{{0, 0}, {2, 5}}, stride, {0, 0}}, {0, 0}},
                                         {piece{box{{4, 0}, {2, 5}}, stride, {2, 0}}, {2, 0}}});
  EXPECT(l.part_of({6, 0}) == part_index{1} && l.part_of({4, 0}) == part_index{0});
  return true;
}
TEST_BOTH("[layout]", blocks_are_dealt_out_cyclically)

constexpr bool a_device_holds_its_share_of_every_section() {  // fused q, k, v of 8, 4 and 4 rows
  device_matrix const devices{2};
  layout const l{devices, plain_map(devices, {0}, cut_rule::sections({8, 4, 4})), {16}};
  EXPECT(l.local_shape(1) == extents{8});
  EXPECT(pieces(l, 1) == inplace_vector<stored_piece, 8>{{piece{box{{4}, {4}}, {1}, {0}}, {0}},
                                                         {piece{box{{10}, {2}}, {1}, {4}}, {4}},
                                                         {piece{box{{14}, {2}}, {1}, {6}}, {6}}});
  EXPECT(pieces(layout{devices, plain_map(devices, {0}, cut_rule::sections(2)), {8}}, 0).size() ==
         2);
  return true;
}
TEST_BOTH("[layout]", a_device_holds_its_share_of_every_section)

constexpr bool stated_parts_may_be_empty() {
  device_matrix const devices{3};
  layout const l{devices, plain_map(devices, {0}, cut_rule::parts({5, 0, 2})), {7}};
  EXPECT(l.box_of(index_t{2}) == box{{5}, {2}} && pieces(l, 1).empty());
  EXPECT(l.part_of({5}) == part_index{2});
  return true;
}
TEST_BOTH("[layout]", stated_parts_may_be_empty)

constexpr bool rules_of_different_dims_mix() {
  device_matrix const devices{2, 2};
  tensor_map map;
  map.append(devices, {device_axis{1}}, cut_rule::cyclic(1));
  map.append(devices, {device_axis{0}}, cut_rule::sections({2, 4}));
  layout const l{devices, map, {4, 6}};
  EXPECT(pieces(l, 3).size() == 4);
  EXPECT(pieces(l, 3)[1] == stored_piece{piece{box{{1, 4}, {1, 2}}, {3, 1}, {0, 1}}, {0, 1}});
  return true;
}
TEST_BOTH("[layout]", rules_of_different_dims_mix)

constexpr bool a_device_without_elements_stores_no_piece() {
  device_matrix const devices{4};
  layout const l{devices, plain_map(devices, {0}, tail_rule::ceil), {5}};
  EXPECT(pieces(l, 2).size() == 1 && pieces(l, 2)[0].where == piece{box{{4}, {1}}});
  EXPECT(pieces(l, 3).empty());
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
  map.add_cut(0, a, tail_rule::ceil);
  map.add_cut(1, b, tail_rule::ceil);
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
    map.add_cut(0, digit{devices, {device_axis{0}}});
    return layout{devices, map, {size}};
  };
  CHECK_NOTHROW(cut_twice(tail_rule::ceil, 10));                     // 4, 4, 2
  CHECK_NOTHROW(cut_twice(tail_rule::ceil, 4));                      // 2, 2, 0
  CHECK_THROWS_AS(cut_twice(tail_rule::ceil, 11), layout_error);     // 4, 4, 3
  CHECK_THROWS_AS(cut_twice(tail_rule::balanced, 8), layout_error);  // 3, 3, 2
  CHECK_THROWS_AS(cut_twice(tail_rule::balanced, 7), layout_error);  // 3, 2, 2
}

TEST_CASE("stated sizes must fit", "[layout]") {
  device_matrix const devices{2};
  auto const cut = [&](cut_rule const& rule, index_t size) {
    return layout{devices, plain_map(devices, {0}, rule), {size}};
  };
  CHECK_THROWS_WITH(cut(cut_rule::parts({3, 3}), 7),
                    "dim 0 of size 7, the stated sizes add up to 6");
  CHECK_THROWS_WITH(cut(cut_rule::parts({3, 3, 1}), 7),
                    "dim 0 is cut into 2 parts, the rule states 3 sizes");
  CHECK_THROWS_WITH(cut(cut_rule::parts({8, -1}), 7), "dim 0 has extent -1");
  CHECK_THROWS_WITH(cut(cut_rule::sections({4, 3}), 7),
                    "dim 0 of size 3 does not divide into 2 parts");
  CHECK_THROWS_WITH(cut(cut_rule::sections({4, 2}), 7),
                    "dim 0 of size 7, the stated sizes add up to 6");
  CHECK_THROWS_WITH(cut(cut_rule::sections(3), 8), "dim 0 of size 8 does not divide into 6 parts");
  CHECK_THROWS_WITH(cut_rule::cyclic(0), "blocks of 0 indices");
  CHECK_THROWS_AS(cut_rule::sections(-1), layout_error);
}

/// Local shape, part and pieces of a device: the pieces are maximal, come in the order of the
/// storage, and hold its elements in their order.
bool device_is_right(layout const& ours, testing::oracle const& expected, std::size_t device) {
  auto const d = static_cast<index_t>(device);
  extents const shape = ours.local_shape(d);
  if (testing::to_list(part_of(ours.devices(), ours.map(), d)) != expected.part[device])
    return false;
  std::size_t boxes = 1;
  for (std::size_t dim = 0; dim < shape.rank(); ++dim) {
    testing::list const& held = expected.indices[device][dim];
    if (shape[dim] != static_cast<index_t>(held.size())) return false;
    std::size_t runs = 0;
    for (std::size_t i = 0; i < held.size(); ++i)
      runs += i == 0 || held[i] != held[i - 1] + 1 ? 1 : 0;
    boxes *= runs;
  }
  std::vector<testing::list> const elements = expected.elements(device);
  std::size_t found = 0;
  index_t filled = 0;
  index_t last = -1;
  bool right = true;
  ours.for_each_piece(d, [&](piece const& held, grid_index const& local) {
    ++found;
    right = right && held.base() > last && held.address(held.where().offset()) == held.base();
    last = held.base();
    for (std::size_t dim = 0; dim < local.size(); ++dim)
      right = right && expected.indices[device][dim].at(static_cast<std::size_t>(local[dim])) ==
                           held.where().offset()[dim];
    std::vector<testing::list> steps;
    for (index_t const size : held.where().extent()) steps.push_back(testing::up_to(size));
    for (testing::list element : testing::product(steps)) {
      for (std::size_t dim = 0; dim < element.size(); ++dim)
        element[dim] += held.where().offset()[dim];
      auto const at = static_cast<std::size_t>(held.address(testing::to_index(element)));
      right = right && elements.at(at) == element;
      ++filled;
    }
  });
  return right && filled == shape.elements() && (filled == 0 || found == boxes);
}

/// One part holds the element: that of all its owners, and nobody else has it.
bool element_is_right(layout const& ours, testing::oracle const& expected,
                      testing::list const& element) {
  testing::list const owners = expected.owners(element);
  auto const first = static_cast<std::size_t>(owners.at(0));
  part_index const part = ours.part_of(testing::to_index(element));
  return owners == expected.replicas(first) && testing::to_list(part) == expected.part[first] &&
         testing::to_list(ours.owners_of(testing::to_index(element))) == owners;
}

void check(testing::layout_case const& l) {
  layout const ours = testing::to_layout(l);
  testing::oracle const expected = testing::oracle(l);
  bool right = true;
  std::vector<testing::list> choices;
  for (index_t const size : l.shape) choices.push_back(testing::up_to(size));
  for (std::size_t device = 0; device < expected.devices(); ++device)
    right = right && device_is_right(ours, expected, device);
  for (testing::list const& element : testing::product(choices))
    right = right && element_is_right(ours, expected, element);
  if (!right) FAIL(testing::to_text(l));
}

TEST_CASE("random layouts hold what enumeration says", "[layout]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 500; ++i)
    check(random.on(random.shape(static_cast<std::size_t>(1 + random.below(3))), 24));
  SUCCEED("seed " << seed);
}

TEST_CASE("layouts of all maps on 8 devices hold what enumeration says", "[layout]") {
  CHECK(testing::for_each_layout(8, 2, check) == 182);
}

TEST_CASE("layouts of all maps on 24 devices hold what enumeration says", "[layout][slow]") {
  CHECK(testing::for_each_layout(24, 3, check) == 10322);
}

TEST_CASE("numbers that do not fit 63 bits are refused, not wrapped", "[layout]") {
  index_t const huge = index_t{1} << 62;
  auto const rule_of = [](device_matrix const& devices, cut_rule const& rule,
                          extents const& shape) {
    try {
      static_cast<void>(layout{devices, plain_map(devices, {0}, rule), shape});
    } catch (layout_error const& e) {
      return std::string{e.rule()};
    }
    return std::string{"none"};
  };
  CHECK(rule_of({4}, cut_rule::parts({huge, huge, huge, huge + 8}), {8}) ==
        "stated_sizes_do_not_fill_the_dim");
  CHECK(rule_of({2}, cut_rule::parts({huge, huge}), {max_index}) ==
        "stated_sizes_do_not_fill_the_dim");
  index_t const many = index_t{1} << 40;
  CHECK(rule_of({many}, cut_rule::sections(many), {8}) ==
        "dim_does_not_divide_over_its_device_axes");
  CHECK(rule_of({many}, cut_rule::sections(many), {0}) == "none");
}

}  // namespace

}  // namespace layout_test
