#include <reshard/algebra/reshape.hpp>

#include <reshard/testing/all_layouts.hpp>
#include <reshard/testing/oracle.hpp>
#include "support/both.hpp"
#include "support/stated_layouts.hpp"

#include <set>

namespace reshape_test {

using namespace reshard;

namespace {

constexpr device_matrix eight{8};

constexpr bool a_cut_may_split_its_digit_over_dims() {
  layout const flat{eight, plain_map(eight, {0}), {16}};
  layout const square = reshaped(flat, {4, 4});
  axis_list const axis{device_axis{0}};
  EXPECT(square.map().cuts().size() == 2);
  EXPECT((square.map().cuts()[0].by() == digit{axis, 2, 4}));
  EXPECT((square.map().cuts()[1].by() == digit{axis, 1, 2}));
  EXPECT(reshaped(square, {16}) == flat);
  return true;
}
TEST_BOTH("[reshape]", a_cut_may_split_its_digit_over_dims)

constexpr bool plain_exact_layouts_come_back_equal() {
  device_matrix const devices{2, 4};
  layout const heads{devices, plain_map(devices, {1, 0, -1}), {4, 8, 5}};
  EXPECT(reshaped(reshaped(heads, {32, 5}), {4, 8, 5}) == heads);
  EXPECT(reshaped(reshaped(heads, {2, 2, 2, 4, 5}), {4, 8, 5}) == heads);
  layout const nested{devices, nested_map(devices, {{1, 0}, {}}), {16, 3}};
  EXPECT(reshaped(reshaped(nested, {2, 8, 3}), {16, 3}) == nested);
  EXPECT((reshaped(nested, {2, 8, 3}).map() == plain_map(devices, {1, 0, -1})));
  return true;
}
TEST_BOTH("[reshape]", plain_exact_layouts_come_back_equal)

constexpr bool columns_become_cyclic_blocks() {
  layout const columns{eight, plain_map(eight, {-1, 0}), {3, 16}};
  layout const flat = reshaped(columns, {48});
  EXPECT((flat.map() == plain_map(eight, {0}, cut_rule::cyclic(2))));
  EXPECT(reshaped(flat, {3, 16}) == columns);
  return true;
}
TEST_BOTH("[reshape]", columns_become_cyclic_blocks)

constexpr bool dims_that_stay_keep_their_rules() {
  device_matrix const devices{3, 2};
  tensor_map map = plain_map(devices, {1}, tail_rule::balanced);
  map.append(devices, {device_axis{0}}, cut_rule::sections({2, 4}));
  layout const l{devices, map, {8, 6}};
  layout const longer = reshaped(l, {1, 8, 1, 6, 1});
  EXPECT(longer.map().rule(0) == tail_rule::balanced);
  EXPECT((longer.map().rule(1) == cut_rule::sections({2, 4})));
  EXPECT(reshaped(longer, {8, 6}) == l);
  return true;
}
TEST_BOTH("[reshape]", dims_that_stay_keep_their_rules)

constexpr bool uneven_parts_are_stated_in_larger_units() {
  layout const balanced{eight, plain_map(eight, {0, -1}, tail_rule::balanced), {11, 3}};
  EXPECT((reshaped(balanced, {33}).map() ==
          plain_map(eight, {0}, cut_rule::parts({6, 6, 6, 3, 3, 3, 3, 3}))));
  layout const ceil{eight, plain_map(eight, {0, -1}, tail_rule::ceil), {11, 3}};
  EXPECT((reshaped(ceil, {33}).map() == plain_map(eight, {0}, cut_rule::cyclic(6))));
  EXPECT(reshaped(reshaped(ceil, {33}), {11, 3}) == ceil);
  return true;
}
TEST_BOTH("[reshape]", uneven_parts_are_stated_in_larger_units)

/// Of {0 1} parts 1 and 5 have indices: they are 0 and 1 of {1 0} / 3, which deals them out.
constexpr bool stated_sizes_may_be_over_axes_in_another_order() {
  device_matrix const devices{3, 2};
  tensor_map map;
  map.append(devices, {});
  map.append(devices, {device_axis{0}, device_axis{1}}, cut_rule::parts({0, 2, 0, 0, 0, 2}));
  layout const square{devices, map, {4, 4}};
  layout const flat = reshaped(square, {1, 16});
  EXPECT(same_elements(flat, square));
  EXPECT((flat.map().cuts()[0].by() == digit{{device_axis{1}, device_axis{0}}, 3, 2}));
  EXPECT(flat.map().rule(0) == cut_rule::cyclic(2));
  EXPECT(same_placement(reshaped(flat, {4, 4}), square));
  return true;
}
TEST_BOTH("[reshape]", stated_sizes_may_be_over_axes_in_another_order)

constexpr bool scalars_and_empty_tensors_have_shapes_too() {
  EXPECT((reshaped(layout{eight, {}, {}}, {1, 1}).shape() == extents{1, 1}));
  EXPECT((reshaped(layout{eight, plain_map(eight, {-1}), {1}}, {}).shape() == extents{}));
  layout const empty{eight, plain_map(eight, {0, -1}), {8, 0}};
  EXPECT((reshaped(empty, {0, 3, 2}).shape() == extents{0, 3, 2}));
  layout const one{eight, plain_map(eight, {0}, tail_rule::ceil), {1}};
  EXPECT((reshaped(one, {1, 1}).local_shape(0) == extents{1, 1}));
  EXPECT(reshaped(one, {1, 1}).local_shape(1).elements() == 0);
  return true;
}
TEST_BOTH("[reshape]", scalars_and_empty_tensors_have_shapes_too)

TEST_CASE("a reshape refuses by name", "[reshape]") {
  auto const rule_of = [](layout const& l, extents const& shape) -> std::string {
    try {
      static_cast<void>(reshaped(l, shape));
    } catch (layout_error const& e) {
      return e.rule();
    }
    return "none";
  };
  layout const flat{eight, plain_map(eight, {0}), {48}};
  CHECK(rule_of(flat, {47}) == "reshape_changes_the_element_count");
  CHECK(rule_of(flat, {12, 4}) == "parts_are_no_boxes_of_the_new_shape");
  CHECK(rule_of(flat, {4, 12}) == "none");
  layout const uneven{{2}, plain_map({2}, {-1, 0}, cut_rule::parts({1, 4})), {2, 5}};
  CHECK(rule_of(uneven, {10}) == "cuts_follow_no_rule_in_the_new_shape");
  layout const one{{2}, plain_map({2}, {0}, tail_rule::ceil), {1}};
  CHECK(rule_of(one, {}) == "parts_are_no_boxes_of_the_new_shape");
  CHECK_THROWS_WITH(reshaped(flat, {6, 4}), "shape(48) to shape(6, 4)");
}

/// The numbers of the elements that each device holds, by enumeration.
stated::element_numbers enumerated(testing::layout_case const& l) {
  testing::oracle const places{l};
  stated::element_numbers out;
  for (std::size_t device = 0; device < places.devices(); ++device) {
    auto& held = out.emplace_back();
    for (testing::list const& element : places.elements(device)) {
      index_t number = 0;
      for (std::size_t d = 0; d < element.size(); ++d) number = number * l.shape[d] + element[d];
      held.push_back(number);
    }
  }
  return out;
}

TEST_CASE("every device keeps its elements in order", "[reshape]") {
  index_t kept = 0;
  index_t refused = 0;
  testing::for_each_layout(8, 3, [&](testing::layout_case const& l) {
    layout const ours = testing::to_layout(l);
    stated::element_numbers const before = enumerated(l);
    std::size_t turn = 0;
    auto const shapes =
        ours.shape().elements() == 0
            ? std::vector<stated::list>{{0}, {2, 0}}
            : stated::shapes(ours.shape().elements(), ours.shape().rank() == 3 ? 2 : 3);
    for (stated::list const& shape : shapes) {
      if (++turn % 3 != 0 && shapes.size() > 20) continue;
      try {
        layout const other = reshaped(ours, {shape.begin(), shape.end()});
        if (stated::numbers_of(other) != before)
          FAIL(testing::to_text(l) << " to " << other.shape()[0]);
        if (!same_placement(reshaped(other, ours.shape()), ours))
          FAIL(testing::to_text(l) << " back");
        ++kept;
      } catch (layout_error const&) {
        ++refused;
      }
    }
  });
  CHECK(kept > 8000);
  CHECK(refused > 1000);
}

/// Whenever the protocol states a layout of the target shape that fits, there is an answer; and
/// there is a way back from it.
void check_complete(index_t elements, index_t devices, std::size_t ranks, std::size_t lists,
                    int forms) {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed << ", " << elements << " elements on " << devices << " devices");
  stated::layouts all{seed, lists};
  std::vector<stated::list> const shapes = stated::shapes(elements, ranks);
  std::map<stated::list, std::map<stated::element_numbers, std::vector<layout>>> found;
  for (stated::list const& shape : shapes)
    all.for_each(shape, devices, [&](layout const& l) {
      auto& same = found[shape][stated::numbers_of(l)];
      if (static_cast<int>(same.size()) < forms) same.push_back(l);
    });
  for (auto const& [shape, placements] : found)
    for (auto const& [numbers, same] : placements)
      for (stated::list const& target : shapes)
        for (layout const& from : same) {
          bool const exists = found[target].count(numbers) != 0;
          try {
            layout const to = reshaped(from, {target.begin(), target.end()});
            text<300> words;
            print(words, from);
            if (stated::numbers_of(to) != numbers) FAIL(words.c_str());
            if (stated::numbers_of(reshaped(to, from.shape())) != numbers) FAIL(words.c_str());
          } catch (layout_error const& e) {
            if (exists) FAIL(e.what());
          }
        }
  SUCCEED();
}

TEST_CASE("whatever the protocol can state is found", "[reshape][slow]") {
  for (index_t const elements : {1, 2, 4, 6, 8, 9, 12}) check_complete(elements, 4, 2, 12, 1);
  for (index_t const elements : {3, 4, 6, 8}) check_complete(elements, 6, 2, 8, 1);
}
TEST_CASE("whatever the protocol can state is found, up to 24 elements", "[reshape][slow]") {
  for (index_t const elements : {4, 6, 8}) check_complete(elements, 4, 3, 8, 2);
  for (index_t elements = 1; elements <= 24; ++elements) check_complete(elements, 4, 2, 8, 1);
  for (index_t const elements : {6, 10, 12, 16, 18}) check_complete(elements, 6, 2, 4, 1);
}

}  // namespace

}  // namespace reshape_test
