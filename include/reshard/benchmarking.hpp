#pragma once

// Room benchmarking: what it takes to benchmark plans. A plan_run has the storages of all devices
// of one plan; a competitor moves its bytes and is checked before it is timed. plan_benchmarks.hpp
// registers any (from, to, dtype) with Google Benchmark, eigen_competitor.hpp and
// xtensor_competitor.hpp are rivals from other libraries; each is included by its name.

#include <reshard/benchmarking/competitor.hpp>
#include <reshard/benchmarking/plan_run.hpp>
