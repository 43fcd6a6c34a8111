#include <reshard/exec/element_stage.hpp>

#include "mover_case.hpp"

namespace element_stage_test {

using namespace reshard;
using namespace mover_case;

namespace {

extents const shape{13, 10};

/// out = in + row[column], over an operand (1, columns). Any tile.
struct add_row {
  stage_items items() const { return {4, 4}; }
  grid_index grain(extents const&) const { return {1, 1}; }
  inplace_vector<tensor_dim, max_rank> whole_dims(extents const&) const { return {}; }
  std::vector<box> operands(extents const&, box const& tile) const {
    return {box{{0, tile.offset()[1]}, {1, tile.extent()[1]}}};
  }
  std::size_t scratch_bytes(box const&) const { return 0; }
  void apply(stage_call const& call) const {
    for_each_element(call.in.where, [&](grid_index const& at) {
      std::int32_t value = 0;
      std::int32_t added = 0;
      std::memcpy(&value, call.in.at(at, 4), 4);
      std::memcpy(&added, call.operands[0].at({0, at[1]}, 4), 4);
      value += added;
      std::memcpy(call.out.at(at, 4), &value, 4);
    });
  }
};

/// out = in + column[row] + row[column]: of one operand other elements are wanted in each unit.
struct add_both : add_row {
  std::vector<box> operands(extents const& all, box const& tile) const {
    return {box{{tile.offset()[0], 0}, {tile.extent()[0], 1}}, add_row::operands(all, tile)[0]};
  }
  void apply(stage_call const& call) const {
    for_each_element(call.in.where, [&](grid_index const& at) {
      std::int32_t value[3] = {};
      std::memcpy(&value[0], call.in.at(at, 4), 4);
      std::memcpy(&value[1], call.operands[0].at({at[0], 0}, 4), 4);
      std::memcpy(&value[2], call.operands[1].at({0, at[1]}, 4), 4);
      value[0] += value[1] + value[2];
      std::memcpy(call.out.at(at, 4), &value[0], 4);
    });
  }
};

/// As add_row, over a row of int16.
struct add_short_row : add_row {
  void apply(stage_call const& call) const {
    for_each_element(call.in.where, [&](grid_index const& at) {
      std::int32_t value = 0;
      std::int16_t added = 0;
      std::memcpy(&value, call.in.at(at, 4), 4);
      std::memcpy(&added, call.operands[0].at({0, at[1]}, 2), 2);
      value += added;
      std::memcpy(call.out.at(at, 4), &value, 4);
    });
  }
};

/// int16 -> int32, plus 1000000 per element of the tile before it: shows which tiles are applied.
struct widen {
  grid_index sizes;
  stage_items items() const { return {2, 4}; }
  grid_index grain(extents const&) const { return sizes; }
  inplace_vector<tensor_dim, max_rank> whole_dims(extents const&) const { return {}; }
  std::vector<box> operands(extents const&, box const&) const { return {}; }
  std::size_t scratch_bytes(box const& tile) const {
    return static_cast<std::size_t>(tile.elements()) * 2;
  }
  void apply(stage_call const& call) const {
    std::int32_t before = 0;
    for_each_element(call.in.where, [&](grid_index const& at) {
      std::int16_t value = 0;
      std::memcpy(&value, call.in.at(at, 2), 2);
      std::int32_t const wide = value + 1000000 * before;
      if (sizes[0] > 1 || sizes[1] > 1) ++before;
      std::memcpy(call.out.at(at, 4), &wide, 4);
    });
  }
};

/// What widen makes of an element.
std::int32_t widened(grid_index const& at, grid_index const& sizes) {
  std::int32_t before = 0;
  if (sizes[0] > 1 && sizes[1] > 1) {
    index_t const columns = std::min(sizes[1], shape[1] - at[1] / sizes[1] * sizes[1]);
    before = static_cast<std::int32_t>(at[0] % sizes[0] * columns + at[1] % sizes[1]);
  }
  return stored_value<std::int16_t>(0, number_of(shape, at)) + 1000000 * before;
}
}  // namespace

TEST_CASE("a stage adds what another file holds, whatever the layouts, units and workers",
          "[element_stage]") {
  for (index_t ranks = 1; ranks <= 3; ++ranks)
    for (std::size_t const unit_bytes : {4U, 100U, 1U << 20})
      for (std::size_t const workers : {1U, 3U}) {
        folder const dir;
        job<std::int32_t> j{dir.path};
        std::size_t const w = j.store(cut_along(0, ranks, shape));
        std::size_t const row = j.store(cut_along(1, 4 - ranks, {1, 10}));
        file_move move{"w", j.source(shape, {w}, {}), {}, {}};
        move.stages.push_back({add_row{}, {j.source({1, 10}, {row}, {})}});
        move.to.push_back(j.target<std::int32_t>(cut_along(1, ranks, shape)));
        j.run(move, {unit_bytes, 1U << 20}, workers);
        j.check<std::int32_t>(0, [](grid_index const& at) {
          return stored_value<std::int32_t>(0, number_of(shape, at)) +
                 stored_value<std::int32_t>(1, at[1]);
        });
      }
}

TEST_CASE("operands are read once per tensor and worker as long as the same are wanted",
          "[element_stage]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const w = j.store(whole(shape));
  std::size_t const row = j.store(whole({1, 10}));
  file_move move{"w", j.source(shape, {w}, {}), {}, {j.target<std::int32_t>(whole(shape))}};
  move.stages.push_back({add_row{}, {j.source({1, 10}, {row}, {})}});
  CHECK(j.run(move, {80, 1U << 20}, 1).read_bytes == 4 * (130 + 10));
}

TEST_CASE("an operand stays while others change, also where the last unit is smaller",
          "[element_stage]") {
  folder const dir;
  job<std::int32_t> j{dir.path};
  std::size_t const w = j.store(whole(shape));
  std::size_t const column = j.store(whole({13, 1}));
  std::size_t const row = j.store(whole({1, 10}));
  file_move move{"w", j.source(shape, {w}, {}), {}, {j.target<std::int32_t>(whole(shape))}};
  move.stages.push_back(
      {add_both{}, {j.source({13, 1}, {column}, {}), j.source({1, 10}, {row}, {})}});
  CHECK(j.run(move, {80, 1U << 20}, 1).read_bytes == 4 * (130 + 13 + 10));
  CHECK(j.run(move, {12, 1U << 20}, 2).read_bytes <= 4 * (130 + 13 * 4 + 13 * 10));
  j.check<std::int32_t>(0, [](grid_index const& at) {
    return stored_value<std::int32_t>(0, number_of(shape, at)) +
           stored_value<std::int32_t>(1, at[0]) + stored_value<std::int32_t>(2, at[1]);
  });
}

TEST_CASE("operands may be stored in another order than the stage wants them", "[element_stage]") {
  for (std::size_t const unit_bytes : {4U, 100U, 1U << 20}) {
    folder const dir;
    job<std::int32_t> j{dir.path};
    std::size_t const w = j.store(cut_along(0, 2, shape));
    std::size_t const columns = j.store(cut_along(0, 3, {10, 3}));  // the second one is the row
    grid_box from{extents{10, 3}};
    from.part_ = box{{0, 1}, {10, 1}};
    box_view const turned{grid_box{extents{1, 10}}, from, {1, box_view::fixed}};
    file_move move{"w", j.source(shape, {w}, {}), {}, {j.target<std::int32_t>(whole(shape))}};
    move.stages.push_back({add_row{}, {j.source({1, 10}, {columns}, {{0, turned}})}});
    box_view const exchanged{grid_box{extents{3, 10}}, grid_box{extents{10, 3}}, {1, 0}};
    j.run(move, {unit_bytes, 1U << 20}, 2);
    j.check<std::int32_t>(0, [](grid_index const& at) {
      return stored_value<std::int32_t>(0, number_of(shape, at)) +
             stored_value<std::int32_t>(1, at[1] * 3 + 1);
    });
    move.stages.front() = {add_row{}, {j.source({3, 10}, {columns}, {{0, exchanged}})}};
    move.to = {j.target<std::int32_t>(whole(shape))};
    j.run(move, {unit_bytes, 1U << 20}, 2);
    j.check<std::int32_t>(1, [](grid_index const& at) {
      return stored_value<std::int32_t>(0, number_of(shape, at)) +
             stored_value<std::int32_t>(1, at[1] * 3);
    });
  }
}

TEST_CASE("stages run on whole canonical tiles, also where less is wanted", "[element_stage]") {
  for (grid_index const& sizes : {grid_index{1, 1}, grid_index{4, 3}})
    for (index_t ranks = 1; ranks <= 3; ++ranks)
      for (std::size_t const unit_bytes : {2U, 90U, 1U << 20})
        for (std::size_t const workers : {1U, 2U})
          for (bool const all : {true, false}) {
            folder const dir;
            job<std::int16_t> j{dir.path};
            std::size_t const w = j.store(cut_along(1, ranks, shape));
            file_move move{"w", j.source(shape, {w}, {}), {}, {}};
            move.stages.push_back({widen{sizes}, {}});
            layout const to = cut_along(0, ranks, shape);
            move.to.push_back(j.target<std::int32_t>(to));
            file_side const written = move.to.front();
            if (!all)
              move.to.front().shard = [&](index_t d) {
                return d == ranks - 1 ? written.shard(d) : std::nullopt;
              };
            j.run(move, {unit_bytes, 1U << 20}, workers);
            j.check<std::int32_t>(0, [&](grid_index const& at) {
              bool const wanted = all || to.owners_of(at)[0] == ranks - 1;
              return wanted ? widened(at, sizes) : -1;
            });
          }
}

TEST_CASE("stages follow one another, items change their size on the way", "[element_stage]") {
  folder const dir;
  job<std::int16_t> j{dir.path};
  std::size_t const w = j.store(cut_along(0, 2, shape));
  file_move move{
      "w", j.source(shape, {w}, {}), {}, {j.target<std::int32_t>(cut_along(1, 3, shape))}};
  std::size_t const row = j.store(whole({1, 10}));
  move.stages.push_back({widen{{1, 1}}, {}});
  move.stages.push_back({add_short_row{}, {j.source({1, 10}, {row}, {})}});
  j.run(move, {64, 1U << 20}, 2);
  j.check<std::int32_t>(0, [](grid_index const& at) {
    return stored_value<std::int16_t>(0, number_of(shape, at)) +
           stored_value<std::int16_t>(1, at[1]);
  });
}

}  // namespace element_stage_test
