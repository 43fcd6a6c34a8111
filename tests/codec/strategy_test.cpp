#include <reshard/codec/strategy.hpp>

#include <catch2/catch.hpp>

#include <functional>

namespace strategy_test {

using namespace reshard;

TEST_CASE("a new strategy is what MindSpore writes where it says nothing", "[strategy]") {
  strategy const s;
  CHECK(s.current_stage == 1);  // the first compile
  CHECK_FALSE(s.merged);
  CHECK(s.operators.empty());
  parameter_layout const p;
  CHECK(p.stage == 0);
  CHECK(p.field == 0);
  CHECK(p.opt_weight_shard_step == 0);
  CHECK(p.opt_weight_shard_size == 0);
  CHECK_FALSE(p.nested_map);
}

TEST_CASE("layouts are equal if every field is", "[strategy]") {
  parameter_layout const p{"w", 1, {4, 2}, {{0}, {}}, false, {3, 5}, {0, 3}, 0, 2, -1, {8, 8}};
  CHECK(p == parameter_layout{p});
  std::function<void(parameter_layout&)> const changes[] = {
      [](auto& q) { q.name = "v"; },
      [](auto& q) { q.stage = 0; },
      [](auto& q) { q.device_matrix = {8}; },
      [](auto& q) {
        q.tensor_map = {{}, {0}};
      },
      [](auto& q) { q.nested_map = true; },
      [](auto& q) {
        q.param_split_shape = {4, 4};
      },
      [](auto& q) {
        q.indices_offset = {0, 4};
      },
      [](auto& q) { q.field = 1; },
      [](auto& q) { q.opt_weight_shard_step = 1; },
      [](auto& q) { q.opt_weight_shard_size = 2; },
      [](auto& q) { q.tensor_shape = {}; }};
  for (auto const& change : changes) {
    parameter_layout q = p;
    change(q);
    CHECK_FALSE(q == p);
  }
  CHECK(operator_strategy{"MatMul", 0, {{1, 2}}} == operator_strategy{"MatMul", 0, {{1, 2}}});
  CHECK_FALSE(operator_strategy{"MatMul", 0, {{1, 2}}} == operator_strategy{"MatMul", 0, {{2, 1}}});
}

}  // namespace strategy_test
