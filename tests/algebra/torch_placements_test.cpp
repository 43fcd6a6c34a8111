#include <reshard/algebra/torch_placements.hpp>

#include "support/both.hpp"

#include <numeric>
#include <random>
#include <vector>

using namespace reshard;

namespace {

constexpr torch_placement replicate = torch_placement::replicate();
constexpr torch_placement shard(std::uint8_t dim) {
  return torch_placement::shard(tensor_dim{dim});
}
constexpr torch_placement strided(std::uint8_t dim, index_t split_factor) {
  return torch_placement::strided_shard(tensor_dim{dim}, split_factor);
}

/// What a device has of dim 0: how many indices, and the first of them.
constexpr bool rows_are(layout const& l, index_t device, index_t size, index_t first) {
  EXPECT(l.local_shape(device)[0] == size);
  EXPECT(size == 0 || l.box_of(device)[0].offset == first);
  return true;
}

constexpr bool every_axis_cuts_what_the_ones_before_left() {
  layout const l = torch_layout({2, 2}, {shard(1), shard(1)}, {2, 5});
  EXPECT((l.box_of(0) == box{{0, 0}, {2, 2}} && l.box_of(1) == box{{0, 2}, {2, 1}}));
  EXPECT((l.box_of(2) == box{{0, 3}, {2, 1}} && l.box_of(3) == box{{0, 4}, {2, 1}}));
  layout const copies = torch_layout({2, 4}, {replicate, shard(0)}, {8});
  EXPECT(copies.replicas_of(1).size() == 2 && copies.replicas_of(1)[1] == 5);
  layout const grid = torch_layout({2, 3}, {shard(1), shard(0)}, {6, 4});
  EXPECT((grid.box_of(5) == box{{4, 2}, {2, 2}}));
  return true;
}
TEST_BOTH("[torch_placements]", every_axis_cuts_what_the_ones_before_left)

constexpr bool the_last_shards_of_a_short_dim_are_empty() {
  layout const l = torch_layout({8}, {shard(0)}, {2});
  for (index_t d = 0; d < 8; ++d) EXPECT(rows_are(l, d, d < 2 ? 1 : 0, d));
  return true;
}
TEST_BOTH("[torch_placements]", the_last_shards_of_a_short_dim_are_empty)

// the documentation of _StridedShard: a tensor (8, 8) on mesh (dp 2, tp 2) is cut by tp first
constexpr bool a_strided_shard_stands_for_a_cut_further_right() {
  layout const l = torch_layout({2, 2}, {strided(0, 2), shard(0)}, {8, 8});
  index_t const first[] = {0, 4, 2, 6};
  for (index_t d = 0; d < 4; ++d) EXPECT((l.box_of(d) == box{{first[d], 0}, {2, 8}}));
  layout const one_axis = torch_layout({4}, {strided(0, 2)}, {8});  // 0 4 | 1 5 | 2 6 | 3 7
  for (index_t d = 0; d < 4; ++d) {
    index_t held[2]{};
    one_axis.for_each_piece(d, [&](piece const& p, grid_index const& local) {
      held[local[0]] = p.where().offset()[0];
    });
    EXPECT(held[0] == d && held[1] == d + 4);
  }
  EXPECT(
      same_placement(torch_layout({4}, {strided(0, 1)}, {9}), torch_layout({4}, {shard(0)}, {9})));
  return true;
}
TEST_BOTH("[torch_placements]", a_strided_shard_stands_for_a_cut_further_right)

// The cases of compute_local_shape_and_global_offset in torch's test_utils.py: sizes and first rows
// on mesh (4, 2).
constexpr bool two_uneven_shards_of_one_dim() {
  layout const eighteen = torch_layout({4, 2}, {shard(0), shard(0)}, {18, 2});
  layout const thirteen = torch_layout({4, 2}, {shard(0), shard(0)}, {13, 2});
  for (index_t dp = 0; dp < 4; ++dp) {
    index_t const half = dp < 3 ? 3 : 2;
    EXPECT(rows_are(eighteen, 2 * dp, half, 5 * dp));
    EXPECT(rows_are(eighteen, 2 * dp + 1, half - 1, 5 * dp + half));
    EXPECT(rows_are(thirteen, 2 * dp, dp < 3 ? 2 : 1, 4 * dp));
    EXPECT(rows_are(thirteen, 2 * dp + 1, dp < 3 ? 2 : 0, 4 * dp + 2));
  }
  return true;
}
TEST_BOTH("[torch_placements]", two_uneven_shards_of_one_dim)

constexpr bool a_strided_shard_before_and_behind_a_shard() {
  layout const before = torch_layout({4, 2}, {strided(0, 2), shard(0)}, {18, 2});
  layout const behind = torch_layout({4, 2}, {shard(0), strided(0, 2)}, {18, 2});
  layout const uneven = torch_layout({4, 2}, {strided(0, 2), shard(0)}, {15, 5});
  for (index_t dp = 0; dp < 4; ++dp)
    for (index_t tp = 0; tp < 2; ++tp) {
      index_t const device = 2 * dp + tp;
      EXPECT(rows_are(before, device, dp < 3 ? 3 : 0, tp * 9 + 3 * dp));
      index_t const first = dp < 3 ? 3 : 2;  // rows of the first half of a part of 5 or 3
      EXPECT(rows_are(behind, device, tp == 0 ? first : first - 1,
                      5 * dp + (tp == 0 ? 0 : first - 1)));
      EXPECT(rows_are(uneven, device, device == 7 ? 1 : 2, tp * 8 + 2 * dp));
    }
  return true;
}
TEST_BOTH("[torch_placements]", a_strided_shard_before_and_behind_a_shard)

constexpr bool two_strided_shards_of_one_dim() {
  layout const l = torch_layout({4, 2}, {strided(0, 3), strided(0, 4)}, {39, 2});
  for (index_t dp = 0; dp < 4; ++dp) {
    EXPECT(rows_are(l, 2 * dp, dp < 3 ? 8 : 3, 4 * dp));
    EXPECT(rows_are(l, 2 * dp + 1, dp < 3 ? 4 : 0, 4 * dp + 2));
  }
  return true;
}
TEST_BOTH("[torch_placements]", two_strided_shards_of_one_dim)

constexpr bool a_strided_shard_between_shards() {
  layout const l = torch_layout({4, 2, 3}, {shard(0), strided(0, 2), shard(0)}, {39, 2});
  // per device of the two inner axes: size and first row, in parts of 10 rows, and in that of 9
  index_t const tens[6][2] = {{2, 0}, {2, 2}, {2, 6}, {2, 3}, {2, 8}, {0, 0}};
  index_t const nines[6][2] = {{2, 0}, {2, 2}, {1, 6}, {2, 3}, {2, 7}, {0, 0}};
  for (index_t device = 0; device < 24; ++device) {
    auto const& expected = device < 18 ? tens[device % 6] : nines[device % 6];
    EXPECT(rows_are(l, device, expected[0], device / 6 * 10 + expected[1]));
  }
  return true;
}
TEST_BOTH("[torch_placements]", a_strided_shard_between_shards)

constexpr bool shards_of_size_zero_behind_uneven_ones() {  // FSDP over 30, tensor parallel over 8
  layout const l = torch_layout({30, 8}, {strided(0, 8), shard(0)}, {4096, 4096});
  for (index_t const dp : {0, 13, 27, 28, 29})
    for (index_t tp = 0; tp < 8; ++tp)
      EXPECT(rows_are(l, 8 * dp + tp, dp < 28 ? 18 : dp == 28 ? 8 : 0, tp * 512 + 18 * dp));
  return true;
}
TEST_BOTH("[torch_placements]", shards_of_size_zero_behind_uneven_ones)

constexpr bool other_rules_take_the_place_of_chunks() {
  device_matrix const mesh{2, 2};
  torch_placements const both{shard(0), shard(0)};
  auto const map_by = [&](cut_rule const& rule, torch_placements const& placements) {
    return torch_map(mesh, placements, 1, [&](std::size_t) { return rule; });
  };
  EXPECT((map_by(tail_rule::balanced, both) == nested_map(mesh, {{1, 0}}, tail_rule::balanced)));
  EXPECT((map_by(cut_rule::cyclic(2), both) == nested_map(mesh, {{1, 0}}, cut_rule::cyclic(2))));
  layout const sections{mesh, map_by(tail_rule::exact, {strided(0, 2), shard(0)}), {8}};
  EXPECT(same_placement(sections, torch_layout(mesh, {strided(0, 2), shard(0)}, {8})));
  return true;
}
TEST_BOTH("[torch_placements]", other_rules_take_the_place_of_chunks)

TEST_CASE("placements that have no layout are refused", "[torch_placements]") {
  CHECK_THROWS_WITH(torch_layout({2, 2}, {shard(0), torch_placement::partial()}, {4}),
                    "mesh axis 1 holds a pending sum");
  CHECK_THROWS_WITH(torch_layout({2, 2}, {shard(0)}, {4}), "1 placements for 2 device axes");
  CHECK_THROWS_AS(torch_layout({2}, {shard(0), replicate}, {4}), layout_error);
  CHECK_THROWS_WITH(torch_layout({2}, {shard(1)}, {4}),
                    "dim 1 does not exist, the tensor has rank 1");
  CHECK_THROWS_AS(torch_layout({2}, {strided(0, 0)}, {4}), layout_error);
  CHECK_THROWS_AS(torch_layout({2}, {shard(0)}, {}), layout_error);
}

using rows = std::vector<index_t>;

/// torch.chunk: pieces of the rounded up share as long as there is something, then the empty pieces
/// that DTensor fills up with.
std::vector<rows> chunk(rows const& all, index_t chunks) {
  auto const n = static_cast<index_t>(all.size());
  index_t const step = (n + chunks - 1) / chunks;
  std::vector<rows> out;
  for (index_t first = 0; first < n; first += step)
    out.emplace_back(all.begin() + first, all.begin() + std::min(n, first + step));
  out.resize(static_cast<std::size_t>(chunks));
  return out;
}

/// _StridedShard: chunk into split_factor pieces, chunk each of them, join the pieces of a rank.
rows local_rows(rows const& all, torch_placement const& p, index_t ranks, index_t rank) {
  if (p.kind_ == torch_placement::kind::replicate) return all;
  if (p.kind_ == torch_placement::kind::shard)
    return chunk(all, ranks)[static_cast<std::size_t>(rank)];
  rows out;
  for (rows const& section : chunk(all, p.split_factor_)) {
    rows const share = chunk(section, ranks)[static_cast<std::size_t>(rank)];
    out.insert(out.end(), share.begin(), share.end());
  }
  return out;
}

/// Per dim the indices that a rank of the mesh holds, in the order of its local tensor.
std::vector<rows> distributed(std::vector<index_t> const& mesh, torch_placements const& placements,
                              rows const& shape, index_t device) {
  std::vector<rows> held;
  for (index_t const size : shape) {
    held.emplace_back(static_cast<std::size_t>(size));
    std::iota(held.back().begin(), held.back().end(), 0);
  }
  index_t ranks = std::accumulate(mesh.begin(), mesh.end(), index_t{1}, std::multiplies<>{});
  for (std::size_t axis = 0; axis < mesh.size(); ++axis) {
    ranks /= mesh[axis];
    rows& along = held[static_cast<std::size_t>(placements[axis].dim_)];
    along = local_rows(along, placements[axis], mesh[axis], device / ranks % mesh[axis]);
  }
  return held;
}

std::vector<rows> held_by(layout const& l, index_t device) {
  std::vector<rows> held;
  part_index const part = l.part_on(device);
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    held.emplace_back();
    l.dim(d).for_each_segment(part.begin() + l.map().first(d), {0, l.shape()[d]},
                              [&](segment const& s) {
                                REQUIRE(s.local == static_cast<index_t>(held.back().size()));
                                for (index_t i = s.offset; i < s.end(); ++i)
                                  held.back().push_back(i);
                              });
  }
  return held;
}

