#include <reshard/plan/axis_cuts.hpp>
#include <reshard/plan/device_refinement.hpp>
#include <reshard/testing/for_all.hpp>

#include "support/both.hpp"

namespace axis_cuts_test {

using namespace reshard;

namespace {

constexpr device_axis axis0{0};
constexpr device_axis axis1{1};
constexpr device_axis axis2{2};

constexpr bool an_exact_cut_over_two_axes_is_two_cuts() {
  device_matrix const devices{2, 3};
  layout const l{devices, nested_map(devices, {{1, 0}, {}}), {12, 5}};
  rule_numbers rules;
  axis_cuts const cuts{l, devices, rules};
  EXPECT(cuts.size() == 2 && cuts.cuts_of(0) == 2 && cuts.cuts_of(1) == 0);
  EXPECT(cuts.at(0, 0).axes == axis_list{axis1} && cuts.last(0).axes == axis_list{axis0});
  EXPECT(cuts.used() == 3 && rules.empty());
  return true;
}
TEST_BOTH("[axis_cuts]", an_exact_cut_over_two_axes_is_two_cuts)

constexpr bool an_axis_is_split_where_the_finer_matrix_splits_it() {
  layout const l{{4, 3}, plain_map({4, 3}, {1}), {8}};
  rule_numbers rules;
  axis_cuts const cuts{l, {2, 2, 3}, rules};
  EXPECT(cuts.cuts_of(0) == 2);
  EXPECT(cuts.at(0, 0).axes == axis_list{axis2} && cuts.at(0, 1).axes == axis_list{axis1});
  return true;
}
TEST_BOTH("[axis_cuts]", an_axis_is_split_where_the_finer_matrix_splits_it)

constexpr bool tails_without_a_remainder_are_exact() {
  device_matrix const devices{2, 2};
  rule_numbers rules;
  layout const even{devices, nested_map(devices, {{1, 0}}, tail_rule::balanced), {8}};
  EXPECT(axis_cuts(even, devices, rules).cuts_of(0) == 2 && rules.empty());
  layout const odd{devices, nested_map(devices, {{1, 0}}, tail_rule::balanced), {7}};
  axis_cuts const cuts{odd, devices, rules};
  EXPECT(cuts.cuts_of(0) == 1 && (cuts.at(0, 0).axes == axis_list{axis1, axis0}));
  EXPECT(rules.rule(cuts.at(0, 0).rule) == cut_rule{tail_rule::balanced});
  return true;
}
TEST_BOTH("[axis_cuts]", tails_without_a_remainder_are_exact)

constexpr bool equal_rules_have_equal_numbers() {
  device_matrix const four{4};
  rule_numbers rules;
  auto const rule_of = [&](layout const& l) { return axis_cuts(l, four, rules).at(0, 0).rule; };
  layout const a{four, plain_map(four, {0}, cut_rule::parts({1, 2, 0, 4})), {7}};
  layout const b{four, plain_map(four, {-1, 0}, cut_rule::parts({1, 2, 0, 4})), {2, 7}};
  layout const c{four, plain_map(four, {0}, cut_rule::parts({1, 2, 4, 0})), {7}};
  layout const d{four, plain_map(four, {0}, cut_rule::cyclic(2)), {7}};
  std::uint8_t const first = rule_of(a);
  EXPECT(axis_cuts(b, four, rules).at(1, 0).rule == first && first != 0);
  EXPECT(rule_of(c) != first && rule_of(d) != first && rule_of(d) != rule_of(c));
  EXPECT(rules.rule(first) == cut_rule::parts({1, 2, 0, 4}));
  return true;
}
TEST_BOTH("[axis_cuts]", equal_rules_have_equal_numbers)

constexpr bool cuts_are_pushed_and_popped_at_the_fine_end_of_a_dim() {
  axis_cuts cuts;
  cuts.append_dim();
  cuts.append_dim();
  axis_cut const a{{axis0}, 1, 0};
  axis_cut const b{{axis1}, 2, 0};
  cuts.push(1, a);
  cuts.push(0, b);
  EXPECT(cuts.cuts_of(0) == 1 && cuts.last(0) == b && cuts.last(1) == a && cuts.used() == 3);
  axis_cuts const before = cuts;
  cuts.push(0, {{axis2}, 4, 0});
  EXPECT(!(cuts == before) && cuts.at(0, 0) == b);
  cuts.pop(0);
  EXPECT(cuts == before);
  return true;
}
TEST_BOTH("[axis_cuts]", cuts_are_pushed_and_popped_at_the_fine_end_of_a_dim)

TEST_CASE("a map over the split axes puts every element where the layout does", "[axis_cuts]") {
  int refused = 0;
  CHECK(testing::for_all_layouts({.cases = 1000}, [&](layout const& l) {
    try {
      factor_list const axes = whole_axes(l);
      device_matrix const devices{axes.begin(), axes.end()};
      return same_placement(l, layout{devices, map_over(l, devices), l.shape()});
    } catch (plan_error const& e) {
      ++refused;
      return e.code() == errc::digit_is_no_refinement_of_its_axes;
    }
  }));
  CHECK(refused < 750);
}

}  // namespace

}  // namespace axis_cuts_test
