#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/plan/redundancy.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

#include <map>
#include <string>

using namespace reshard;

namespace {

/// The devices of all groups, each group followed by -1.
using flat_groups = inplace_vector<index_t, 24>;

constexpr flat_groups groups(layout const& l) {
  flat_groups all;
  for_each_redundancy_group(l, [&](replica_group const& group) {
    for (index_t k = 0; k < group.size(); ++k) all.push_back(group[k]);
    all.push_back(-1);
  });
  return all;
}

constexpr device_matrix four_by_two{4, 2};
constexpr device_matrix two_by_two_by_two{2, 2, 2};
constexpr layout rows{four_by_two, plain_map(four_by_two, {0, -1}), {16, 8}};

constexpr bool groups_go_by_the_right_most_axis_first() {  // spec 7.1
  EXPECT(groups(rows) == flat_groups{0, 2, 4, 6, -1, 1, 3, 5, 7, -1});
  EXPECT(groups(layout{two_by_two_by_two, plain_map(two_by_two_by_two, {0, 2}), {8, 4}}) ==
         flat_groups{0, 2, -1, 4, 6, -1, 1, 3, -1, 5, 7, -1});
  return true;
}
TEST_BOTH("[redundancy]", groups_go_by_the_right_most_axis_first)

constexpr bool an_optimizer_shard_divides_each_group() {  // spec 7.1
  EXPECT(groups(with_optimizer_shard(rows, 2)) ==
         flat_groups{0, 4, -1, 2, 6, -1, 1, 5, -1, 3, 7, -1});
  layout const middle{two_by_two_by_two, plain_map(two_by_two_by_two, {1, -1}), {16, 8}};
  EXPECT(groups(with_optimizer_shard(middle, all_replicas)) ==
         flat_groups{0, -1, 1, -1, 4, -1, 5, -1, 2, -1, 3, -1, 6, -1, 7, -1});
  return true;
}
TEST_BOTH("[redundancy]", an_optimizer_shard_divides_each_group)

constexpr bool a_replicated_tensor_is_one_group() {
  layout const l{device_matrix{3}, plain_map({3}, {-1}), {5}};
  EXPECT(groups(l) == flat_groups{0, 1, 2, -1});
  return true;
}
TEST_BOTH("[redundancy]", a_replicated_tensor_is_one_group)

constexpr bool the_holders_take_turns_to_keep() {
  replica_group const group = rows.replicas_of(3);
  EXPECT(keeper(group, 0) == 1 && keeper(group, 1) == 3 && keeper(group, 4) == 1);
  return true;
}
TEST_BOTH("[redundancy]", the_holders_take_turns_to_keep)

TEST_CASE("the ranks keep what MindSpore's example keeps", "[redundancy]") {  // spec 7.2
  device_matrix const devices{2, 2};
  std::map<std::string, index_t> const map_of{{"a", -1}, {"b", 0}, {"c", 0}, {"d", -1}, {"e", 1}};
  std::map<testing::list, index_t> met;  // how many parameters with this group came before
  std::map<index_t, std::string> kept;
  for (auto const& [name, axis] : map_of)
    for_each_redundancy_group(layout{devices, plain_map(devices, {axis}), {4}},
                              [&, &word = name](replica_group const& group) {
                                kept[keeper(group, met[testing::to_list(group)]++)] += word;
                              });
  CHECK(kept == std::map<index_t, std::string>{{0, "abe"}, {1, "bd"}, {2, "ce"}, {3, "c"}});
}

/// MindSpore's algorithm: group by the key of coordinates on the axes in the map, the right-most
/// first; then g[i::n] for every piece i.
std::vector<testing::list> groups_by_keys(testing::layout_case const& l, index_t pieces) {
  auto const coordinates = testing::all_indices(l.devices);
  testing::list const unused = testing::unused_axes(l);
  std::map<testing::list, testing::list> by_key;
  for (std::size_t device = 0; device < coordinates.size(); ++device) {
    testing::list key(coordinates[device].rbegin(), coordinates[device].rend());
    for (index_t const axis : unused) key[static_cast<std::size_t>(axis)] = 0;
    by_key[key].push_back(static_cast<index_t>(device));
  }
  std::vector<testing::list> all;
  for (auto const& [key, group] : by_key)
    for (index_t i = 0; i < pieces; ++i) {
      testing::list every;
      for (auto k = static_cast<std::size_t>(i); k < group.size();
           k += static_cast<std::size_t>(pieces))
        every.push_back(group[k]);
      all.push_back(every);
    }
  return all;
}

void check(testing::layout_case const& l) {
  layout const ours = testing::to_layout(l);
  index_t const replicas = combinations(ours.devices(), replica_axes(ours));
  for (index_t pieces = 1; pieces <= replicas; ++pieces) {
    if (replicas % pieces != 0) continue;
    // into all replicas of an uncut dim: no different from a map over these axes
    if (pieces > 1 && pieces == replicas && l.cuts[0].empty()) continue;
    layout const sharded = with_optimizer_shard(ours, pieces);
    std::vector<testing::list> got;
    for_each_redundancy_group(
        sharded, [&](replica_group const& group) { got.push_back(testing::to_list(group)); });
    if (got != groups_by_keys(l, pieces)) FAIL(testing::to_text(l) << " into " << pieces);
  }
}

void check_exact(testing::list const& devices, std::size_t rank) {
  testing::for_each_map(devices, rank, [&](std::vector<testing::list> const& map) {
    testing::layout_case l{devices, {}, {}};
    for (testing::list const& axes : map) {
      l.shape.push_back(testing::parts_of(devices, axes));
      l.cuts.push_back(testing::cuts_over(devices, axes, tail_rule::exact));
    }
    index_t all = 1;
    for (index_t const size : devices) all *= size;
    l.shape[0] = all * all;
    check(l);
  });
}

TEST_CASE("groups on 8 devices are those of MindSpore's algorithm", "[redundancy]") {
  testing::for_each_devices(8, [](testing::list const& devices) { check_exact(devices, 2); });
}

TEST_CASE("groups on 24 devices are those of MindSpore's algorithm", "[redundancy][slow]") {
  testing::for_each_devices(24, [](testing::list const& devices) { check_exact(devices, 3); });
}

}  // namespace
