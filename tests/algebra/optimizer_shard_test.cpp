#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

template <std::size_t Count>
constexpr bool rows_begin_at(layout const& l, index_t rows, index_t const (&begins)[Count]) {
  EXPECT(l.devices().devices() == static_cast<index_t>(Count));
  for (std::size_t d = 0; d < Count; ++d)
    EXPECT(l.box_of(static_cast<index_t>(d))[0] == interval{begins[d], rows});
  return true;
}

constexpr bool pieces_go_by_position_among_the_replicas() {  // example B of the specification
  device_matrix const devices{4, 2};
  layout const l{devices, plain_map(devices, {0, -1}), {16, 8}};
  EXPECT(rows_begin_at(with_optimizer_shard(l, 2), 4, {0, 8, 4, 12, 0, 8, 4, 12}));
  EXPECT(rows_begin_at(with_optimizer_shard(l, all_replicas), 2, {0, 8, 2, 10, 4, 12, 6, 14}));
  EXPECT(with_optimizer_shard(l, 4) == with_optimizer_shard(l, all_replicas));
  EXPECT(with_optimizer_shard(l, 1) == l);
  return true;
}
TEST_BOTH("[optimizer_shard]", pieces_go_by_position_among_the_replicas)

constexpr bool a_nested_map_takes_part_of_its_replicas() {  // example D
  device_matrix const devices{4, 2, 4, 2};
  layout const l =
      with_optimizer_shard(layout{devices, nested_map(devices, {{2, 3}, {-1}}), {32, 8}}, 4);
  EXPECT(l.local_shape(0) == extents{1, 8});
  index_t const device[] = {0, 1, 2, 3, 4, 8, 9, 16, 17, 63};
  index_t const row[] = {0, 1, 2, 3, 0, 16, 17, 4, 5, 31};
  for (std::size_t i = 0; i < 10; ++i) EXPECT(l.box_of(device[i])[0] == interval{row[i], 1});
  return true;
}
TEST_BOTH("[optimizer_shard]", a_nested_map_takes_part_of_its_replicas)

constexpr bool replicas_need_not_be_neighbours() {  // example E
  device_matrix const devices{2, 2, 2};
  layout const l{devices, plain_map(devices, {1, -1}), {16, 8}};
  EXPECT(replica_axes(l) == axis_list{device_axis{2}, device_axis{0}});
  EXPECT(rows_begin_at(with_optimizer_shard(l, 2), 4, {0, 4, 8, 12, 0, 4, 8, 12}));
  return true;
}
TEST_BOTH("[optimizer_shard]", replicas_need_not_be_neighbours)

constexpr bool axes_of_size_1_hold_no_replicas() {
  device_matrix const devices{1, 3, 1};
  EXPECT(replica_axes(layout{devices, plain_map(devices, {-1}), {3}}) == axis_list{device_axis{1}});
  layout const cut{devices, plain_map(devices, {1}), {3}};
  EXPECT(replica_axes(cut).empty());
  EXPECT(with_optimizer_shard(cut, all_replicas) == cut);
  return true;
}
TEST_BOTH("[optimizer_shard]", axes_of_size_1_hold_no_replicas)

constexpr bool another_dim_and_another_tail_rule_can_be_named() {
  device_matrix const devices{2};
  layout const l{devices, plain_map(devices, {-1, -1}), {3, 5}};
  layout const cut = with_optimizer_shard(l, 2, tensor_dim{1}, tail_rule::balanced);
  EXPECT(cut.box_of(0) == box{{0, 0}, {3, 3}});
  EXPECT(cut.box_of(1) == box{{0, 3}, {3, 2}});
  return true;
}
TEST_BOTH("[optimizer_shard]", another_dim_and_another_tail_rule_can_be_named)

TEST_CASE("an optimizer shard refuses pieces that the replicas cannot take", "[optimizer_shard]") {
  device_matrix const devices{4, 2};
  layout const l{devices, plain_map(devices, {0, -1}), {16, 8}};
  CHECK_THROWS_WITH(with_optimizer_shard(l, 3), "3 optimizer pieces of 4 replicas");
  CHECK_THROWS_AS(with_optimizer_shard(l, 0), layout_error);
  CHECK_THROWS_AS(with_optimizer_shard(l, -2), layout_error);
  CHECK_THROWS_AS(with_optimizer_shard(l, 8), layout_error);
  CHECK_THROWS_WITH(with_optimizer_shard(l, 2, tensor_dim{2}),
                    "dim 2 does not exist, the tensor has rank 2");
  CHECK_THROWS_WITH(with_optimizer_shard(layout{devices, {}, {}}, 2),
                    "dim 0 does not exist, the tensor has rank 0");
  CHECK_THROWS_AS(with_optimizer_shard(layout{devices, plain_map(devices, {0}), {6}}, 2),
                  layout_error);
}

/// Every legal number of pieces, exact on a multiple and balanced on the extent as it is.
void check(testing::layout_case const& l) {
  layout const whole = testing::to_layout(l);
  testing::oracle const before = testing::oracle(l);
  auto const replicas = static_cast<index_t>(before.replicas(0).size());
  for (index_t pieces = 1; pieces <= replicas; ++pieces) {
    if (replicas % pieces != 0) continue;
    layout const ours = with_optimizer_shard(whole, pieces, tensor_dim{0}, tail_rule::balanced);
    auto const expected = before.with_optimizer_shard(0, pieces, tail_rule::balanced);
    bool equal = true;
    for (std::size_t device = 0; device < expected.devices(); ++device) {
      testing::list const& rows = expected.indices[device][0];
      interval const got = ours.box_of(static_cast<index_t>(device))[0];
      equal = equal && got.size == static_cast<index_t>(rows.size()) &&
              (rows.empty() || got.offset == rows.front()) &&
              testing::to_list(ours.replicas_of(static_cast<index_t>(device))) ==
                  expected.replicas(device);
    }
    if (!equal) FAIL(testing::to_text(l) << " into " << pieces);
  }
  if (with_optimizer_shard(whole, all_replicas, tensor_dim{0}, tail_rule::balanced) !=
      with_optimizer_shard(whole, replicas, tensor_dim{0}, tail_rule::balanced))
    FAIL(testing::to_text(l) << " into all");
}

TEST_CASE("optimizer pieces on 8 devices are those of enumeration", "[optimizer_shard]") {
  CHECK(testing::for_each_layout(8, 2, check) == 182);
}

TEST_CASE("optimizer pieces on 24 devices are those of enumeration", "[optimizer_shard][slow]") {
  CHECK(testing::for_each_layout(24, 3, check) == 10322);
}

}  // namespace
