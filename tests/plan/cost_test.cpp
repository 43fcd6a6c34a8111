#include <reshard/plan/cost.hpp>
#include <reshard/testing/plan_oracle.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

namespace cost_test {

using namespace reshard;

namespace {

constexpr device_matrix eight{8};
constexpr layout rows{eight, plain_map(eight, {0, -1}), {16, 8}};
constexpr layout columns{eight, plain_map(eight, {-1, 0}), {16, 8}};

constexpr bool what_is_received_is_what_is_lacking() {
  EXPECT(cost(rows, columns) == plan_cost{112, 112, 64});
  EXPECT(cost(rows, columns, 0) == plan_cost{14, 14, 8});
  EXPECT(cost(rows, columns).ratio() == 1.0);
  return true;
}
TEST_BOTH("[cost]", what_is_received_is_what_is_lacking)

constexpr bool staying_costs_nothing_and_has_the_ratio_1() {
  EXPECT(cost(rows, rows) == plan_cost{0, 0, 8});
  EXPECT(cost(rows, rows).ratio() == 1.0 && plan_cost{}.ratio() == 1.0);
  EXPECT((plan_cost{6, 4, 1}).ratio() == 1.5 && (plan_cost{6, 0, 1}).ratio() == 6.0);
  return true;
}
TEST_BOTH("[cost]", staying_costs_nothing_and_has_the_ratio_1)

constexpr bool costs_add_up() {
  plan_cost sum{1, 2, 3};
  sum += plan_cost{10, 20, 30};
  EXPECT(sum == plan_cost{11, 22, 33});
  return true;
}
TEST_BOTH("[cost]", costs_add_up)

constexpr bool devices_beyond_the_source_lack_everything() {
  layout const one{device_matrix{}, plain_map({}, {-1, -1}), {16, 8}};
  EXPECT(cost(one, rows, 0) == plan_cost{0, 0, 1});
  EXPECT(cost(one, rows, 7) == plan_cost{16, 16, 1});
  return true;
}
TEST_BOTH("[cost]", devices_beyond_the_source_lack_everything)

void check(testing::placed_layout const& from, testing::placed_layout const& to) {
  if (!testing::cost_is_least(from, to))
    FAIL(testing::to_text(from.value) << " to " << testing::to_text(to.value));
}

TEST_CASE("a sample of pairs up to 8 devices costs the least", "[cost]") {
  auto const layouts = testing::placed(testing::layouts_over(8, {6, 5}));
  for (std::size_t i = 0; i < layouts.size(); i += 11)
    for (std::size_t j = 0; j < layouts.size(); j += 7) check(layouts[i], layouts[j]);
}

TEST_CASE("all pairs up to 8 devices cost the least", "[cost][slow]") {
  auto const layouts = testing::placed(testing::layouts_over(8, {6, 5}));
  for (auto const& from : layouts)
    for (auto const& to : layouts) check(from, to);
}

TEST_CASE("random pairs on 24 devices cost the least", "[cost]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 300; ++i) {
    testing::list const shape = random.shape(static_cast<std::size_t>(1 + random.below(3)));
    check(testing::placed_layout(random.on(shape, 24)),
          testing::placed_layout(random.on(shape, 24)));
  }
  SUCCEED("seed " << seed);
}

TEST_CASE("sums of more than 63 bits are the largest number", "[cost]") {
  device_matrix const devices{8};
  extents const shape{index_t{1} << 61};
  layout const cut{devices, plain_map(devices, {0}), shape};
  layout const everywhere{devices, plain_map(devices, {-1}), shape};
  plan_cost const all = cost(cut, everywhere);
  CHECK(all.received == max_index);
  CHECK(all.lower_bound == max_index);
  CHECK(all.ratio() == 1);
  CHECK(load(cut, everywhere).sent == max_index);
  CHECK(cost(cut, everywhere, 3).received == 7 * (shape.elements() / 8));
}

}  // namespace

}  // namespace cost_test