TEST_CASE("random placements hold what chunking axis by axis gives", "[torch_placements]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  auto const below = [&](index_t n) { return static_cast<index_t>(random()) % n; };
  for (int round = 0; round < 3000; ++round) {
    rows const shape{below(30), below(6), below(4)};
    std::vector<index_t> mesh;
    torch_placements placements;
    for (index_t axes = below(4); axes >= 0; --axes) {
      mesh.push_back(1 + below(4));
      auto const dim = static_cast<std::uint8_t>(below(5) < 3 ? 0 : below(3));
      torch_placement const choices[] = {replicate, shard(dim), shard(dim),
                                         strided(dim, 1 + below(6))};
      placements.push_back(choices[below(4)]);
    }
    layout const l = torch_layout(device_matrix{mesh.begin(), mesh.end()}, placements,
                                  extents{shape.begin(), shape.end()});
    INFO("round " << round);
    for (index_t device = 0; device < l.devices().devices(); ++device)
      REQUIRE(held_by(l, device) == distributed(mesh, placements, shape, device));
  }
}

TEST_CASE("a right to left order of even shards is strided shards from left to right",
          "[torch_placements]") {
  // the axes of a mesh cut dim 0 in any order; axis i becomes strided by the sizes of the axes to
  // its right that cut before it
  std::vector<std::size_t> order{0, 1, 2};
  device_matrix const mesh{2, 3, 4};
  do {
    torch_placements placements;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      index_t split_factor = 1;
      for (std::size_t before = 0; order[before] != axis; ++before)
        if (order[before] > axis) split_factor *= mesh.sizes_[order[before]];
      placements.push_back(split_factor == 1 ? shard(0) : strided(0, split_factor));
    }
    tensor_map map;
    axis_list axes;
    for (std::size_t const axis : order) axes.push_back(static_cast<device_axis>(2 - axis));
    map.append(mesh, axes);
    CHECK(same_placement(torch_layout(mesh, placements, {48}), layout{mesh, map, {48}}));
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
