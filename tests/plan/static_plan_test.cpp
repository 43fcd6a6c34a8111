#include <reshard/plan/static_plan.hpp>

#include "support/both.hpp"

namespace static_plan_test {

using namespace reshard;

namespace {

constexpr device_matrix eight{8};
constexpr layout rows{eight, plain_map(eight, {0, -1}), {16, 8}};
constexpr layout columns{eight, plain_map(eight, {-1, 0}), {16, 8}};
constexpr layout whole{eight, plain_map(eight, {-1, -1}), {16, 8}};
constexpr layout uneven{
    eight, plain_map(eight, {0, -1}, cut_rule::parts({1, 2, 3, 4, 0, 3, 2, 1})), {16, 8}};

constexpr bool a_plan_in_a_type_is_the_plan_at_run_time() {
  EXPECT(static_plan<rows, columns> == make_steps(rows, columns));
  EXPECT(static_plan<whole, uneven> == make_steps(whole, uneven));
  EXPECT(static_plan<rows, rows>.empty());
  return true;
}
TEST_BOTH("[static_plan]", a_plan_in_a_type_is_the_plan_at_run_time)

template <step_program Plan> struct tagged {};
template <class A, class B> constexpr bool same_type = false;
template <class A> constexpr bool same_type<A, A> = true;

constexpr bool a_plan_is_a_template_argument() {
  using there = tagged<static_plan<rows, columns>>;
  EXPECT(same_type<there, tagged<make_steps(rows, columns)>>);
  EXPECT(!same_type<there, tagged<static_plan<columns, rows>>>);
  return true;
}
TEST_BOTH("[static_plan]", a_plan_is_a_template_argument)

constexpr bool sizes_that_a_rule_states_are_kept() {
  step_program const& plan = static_plan<whole, uneven>;
  EXPECT(plan.size() == 1 && plan[0].kind() == step_kind::slice);
  EXPECT(plan[0].rule_ == cut_rule::parts({1, 2, 3, 4, 0, 3, 2, 1}));
  EXPECT(same_placement(after(whole, plan), uneven));
  return true;
}
TEST_BOTH("[static_plan]", sizes_that_a_rule_states_are_kept)

}  // namespace

}  // namespace static_plan_test
