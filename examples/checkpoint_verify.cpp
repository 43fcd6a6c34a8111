// Compares two checkpoints as global tensors, whatever their layouts.

#include "support/strategies.hpp"
#include "support/transform_flags.hpp"

#include <reshard/checkpoint.hpp>
#include <reshard/formats.hpp>

using namespace reshard;

int main(int argc, char** argv) {
  CLI::App app{
      "Compares two checkpoints element for element as global tensors, replicas included."};
  app.footer(
      "example: checkpoint_verify ckpt out --strategy src_strategy --other_strategy dst_strategy");
  std::string first, second, first_strategy, second_strategy;
  app.add_option("first", first, "file, or folder with rank_N folders")->required();
  app.add_option("second", second, "file, or folder with rank_N folders")->required();
  app.add_option("--src_strategy,--strategy", first_strategy,
                 "strategy of the first: file or folder");
  app.add_option("--dst_strategy,--other_strategy", second_strategy, "strategy of the second");
  return tools::run_tool(app, argc, argv, [&] {
    auto const open = [](std::string const& path, std::string const& strategy_path) {
      auto const strategy = tools::strategy_of(strategy_path);
      catalog c =
          strategy ? open_ranks(path, *strategy, all_formats()) : open_weights(path, all_formats());
      tools::print_warnings(c.warnings);
      return c;
    };
    catalog const a = open(first, first_strategy);
    catalog const b = open(second, second_strategy);
    std::vector<finding> const findings = verify(a, b);
    for (finding const& f : findings) fmt::print("{}: {}\n", f.tensor, f.what);
    fmt::print("{} tensors, {} differences\n", a.tensors.size(), findings.size());
    return findings.empty() ? tools::exit_ok : tools::exit_failed;
  });
}
