#include <reshard/checkpoint/strategy_layout.hpp>

#include "by_hand.hpp"

namespace strategy_layout_test {

using namespace by_hand;

namespace {

interval rows(parameter_layout const& p, extents const& shape, index_t rank) {
  return strategy_layout(p, shape).box_of(rank)[0];
}

/// The first rows of the ranks 0, 1, ..., each with that many.
void check_rows(parameter_layout const& p, extents const& shape, index_t count,
                std::vector<index_t> const& first) {
  layout const l = strategy_layout(p, shape);
  REQUIRE(l.devices().devices() == static_cast<index_t>(first.size()));
  for (std::size_t rank = 0; rank < first.size(); ++rank)
    CHECK(l.box_of(static_cast<index_t>(rank))[0] == interval{first[rank], count});
}

errc code_of(auto&& call) {
  try {
    (void)call();
  } catch (reshard::error const& e) {
    return e.code();
  }
  return errc::none;
}
}  // namespace

// the worked examples A to E of the specification of slices
TEST_CASE("A: a transposed map with replication", "[strategy_layout]") {
  parameter_layout const p = parameter("w", {2, 2, 2}, {{0}, {2}});
  layout const l = strategy_layout(p, {8, 4});
  for (index_t rank = 0; rank < 8; ++rank)
    CHECK(l.box_of(rank) == box{{rank % 2 * 4, rank / 4 * 2}, {4, 2}});
  CHECK(l.replicas_of(0).size() == 2);
  CHECK(l.replicas_of(0)[1] == 2);
}

TEST_CASE("B: an optimizer shard of some replicas or all", "[strategy_layout]") {
  parameter_layout const p = parameter("w", {4, 2}, {{0}, {}});
  check_rows(sharded(p, 2, 2), {16, 8}, 4, {0, 8, 4, 12, 0, 8, 4, 12});
  check_rows(sharded(p, 2, -1), {16, 8}, 2, {0, 8, 2, 10, 4, 12, 6, 14});
  check_rows(sharded(p, 2, 4), {16, 8}, 2, {0, 8, 2, 10, 4, 12, 6, 14});
  check_rows(sharded(p, 2, 64), {16, 8}, 2, {0, 8, 2, 10, 4, 12, 6, 14});  // no more than replicas
  check_rows(sharded(p, 0, 0), {16, 8}, 8, {0, 8, 0, 8, 0, 8, 0, 8});
  check_rows(sharded(p, 0, -1), {16, 8}, 8, {0, 8, 0, 8, 0, 8, 0, 8});
  check_rows(sharded(p, 2, 0), {16, 8}, 8, {0, 8, 0, 8, 0, 8, 0, 8});
}

TEST_CASE("C: one dim over two axes, most significant first", "[strategy_layout]") {
  check_rows(parameter("w", {2, 2, 2}, {{2, 0}, {}}), {16, 6}, 4, {0, 4, 0, 4, 8, 12, 8, 12});
  check_rows(parameter("w", {2, 2, 2}, {{0, 2}, {}}), {16, 6}, 4, {0, 8, 0, 8, 4, 12, 4, 12});
}

TEST_CASE("D: a nested map with a partial optimizer shard", "[strategy_layout]") {
  parameter_layout const p = sharded(parameter("w", {4, 2, 4, 2}, {{2, 3}, {}}), 1, 4);
  std::pair<index_t, index_t> const expected[] = {{0, 0},  {1, 1},  {2, 2},  {3, 3},  {4, 0},
                                                  {8, 16}, {9, 17}, {16, 4}, {17, 5}, {63, 31}};
  for (auto const& [rank, row] : expected) CHECK(rows(p, {32, 8}, rank) == interval{row, 1});
  CHECK(strategy_layout(p, {32, 8}).local_shape(0) == extents{1, 8});
}

TEST_CASE("E: replicated axes around a used one", "[strategy_layout]") {
  check_rows(sharded(parameter("w", {2, 2, 2}, {{1}, {}}), 1, 2), {16, 8}, 4,
             {0, 4, 8, 12, 0, 4, 8, 12});
}

TEST_CASE("random strategies are laid out by the definition of slices", "[strategy_layout]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  auto const below = [&](std::size_t n) { return random() % n; };
  for (int round = 0; round < 400; ++round) {
    std::vector<index_t> devices;
    for (std::size_t k = 0; k <= below(4); ++k)
      devices.push_back(1 + static_cast<index_t>(below(4)));
    std::vector<std::vector<index_t>> map(1 + below(3));
    for (std::size_t axis = 0; axis < devices.size(); ++axis)
      if (std::size_t const d = below(map.size() + 1); d < map.size())
        map[d].insert(map[d].begin() + static_cast<std::ptrdiff_t>(below(map[d].size() + 1)),
                      static_cast<index_t>(axis));
    parameter_layout p = parameter("w", devices, map);
    auto const all = static_cast<index_t>(replicas(p, 0).size());
    index_t const pieces = 1 + static_cast<index_t>(below(static_cast<std::size_t>(all)));
    if (below(2) == 0 && all % pieces == 0) p = sharded(p, 1, pieces == all ? -1 : pieces);
    std::vector<index_t> shape;
    for (std::size_t d = 0; d < map.size(); ++d) {
      index_t cuts = d == 0 ? all : 1;
      for (index_t const axis : map[d])
        cuts *= devices[devices.size() - 1 - static_cast<std::size_t>(axis)];
      shape.push_back(cuts * (1 + static_cast<index_t>(below(3))));
    }
    layout const l = strategy_layout(p, {shape.begin(), shape.end()});
    INFO(to_string(l));
    for (index_t rank = 0; rank < l.devices().devices(); ++rank) {
      auto const held = slice(p, shape, rank);
      box const where = l.box_of(rank);
      for (std::size_t d = 0; d < shape.size(); ++d)
        REQUIRE(where[d] == interval{held[d].front(), static_cast<index_t>(held[d].size())});
    }
    // the full shape is stored nowhere: it follows from any slice
    REQUIRE(strategy_layout_of_slice(p, l.local_shape(0)) == l);
  }
}

TEST_CASE("a scalar may carry no map or that of an uncut dim", "[strategy_layout]") {
  for (auto const& map : {std::vector<std::vector<index_t>>{}, {{}}}) {
    layout const l = strategy_layout(parameter("s", {4}, map), {});
    CHECK(l.is_replicated());
    CHECK(l.shape() == extents{});
    CHECK(strategy_layout_of_slice(parameter("s", {4}, map), {}) == l);
  }
  CHECK(code_of([] { return strategy_layout(parameter("s", {4}, {{0}}), {}); }) ==
        errc::map_length_differs_from_rank);
  CHECK(code_of([] { return strategy_layout(sharded(parameter("s", {4}, {}), 1, -1), {}); }) ==
        errc::dim_does_not_exist);
}

TEST_CASE("a tail rule holds for the cuts and the optimizer shard", "[strategy_layout]") {
  parameter_layout const p = sharded(parameter("w", {2, 2}, {{0}}), 2, -1);
  CHECK(code_of([&] { return strategy_layout(p, {7}); }) ==
        errc::dim_does_not_divide_over_its_device_axes);
  layout const ceil = strategy_layout(p, {7}, tail_rule::ceil);  // 4 and 3, then 2 2 and 2 1
  CHECK(ceil.box_of(0) == box{{0}, {2}});
  CHECK(ceil.box_of(3) == box{{6}, {1}});
  layout const balanced = strategy_layout(p, {5}, tail_rule::balanced);  // 3 and 2, then 2 1, 1 1
  CHECK(balanced.box_of(2) == box{{2}, {1}});
}

TEST_CASE("sections of a fused projection are cut one by one", "[strategy_layout]") {
  parameter_layout p = parameter("qkv", {2, 2}, {{0}, {}});
  p.sections = {{8, 4, 4}};
  layout const l = strategy_layout_of_slice(p, {8, 3});
  CHECK(l.shape() == extents{16, 3});
  CHECK(same_placement(l, strategy_layout(p, {16, 3})));
  std::vector<interval> held;
  l.for_each_piece(3,
                   [&](piece const& part, grid_index const&) { held.push_back(part.where()[0]); });
  CHECK(held == std::vector<interval>{{4, 4}, {10, 2}, {14, 2}});
  CHECK(code_of([&] { return strategy_layout(p, {18, 3}); }) != errc::none);
  p.sections = {{8, 4, 4}, {}, {3}};
  CHECK(code_of([&] { return strategy_layout(p, {16, 3}); }) == errc::layouts_disagree);
}

TEST_CASE("what no layout can hold is refused with the rule", "[strategy_layout]") {
  extents const shape{8, 8};
  auto const of = [&](parameter_layout const& p) {
    return code_of([&] { return strategy_layout(p, shape); });
  };
  CHECK(of(parameter("w", {2, 2}, {{0}})) == errc::map_length_differs_from_rank);
  CHECK(of(parameter("w", {2, 2}, {{0}, {}, {}})) == errc::map_length_differs_from_rank);
  CHECK(of(parameter("w", {2, 2}, {{2}, {}})) == errc::device_axis_does_not_exist);
  CHECK(of(parameter("w", {2, 2}, {{0}, {0}})) == errc::device_axis_is_used_twice);
  CHECK(of(parameter("w", {2, 0}, {{0}, {}})) == errc::device_axis_size_is_not_positive);
  CHECK(of(parameter("w", {3}, {{0}, {}})) == errc::dim_does_not_divide_over_its_device_axes);
  CHECK(of(sharded(parameter("w", {8}, {{}, {}}), 1, 3)) ==
        errc::optimizer_shard_does_not_divide_the_replicas);
  CHECK(of(parameter("w", {index_t{1} << 40, index_t{1} << 40}, {{}, {}})) ==
        errc::device_count_overflows);
}

TEST_CASE("uneven table splits are refused by name", "[strategy_layout]") {
  parameter_layout p = parameter("table", {2}, {{0}, {}});
  p.param_split_shape = {5, 3};
  CHECK(error_of([&] { (void)strategy_layout(p, {8, 4}); }).code() == errc::layouts_disagree);
  CHECK_THROWS_WITH(strategy_layout_of_slice(p, {4, 4}), Catch::Contains("'table'"));
  p.param_split_shape.clear();
  p.field = 2;
  CHECK_THROWS_WITH(strategy_layout(p, {8, 4}), Catch::Contains("field 2"));
}

TEST_CASE("a full shape that overflows is an error", "[strategy_layout]") {
  parameter_layout const p = parameter("w", {4}, {{}, {0}});
  for (extents const& local : {extents{0, max_index / 2}, extents{1, max_index / 3}})
    CHECK(code_of([&] { return strategy_layout_of_slice(p, local); }) ==
          errc::element_count_overflows);
  parameter_layout const pieces = sharded(parameter("w", {4}, {{}, {}}), 1, -1);
  CHECK(code_of([&] {
          return strategy_layout_of_slice(pieces, {max_index / 2, 0});
        }) == errc::element_count_overflows);
}

}  // namespace strategy_layout_test
