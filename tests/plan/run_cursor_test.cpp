#include <reshard/algebra/layout.hpp>
#include <reshard/plan/run_cursor.hpp>
#include <reshard/testing/for_all.hpp>

#include "support/both.hpp"

namespace run_cursor_test {

using namespace reshard;

namespace {

constexpr bool runs_follow_one_another() {
  device_matrix const three{3};
  layout const l{three, plain_map(three, {0}, tail_rule::balanced), {8}};  // 3, 3, 2
  index_t part = -1;
  run_cursor run{l.dim(0), &part};
  run.seek(0);
  EXPECT(part == 0 && run.offset() == 0 && run.end() == 3);
  run.next();
  EXPECT(part == 1 && run.offset() == 3 && run.end() == 6 && run.local(4) == 1);
  run.next();
  EXPECT(part == 2 && run.offset() == 6 && run.end() == 8 && run.local(7) == 1);
  run.seek(5);
  EXPECT(part == 1 && run.offset() == 5 && run.end() == 6 && run.local(5) == 2);
  return true;
}
TEST_BOTH("[run_cursor]", runs_follow_one_another)

constexpr bool a_dim_without_cuts_is_one_run() {
  layout const l{{2}, plain_map({2}, {-1}), {8}};
  run_cursor run{l.dim(0), nullptr};
  run.seek(3);
  EXPECT(run.offset() == 3 && run.end() == 8 && run.local(7) == 7);
  return true;
}
TEST_BOTH("[run_cursor]", a_dim_without_cuts_is_one_run)

constexpr bool parts_without_indices_are_passed_over() {
  device_matrix const devices{2, 4};
  layout const l{devices, nested_map(devices, {{1, 0}}, tail_rule::ceil), {5}};  // 1 1 1 0, 1 1 0 0
  index_t part[2]{};
  run_cursor run{l.dim(0), part};
  run.seek(0);
  for (index_t at = 0; at < 5; ++at) {
    EXPECT(run.offset() == at && run.end() == at + 1);
    EXPECT(part[0] == at / 3 && part[1] == at % 3);
    if (run.end() < 5) run.next();
  }
  return true;
}
TEST_BOTH("[run_cursor]", parts_without_indices_are_passed_over)

bool is_right(layout const& l) {
  bool right = true;
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    dim_cuts const along = l.dim(d);
    part_index numbers(along.cuts(), -1);
    part_index weights;
    for (std::size_t i = 0; i < along.cuts(); ++i)
      weights.push_back(weights.empty() ? 1 : weights.back() * 100);
    run_cursor run{along, numbers.begin(), weights.begin()};
    auto const same = [&](index_t at) {
      part_index part;
      index_t const local = along.locate(at, part);
      index_t weighted = 0;
      for (std::size_t i = 0; i < part.size(); ++i) weighted += part[i] * weights[i];
      return part == numbers && run.weighted() == weighted && run.offset() == at &&
             run.local(at) == local && run.end() == at + along.run(part.begin(), local).size;
    };
    for (index_t at = 0; at < l.shape()[d]; ++at) {
      run.seek(at);
      right = right && same(at);
      while (right && run.end() < l.shape()[d]) {
        index_t const next = run.end();
        run.next();
        right = right && same(next);
      }
    }
  }
  return right;
}

TEST_CASE("runs are those of the closed forms on random layouts", "[run_cursor]") {
  CHECK(testing::for_all_layouts({.cases = 2000, .extent = 30}, is_right));
  CHECK(testing::for_all_layouts(
      {.cases = 1000, .extent = 60, .rules = testing::rule_choice::tails}, is_right));
}

}  // namespace

}  // namespace run_cursor_test
