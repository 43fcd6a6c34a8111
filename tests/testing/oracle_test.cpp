#include <reshard/testing/oracle.hpp>

#include <catch2/catch.hpp>

using namespace reshard;
using testing::list;
using lists = std::vector<list>;

TEST_CASE("products and indices vary the last entry fastest", "[oracle]") {
  CHECK(testing::product({{1, 2}, {5, 6}}) == lists{{1, 5}, {1, 6}, {2, 5}, {2, 6}});
  CHECK(testing::all_indices(extents{2, 2}) == lists{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  CHECK(testing::all_indices(list{}) == lists{{}});
  CHECK(testing::all_indices(list{3, 0}).empty());
}

// torch.arange(7).chunk(4): 2, 2, 2, 1; numpy.array_split(range(7), 4): 2, 2, 2, 1; of 5 in 4 they
// differ: chunk gives 2, 2, 1 and nothing, array_split 2, 1, 1, 1
TEST_CASE("tail rules are torch's and numpy's", "[oracle]") {
  list const five = testing::up_to(5);
  CHECK(testing::split_list(five, 4, tail_rule::ceil) == lists{{0, 1}, {2, 3}, {4}, {}});
  CHECK(testing::split_list(five, 4, tail_rule::balanced) == lists{{0, 1}, {2}, {3}, {4}});
  CHECK(testing::split_list(testing::up_to(4), 2, tail_rule::exact) == lists{{0, 1}, {2, 3}});
}

TEST_CASE("stated sizes, cyclic blocks and sections are dealt out index by index", "[oracle]") {
  list const seven = testing::up_to(7);
  CHECK(testing::split_list(seven, 3, cut_rule::parts({5, 0, 2})) ==
        lists{{0, 1, 2, 3, 4}, {}, {5, 6}});
  CHECK(testing::split_list(seven, 2, cut_rule::cyclic(2)) == lists{{0, 1, 4, 5}, {2, 3, 6}});
  CHECK(testing::split_list(testing::up_to(8), 2, cut_rule::sections({4, 2, 2})) ==
        lists{{0, 1, 4, 6}, {2, 3, 5, 7}});
  CHECK(testing::split_list(seven, 2, cut_rule::sections(2, tail_rule::ceil)) ==
        lists{{0, 1, 4, 5}, {2, 3, 6}});
}

TEST_CASE("positions count the coordinates on the axes", "[oracle]") {
  CHECK(testing::positions({2, 3}, {0}) == list{0, 1, 2, 0, 1, 2});
  CHECK(testing::positions({2, 3}, {1}) == list{0, 0, 0, 1, 1, 1});
  CHECK(testing::positions({2, 3}, {0, 1}) == list{0, 2, 4, 1, 3, 5});
}

// MindSpore: devices (2, 2, 2), map (0, 2), shape (8, 4)
TEST_CASE("a transposed map places the elements as MindSpore does", "[oracle]") {
  device_matrix const devices{2, 2, 2};
  testing::oracle const places{layout{devices, plain_map(devices, {0, 2}), {8, 4}}};
  CHECK(places.devices() == 8);
  CHECK(places.part[5] == list{1, 1});
  CHECK(places.indices[5] == lists{{4, 5, 6, 7}, {2, 3}});
  CHECK(places.replicas(5) == list{5, 7});
  CHECK(places.owners({0, 0}) == list{0, 2});
  CHECK(places.holds(7, {4, 2}));
  CHECK_FALSE(places.holds(7, {3, 2}));
  CHECK(places.elements(0).size() == 8);
  CHECK(places.elements(0)[2] == list{1, 0});
}

// MindSpore: 8 replicas of 8 rows, optimizer shard into 4: devices p, p + 4 hold piece p
TEST_CASE("an optimizer shard deals the replicas out in turn", "[oracle]") {
  device_matrix const devices{8};
  testing::oracle const whole{layout{devices, plain_map(devices, {-1}), {8}}};
  testing::oracle const shards = whole.with_optimizer_shard(0, 4);
  for (std::size_t device = 0; device < 8; ++device) {
    auto const piece = static_cast<index_t>(device % 4);
    CHECK(shards.indices[device][0] == list{2 * piece, 2 * piece + 1});
  }
  CHECK(shards.replicas(1) == list{1, 5});
}

TEST_CASE("lists of the library become lists of the oracle", "[oracle]") {
  device_matrix const devices{2, 2};
  layout const l{devices, plain_map(devices, {0}), {4}};
  CHECK(testing::to_list(l.replicas_of(1)) == list{1, 3});
  CHECK(testing::to_list(l.part_on(3)) == list{1});
  CHECK(testing::to_index({4, 2}) == grid_index{4, 2});
}
