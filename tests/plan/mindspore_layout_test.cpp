#include <reshard/plan/mindspore_layout.hpp>

#include "support/both.hpp"

namespace mindspore_layout_test {

using namespace reshard;

namespace {

constexpr mindspore_layout rows(index_t step, index_t pieces) {
  return {{4, 2}, {{0}, {}}, map_form::plain, step, pieces};
}

constexpr bool an_optimizer_shard_becomes_an_axis_and_a_dim() {  // example of the header
  EXPECT(expanded(rows(2, 2), {16, 8}) == plain_layout{{2, 2, 2, 1}, {1, 2, -1}, {2, 8, 8}});
  EXPECT(expanded(rows(0, 0), {16, 8}) == plain_layout{{4, 2}, {0, -1}, {16, 8}});
  EXPECT(rows(2, 2).is_sharded() && !rows(0, 0).is_sharded());
  return true;
}
TEST_BOTH("[mindspore_layout]", an_optimizer_shard_becomes_an_axis_and_a_dim)

constexpr bool what_is_stored_is_what_the_general_layout_stores() {  // spec examples B and D
  EXPECT(stored_shape(rows(2, 2), {16, 8}) == factor_list{4, 8});
  EXPECT(stored_shape(rows(2, all_replicas), {16, 8}) == factor_list{2, 8});
  mindspore_layout const nested{{4, 2, 4, 2}, {{2, 3}, {}}, map_form::nested, 1, 4};
  EXPECT(stored_shape(nested, {32, 8}) == factor_list{1, 8});
  EXPECT(nested.device_count() == 64 && nested.axis_size(1) == 4 && nested.parts(0) == 8);
  EXPECT(nested.uses(3) && !nested.uses(1));
  return true;
}
TEST_BOTH("[mindspore_layout]", what_is_stored_is_what_the_general_layout_stores)

constexpr bool a_missing_strategy_is_everything_on_one_device() {
  EXPECT(on_one_device(2) == mindspore_layout{{1}, {{}, {}}, map_form::plain, 0, 0});
  EXPECT(expanded(on_one_device(2), {3, 5}) == plain_layout{{1}, {-1, -1}, {3, 5}});
  return true;
}
TEST_BOTH("[mindspore_layout]", a_missing_strategy_is_everything_on_one_device)

TEST_CASE("a strategy refuses what it cannot describe", "[mindspore_layout]") {
  CHECK_THROWS_AS(expanded(rows(2, 2), {16}), layout_error);
  CHECK_THROWS_AS(expanded(rows(4, 2), {16, 8}), layout_error);
  CHECK_THROWS_AS(expanded({{4}, {{0}}, map_form::plain, 1, 2}, {16}), layout_error);
}

}  // namespace

}  // namespace mindspore_layout_test
