// Benchmarks the plans between layouts that are stated on the command line.

#include <reshard/benchmarking/eigen_competitor.hpp>
#include <reshard/benchmarking/plan_benchmarks.hpp>
#include <reshard/benchmarking/xtensor_competitor.hpp>

#include "support/layout_json.hpp"
#include "support/tool.hpp"

using namespace reshard;

namespace {

layout layout_of(std::string const& words) {
  tools::json const stated = tools::json::parse(words);
  tools::named_layout const l = tools::make_layout(stated);
  if (stated.contains("order")) throw tools::unknown_request{"a benchmark takes no device order"};
  return l.value;
}

int run(std::vector<std::string> const& layouts, std::string const& type, std::string const& name) {
  auto const known = dtype_of_mindspore(type);
  if (!known) throw tools::unknown_request{"no element type is named " + type};
  if (layouts.size() % 2 != 0) throw tools::unknown_request{"a layout to end with is missing"};
  auto competitors = benchmarking::plain_competitors();
  competitors.push_back(benchmarking::eigen_competitor);
  competitors.push_back(benchmarking::xtensor_competitor);
  for (std::size_t i = 0; i < layouts.size(); i += 2)
    benchmarking::register_plan({layouts.size() == 2 ? name : name + std::to_string(i / 2),
                                 layout_of(layouts[i]), layout_of(layouts[i + 1]), *known},
                                competitors);
  benchmark::RunSpecifiedBenchmarks();
  return tools::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Measures plans between layouts: planning, and moving in memory against others."};
  app.footer(R"(example: plan_bench '{"devices": [8], "map": [0, -1], "shape": [4096, 4096]}' \
                    '{"devices": [8], "map": [-1, 0], "shape": [4096, 4096]}' \
                    --dtype BFloat16 --benchmark_out=result.json
every flag of Google Benchmark is taken: --benchmark_filter, --benchmark_format=json, ...)");
  std::vector<std::string> layouts;
  std::string type = "Float32";
  std::string name = "plan";
  app.add_option("layouts", layouts, "from and to as JSON, any number of pairs")->required();
  app.add_option("--dtype", type, "MindSpore's name of the element type")->capture_default_str();
  app.add_option("--name", name, "in the names of the benchmarks")->capture_default_str();
  bool const help = argc == 2 && std::string{argv[1]} == "--help";
  if (!help) benchmark::Initialize(&argc, argv);
  return app.run(argc, argv, [&] { return run(layouts, type, name); });
}
