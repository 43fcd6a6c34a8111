#include <reshard/plan.hpp>

#include "support/both.hpp"
#include "support/naive_layouts.hpp"

#include <random>

using namespace reshard;

namespace {

constexpr device_matrix eight{8};
constexpr layout rows{eight, plain_map(eight, {0, -1}), {16, 8}};
constexpr layout columns{eight, plain_map(eight, {-1, 0}), {16, 8}};

constexpr bool rows_to_columns_receives_what_is_lacking() {
  EXPECT(cost(rows, columns) == plan_cost{112, 112, 64});
  EXPECT(cost(rows, rows).received == 0);
  EXPECT(cost(rows, columns).ratio() == 1.0);
  return true;
}
TEST_BOTH("[transfers]", rows_to_columns_receives_what_is_lacking)

constexpr bool a_part_without_a_present_holder_is_not_covered() {
  EXPECT(covers(rows));
  EXPECT(!covers(rows, [](index_t device) { return device != 3; }));
  EXPECT(covers(rows, columns.box_of(0), [](index_t) { return true; }));
  index_t sum = 0;
  needed_devices(rows, columns, 2, [&](index_t device) { sum += device; });
  EXPECT(sum == 28);
  return true;
}
TEST_BOTH("[transfers]", a_part_without_a_present_holder_is_not_covered)

constexpr bool redundancy_groups_follow_the_right_most_axis() {  // spec 7.1
  device_matrix const devices{2, 2, 2};
  index_t const expected[] = {0, 2, 4, 6, 1, 3, 5, 7};
  std::size_t at = 0;
  bool equal = true;
  for_each_redundancy_group(layout{devices, plain_map(devices, {0, 2}), {8, 4}},
                            [&](replica_group const& group) {
                              for (index_t k = 0; k < group.size(); ++k)
                                equal = equal && group[k] == expected[at++];
                              equal = equal && keeper(group, 3) == group[1];
                            });
  EXPECT(equal && at == 8);
  return true;
}
TEST_BOTH("[redundancy]", redundancy_groups_follow_the_right_most_axis)

/// Fills every destination by its transfers from numbered elements and compares with the
/// definition.
void check_pair(layout const& from, layout const& to) {
  text<400> name;
  print(name, from);
  print(name, " to ");
  print(name, to);
  INFO(name.c_str());
  for (index_t device = 0; device < to.devices().devices(); ++device) {
    box const target = to.box_of(device);
    index_t filled = 0;
    index_t received = 0;
    std::map<std::pair<index_t, index_t>, int> sources;  // offset of the source box -> times used
    for_each_transfer(from, to, device, [&](transfer const& t) {
      box const source = from.box_of(t.source);
      filled += t.elements();
      if (t.source != device) received += t.elements();
      index_t key = 0;
      for (std::size_t d = 0; d < t.extent.size(); ++d) {
        REQUIRE(t.extent[d] > 0);
        REQUIRE(source.offset()[d] + t.source_offset[d] ==
                target.offset()[d] + t.destination_offset[d]);
        REQUIRE(t.source_offset[d] + t.extent[d] <= source.extent()[d]);
        REQUIRE(t.destination_offset[d] + t.extent[d] <= target.extent()[d]);
        key = key * 4096 + source.offset()[d];
      }
      REQUIRE(++sources[{key, 0}] == 1);  // one transfer per source part
    });
    REQUIRE(filled == target.elements());
    plan_cost const c = cost(from, to, device);
    REQUIRE(c.received == received);
    REQUIRE(c.received == c.lower_bound);
  }
}

layout random_layout(std::mt19937& random, index_t most_devices, brute::indices const& shape) {
  auto const below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
  };
  std::vector<brute::indices> const matrices = brute::all_matrices(most_devices);
  brute::state s;
  s.matrix = matrices[below(matrices.size())];
  std::vector<brute::axes_per_dim> const maps = brute::all_maps(s.matrix.size(), shape.size());
  s.map = maps[below(maps.size())];
  s.shape = shape;
  s.tails.assign(shape.size(), below(2) == 0 ? tail_rule::ceil : tail_rule::balanced);
  layout const whole = brute::layout_of(s);
  if (below(2) == 0) s.pieces = combinations(whole.devices(), replica_axes(whole));
  return brute::layout_of(s);
}

void check_random_pairs(int count, index_t most_devices) {
  unsigned const seed = 20261124;
  INFO("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < count; ++i) {
    brute::indices const shape{static_cast<index_t>(random() % 30),
                               static_cast<index_t>(random() % 12 + 1)};
    check_pair(random_layout(random, most_devices, shape),
               random_layout(random, most_devices, shape));
  }
}
}  // namespace

TEST_CASE("transfers of pairs up to 8 devices fill every destination once", "[transfers]") {
  check_random_pairs(3000, 8);
}
TEST_CASE("transfers of pairs up to 24 devices fill every destination once", "[transfers][slow]") {
  check_random_pairs(4000, 24);
}
