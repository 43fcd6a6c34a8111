#include <reshard/testing/all_layouts.hpp>
#include <reshard/testing/plan_oracle.hpp>

#include <catch2/catch.hpp>

using namespace reshard;
using testing::list;

namespace {

device_matrix const two{2};
testing::placed_layout const rows{layout{two, plain_map(two, {0, -1}), {2, 2}}};
testing::placed_layout const columns{layout{two, plain_map(two, {-1, 0}), {2, 2}}};
testing::placed_layout const whole{layout{two, plain_map(two, {-1, -1}), {2, 2}}};

}  // namespace

TEST_CASE("a destination is served by itself, else by the lowest present holder", "[plan_oracle]") {
  CHECK(testing::server(whole.places, {0, 0}, 1, {true, true}) == 1);
  CHECK(testing::server(whole.places, {0, 0}, 5, {true, true}) == 0);
  CHECK(testing::server(whole.places, {0, 0}, 5, {false, true}) == 1);
  CHECK(testing::server(rows.places, {0, 0}, 1, {false, true}) == nobody);
}

TEST_CASE("a device demands what it stores", "[plan_oracle]") {
  testing::demand const need = testing::demand_of(rows.places, columns.places, 1, {true, true});
  CHECK(need.servers == testing::element_servers{{{0, 1}, 0}, {{1, 1}, 1}});
  CHECK(need.boxes == 2);
  CHECK(need.lacking == 1);
  CHECK(need.servable);
  CHECK_FALSE(testing::demand_of(rows.places, columns.places, 1, {false, true}).servable);
}

TEST_CASE("a transfer runs element by element", "[plan_oracle]") {
  testing::element_servers filled;
  transfer const right{0, 1, {0, 1}, {0, 0}, {1, 1}};
  CHECK(testing::run(right, rows.places, columns.places, filled));
  CHECK(filled == testing::element_servers{{{0, 1}, 0}});
  CHECK_FALSE(testing::run(right, rows.places, columns.places, filled));  // twice
  filled.clear();
  transfer const wrong{0, 1, {0, 0}, {0, 0}, {1, 1}};
  CHECK_FALSE(testing::run(wrong, rows.places, columns.places, filled));
  transfer const outside{0, 1, {1, 1}, {1, 0}, {1, 1}};
  CHECK_FALSE(testing::run(outside, rows.places, columns.places, filled));
}

TEST_CASE("the plans of the library are right, with all devices or some", "[plan_oracle]") {
  auto const layouts = testing::placed(testing::layouts_over(3, {3, 4}));
  for (auto const& from : layouts)
    for (auto const& to : layouts) {
      CHECK(testing::plan_is_right(from, to));
      CHECK(testing::plan_is_right(from, to, {false}));
      CHECK(testing::cost_is_least(from, to));
    }
}

TEST_CASE("a plan for other layouts is not right", "[plan_oracle]") {
  testing::placed_layout mixed = rows;
  mixed.value = columns.value;  // the library is asked about columns, the oracle about rows
  CHECK_FALSE(testing::plan_is_right(mixed, whole));
  CHECK_FALSE(testing::plan_is_right(whole, mixed));
  CHECK_FALSE(testing::cost_is_least(mixed, rows));
}
