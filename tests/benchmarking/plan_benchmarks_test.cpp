#include <reshard/benchmarking/plan_benchmarks.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace reshard;
using namespace reshard::benchmarking;

namespace {

/// Keeps the runs instead of printing them.
struct recorder : benchmark::BenchmarkReporter {
  bool ReportContext(Context const&) override { return true; }
  void ReportRuns(std::vector<Run> const& report) override {
    for (Run const& run : report) runs.emplace(run.benchmark_name(), run);
  }
  std::map<std::string, Run> runs;
};

void do_nothing(plan_run&) {}

}  // namespace

TEST_CASE("a plan is registered with its competitors, checked, timed and counted",
          "[plan_benchmarks]") {
  device_matrix const two{2};
  layout const rows{two, plain_map(two, {0, -1}), {4, 4}};
  layout const columns{two, plain_map(two, {-1, 0}), {4, 4}};
  auto competitors = plain_competitors();
  competitors.push_back({"lazy", role::rival, do_nothing});
  register_plan({"rows_to_columns", rows, columns, dtype::int32}, competitors);

  char program[] = "test";
  char least[] = "--benchmark_min_time=0.001";
  char* argv[] = {program, least, nullptr};
  int argc = 2;
  benchmark::Initialize(&argc, argv);
  recorder seen;
  benchmark::RunSpecifiedBenchmarks(&seen);
  benchmark::ClearRegisteredBenchmarks();

  REQUIRE(seen.runs.size() == 5);
  for (char const* name : {"plan/rows_to_columns", "move/rows_to_columns/transfers",
                           "move/rows_to_columns/memcpy", "move/rows_to_columns/naive_loops"}) {
    auto const& run = seen.runs.at(name);
    CHECK_FALSE(run.error_occurred);
    CHECK(run.iterations > 0);
    CHECK(run.counters.at("transfers") == 4);
    CHECK(run.counters.at("received_bytes") == 32);  // each device gets a 2 x 2 quarter
    CHECK(run.counters.at("lower_bound_bytes") == 32);
    CHECK(run.counters.at("received_over_bound") == 1);
    CHECK(run.report_label ==
          "devices(2) map((0), ()) shape(4, 4) to devices(2) map((), (0)) shape(4, 4) Int32");
  }
  CHECK(seen.runs.at("plan/rows_to_columns").counters.at("plans") > 0);
  CHECK(seen.runs.at("move/rows_to_columns/transfers").counters.at("bytes_per_second") > 0);
  CHECK(seen.runs.at("move/rows_to_columns/lazy").error_occurred);
}

TEST_CASE("two tensors have no plan to register", "[plan_benchmarks]") {
  layout const a{{1}, plain_map({1}, {-1}), {4}};
  layout const b{{1}, plain_map({1}, {-1}), {5}};
  CHECK_THROWS_AS(register_plan({"none", a, b}), plan_error);
}
