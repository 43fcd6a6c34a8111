#include <reshard/benchmarking/competitor.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "rivals.hpp"

using namespace reshard;

TEST_CASE("the plain rivals move the right elements", "[competitor]") {
  for (benchmarking::competitor const& by : benchmarking::plain_competitors())
    if (by.as == benchmarking::role::rival) check_rival(by);
}

TEST_CASE("memcpy moves as many bytes as the destinations store", "[competitor]") {
  device_matrix const two{2};
  layout const rows{two, plain_map(two, {0, -1}), {4, 4}};
  layout const whole{two, plain_map(two, {-1, -1}), {4, 4}};
  benchmarking::plan_run run{rows, whole, dtype::int32};
  run.clear_destinations();
  benchmarking::run_memcpy(run);
  benchmarking::storage both = run.source(0);
  both.insert(both.end(), run.source(1).begin(), run.source(1).end());
  CHECK(run.destination(0) == both);
  CHECK(run.destination(1) == both);
}

TEST_CASE("a type has the size of the item", "[competitor]") {
  for (std::size_t const bytes : {1U, 2U, 4U, 8U, 16U})
    benchmarking::with_item_type(bytes, [&]<class T>(T) { CHECK(sizeof(T) == bytes); });
}
