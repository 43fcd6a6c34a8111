#include <reshard/exec/unit_plan.hpp>

#include "mover_case.hpp"

namespace unit_plan_test {

using namespace reshard;
using namespace mover_case;

namespace {

file_side unwritten(layout const& where) {
  return {where, [](index_t) { return file_shard{}; }};
}

file_move plain_move(extents const& shape, std::size_t item_bytes) {
  return {
      "w", {shape, item_bytes, {{{unwritten(whole(shape))}}}, {}}, {}, {unwritten(whole(shape))}};
}

file_move transposed_move(extents const& shape, std::size_t item_bytes) {
  extents const turned{shape[1], shape[0]};
  file_move move = plain_move(turned, item_bytes);
  move.from.shape = shape;
  move.from.terms.push_back({0, {grid_box{shape}, grid_box{turned}, {1, 0}}});
  move.to = {unwritten(whole(shape))};
  return move;
}

/// Tiles of 4 rows that need the whole of dim 1.
struct wide_stage {
  stage_items items() const { return {4, 8}; }
  grid_index grain(extents const&) const { return {4, 1}; }
  inplace_vector<tensor_dim, max_rank> whole_dims(extents const&) const { return {tensor_dim{1}}; }
  std::vector<box> operands(extents const&, box const&) const { return {}; }
  std::size_t scratch_bytes(box const& tile) const {
    return static_cast<std::size_t>(tile.elements());
  }
  void apply(stage_call const&) const {}
};
}  // namespace

TEST_CASE("units partition the tensor in row-major order", "[unit_plan]") {
  extents const s{5, 7, 3};
  for (std::size_t bytes = 1; bytes < 500; bytes += 7) {
    unit_list const units = plan_units(plain_move(s, 4), {bytes, std::size_t{1} << 20}).units;
    index_t next = 0;
    for (index_t i = 0; i < units.size(); ++i) {
      box const unit = units[i];
      REQUIRE(piece{box{s}}.address(unit.offset()) == next);
      REQUIRE((unit.elements() * 4 <= static_cast<index_t>(bytes) || unit.elements() == 1));
      next += unit.elements();
    }
    REQUIRE(next == 105);
  }
}

TEST_CASE("a transposed tensor is cut into tiles with long runs at both ends", "[unit_plan]") {
  unit_plan const plan = plan_units(transposed_move({8192, 8192}, 2), {});
  CHECK(plan.units.tile() == grid_index{2048, 2048});
  CHECK(plan.memory.unit == std::size_t{8} << 20);
  CHECK(plan.memory.turned == plan.memory.unit);
  unit_plan const small = plan_units(transposed_move({8192, 8192}, 2), {4U << 20, 3U << 20});
  CHECK(small.memory.all() <= 3U << 20);
  CHECK(small.units.tile()[1] == 2048);
}

TEST_CASE("units are whole tiles of the stages, and all buffers are counted", "[unit_plan]") {
  file_move move = plain_move({10, 100}, 4);
  move.stages.push_back({wide_stage{}, {}});
  for (std::size_t const unit_bytes : {1U, 1600U, 3300U, 1U << 20}) {
    unit_plan const plan = plan_units(move, {unit_bytes, 1U << 20});
    index_t const rows = plan.units.tile()[0];
    CHECK((rows % 4 == 0 || rows == 10));
    CHECK(plan.units.tile()[1] == 100);
    auto const elements = static_cast<std::size_t>(rows * 100);
    CHECK(plan.memory.unit == 4 * elements);
    CHECK(plan.memory.staged == 8 * elements);
    CHECK(plan.memory.scratch == elements);
    index_t covered = 0;
    for (index_t i = 0; i < plan.units.size(); ++i) covered += plan.units[i].elements();
    CHECK(covered == 1000);
  }
}

TEST_CASE("only the region that is wanted is cut into units", "[unit_plan]") {
  file_move move = plain_move({8, 12}, 4);
  move.to = {unwritten(cut_along(1, 3, {8, 12}))};
  move.to.front().shard = [](index_t d) {
    return d == 1 ? std::optional{file_shard{}} : std::nullopt;
  };
  CHECK(plan_units(move, {}).units.region() == box{{0, 4}, {8, 4}});
  move.to.front().shard = [](index_t) { return std::nullopt; };
  CHECK(plan_units(move, {}).units.size() == 0);
}

}  // namespace unit_plan_test
