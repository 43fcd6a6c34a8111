#include <reshard/benchmarking/plan_run.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace reshard;
using benchmarking::plan_run;

namespace {

device_matrix const two{2};
layout const rows{two, plain_map(two, {0, -1}), {4, 4}};
layout const columns{two, plain_map(two, {-1, 0}), {4, 4}};

}  // namespace

TEST_CASE("a run has the storages of both sides", "[plan_run]") {
  plan_run run{rows, columns, dtype::bfloat16};
  CHECK(run.from() == rows);
  CHECK(run.to() == columns);
  CHECK(run.item_bytes() == 2);
  CHECK(run.source(1).size() == 16);
  CHECK(run.destination(1).size() == 16);
  CHECK(run.destination_bytes() == 32);
  CHECK(run.transfers().size() == 4);
}

TEST_CASE("elements differ, even of one byte, and a wrong one is seen", "[plan_run]") {
  plan_run run{rows, rows, dtype::uint8};
  std::set<std::byte> values(run.source(0).begin(), run.source(0).end());
  values.insert(run.source(1).begin(), run.source(1).end());
  CHECK(values.size() > 12);
  run.clear_destinations();
  CHECK_FALSE(run.is_right());
  for (index_t d = 0; d < 2; ++d) run.destination(d) = run.source(d);
  CHECK(run.is_right());
  std::swap(run.destination(1)[0], run.destination(1)[1]);
  CHECK_FALSE(run.is_right());
}
