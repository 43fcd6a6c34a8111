#pragma once

#include <reshard/benchmarking/competitor.hpp>
#include <reshard/plan/cost.hpp>

#include <benchmark/benchmark.h>

#include <memory>

namespace reshard {
inline namespace v1 {
namespace benchmarking {

/// What is measured.
struct plan_scenario {
  std::string name;
  layout from;
  layout to;
  dtype type = dtype::float32;
};

namespace detail {
inline std::string label_of(plan_scenario const& scenario) {
  std::string words;
  print(words, scenario.from);
  words += " to ";
  print(words, scenario.to);
  return words + " " + std::string{name_of(scenario.type)};
}

/// What the plan moves, beside the time: in bytes, and the ratio to the bound.
inline void count_moves(benchmark::State& state, plan_scenario const& scenario) {
  plan_cost const sum = cost(scenario.from, scenario.to);
  auto const bytes = [&](index_t elements) {
    return static_cast<double>(elements) * static_cast<double>(item_bytes(scenario.type));
  };
  state.counters["transfers"] = static_cast<double>(sum.transfers);
  state.counters["received_bytes"] = bytes(sum.received);
  state.counters["lower_bound_bytes"] = bytes(sum.lower_bound);
  state.counters["received_over_bound"] = sum.ratio();
  state.SetLabel(label_of(scenario));
}

/// The whole plan, for all destination devices, without moving a byte.
inline void measure_planning(benchmark::State& state, plan_scenario const& scenario) {
  for (auto _ : state) {
    index_t elements = 0;
    for_each_transfer(scenario.from, scenario.to,
                      [&](transfer const& t) { elements += t.elements(); });
    benchmark::DoNotOptimize(elements);
  }
  state.counters["plans"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  count_moves(state, scenario);
}

/// The competitor is checked, then timed.
inline void measure_moving(benchmark::State& state, plan_scenario const& scenario,
                           competitor const& by) {
  plan_run run{scenario.from, scenario.to, scenario.type};
  run.clear_destinations();
  by.run(run);
  if (by.as == role::rival && !run.is_right()) {
    state.SkipWithError("the destinations do not have their elements");
    return;
  }
  for (auto _ : state) {
    by.run(run);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(run.destination_bytes()));
  count_moves(state, scenario);
}
}  // namespace detail

/// Registers "plan/<name>", the time of planning for all devices, and "move/<name>/<competitor>",
/// the time to fill all destinations in memory, with Google Benchmark. A rival that ends with wrong
/// elements is an error, not a time.
///   counters: transfers, received_bytes, lower_bound_bytes, received_over_bound; plans (per
///             second); bytes_per_second of the destinations
///   throws:   plan_error global_shapes_differ
inline void register_plan(plan_scenario const& scenario,
                          std::vector<competitor> const& competitors = plain_competitors()) {
  reshard::detail::require_same_tensor(scenario.from, scenario.to);
  benchmark::RegisterBenchmark(
      ("plan/" + scenario.name).c_str(),
      [scenario](benchmark::State& state) { detail::measure_planning(state, scenario); });
  for (competitor const& by : competitors)
    benchmark::RegisterBenchmark(
        ("move/" + scenario.name + "/" + by.name).c_str(),
        [scenario, by](benchmark::State& state) { detail::measure_moving(state, scenario, by); });
}

}  // namespace benchmarking
}  // namespace v1
}  // namespace reshard
