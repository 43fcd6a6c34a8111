#include <reshard/algebra/global_shape.hpp>
#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr layout joined_again(layout const& l) {
  return joined_layout(l.devices(), l.map(), [&](index_t device) { return l.local_shape(device); });
}

constexpr bool local_shapes_join_to_the_layout_they_come_from() {
  device_matrix const devices{3, 2};
  for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced}) {
    layout const l{devices, nested_map(devices, {{1, 0}, {}}, tail), {10, 5}};
    EXPECT(joined_again(l) == l);
  }
  layout const exact{devices, plain_map(devices, {0, 1}), {10, 6}};
  EXPECT(joined_again(exact) == exact);
  layout const sharded = with_optimizer_shard(layout{devices, plain_map(devices, {0}), {12}}, 3);
  EXPECT(joined_again(sharded) == sharded);
  EXPECT(joined_again(layout{}) == layout{});
  return true;
}
TEST_BOTH("[global_shape]", local_shapes_join_to_the_layout_they_come_from)

TEST_CASE("shapes that no tensor cuts into are refused", "[global_shape]") {
  device_matrix const two{2};
  auto const join = [&](tensor_map const& map, extents const& a, extents const& b) {
    return joined_layout(two, map, [&](index_t device) { return device == 0 ? a : b; });
  };
  tensor_map const halves = plain_map(two, {0}, tail_rule::balanced);
  CHECK(join(halves, {3}, {2}).shape() == extents{5});
  CHECK_THROWS_WITH(join(halves, {2}, {3}),
                    "device 0 holds 2 of dim 0 where the cuts of the joined tensor give 3");
  CHECK_THROWS_AS(join(plain_map(two, {-1}), {2}, {3}), layout_error);
  CHECK_THROWS_WITH(join(halves, {2, 2}, {2, 2}), "the map has 1 entries, the tensor has 2 dims");
  CHECK_THROWS_AS(join(halves, {2}, {2, 2}), layout_error);
  CHECK_THROWS_WITH(join(halves, {max_index}, {max_index}),
                    "the element count overflows at dim 0 of extent 9223372036854775807");
  CHECK_THROWS_WITH(join(plain_map({2, 2}, {1}), {2}, {2}),
                    "device axis 1 does not exist, the device matrix has 1");
}

void check(testing::layout_case const& l) {
  layout const ours = testing::to_layout(l);
  if (joined_again(ours) != ours) FAIL(testing::to_text(l));
}

TEST_CASE("the shapes of all maps on 8 devices join", "[global_shape]") {
  CHECK(testing::for_each_layout(8, 2, check) == 182);
}

TEST_CASE("the shapes of all maps on 24 devices join", "[global_shape][slow]") {
  CHECK(testing::for_each_layout(24, 3, check) == 10322);
}

}  // namespace
