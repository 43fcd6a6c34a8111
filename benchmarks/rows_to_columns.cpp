// The smallest benchmark of a plan.

#include <reshard/algebra.hpp>
#include <reshard/benchmarking/plan_benchmarks.hpp>

using namespace reshard;

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  device_matrix const devices{8};
  extents const shape{4096, 4096};
  layout const rows{devices, plain_map(devices, {0, -1}), shape};
  layout const columns{devices, plain_map(devices, {-1, 0}), shape};
  benchmarking::register_plan({"rows_to_columns", rows, columns, dtype::bfloat16});
  benchmark::RunSpecifiedBenchmarks();
}
