// Compares two checkpoints as global tensors, whatever their layouts.

#include "support/checkpoints.hpp"
#include "support/tool.hpp"

#include <reshard/checkpoint/verify.hpp>

using namespace reshard;

int main(int argc, char** argv) {
  tools::tool app{
      "Compares two checkpoints element for element as global tensors, replicas included."};
  app.footer(
      "example: checkpoint_verify ckpt out --strategy src_strategy --other_strategy dst_strategy");
  std::string first, second, first_strategy, second_strategy;
  app.add_option("first", first, "file, or folder with rank_N folders")->required();
  app.add_option("second", second, "file, or folder with rank_N folders")->required();
  app.add_option("--src_strategy,--strategy", first_strategy,
                 "strategy of the first: file or folder");
  app.add_option("--dst_strategy,--other_strategy", second_strategy, "strategy of the second");
  return app.run(argc, argv, [&] {
    catalog const a = tools::open_checkpoint(first, tools::strategy_of(first_strategy));
    catalog const b = tools::open_checkpoint(second, tools::strategy_of(second_strategy));
    std::vector<finding> const findings = verify(a, b);
    for (finding const& f : findings) fmt::print("{}: {}\n", f.tensor, f.what);
    fmt::print("{} tensors, {} differences\n", a.tensors.size(), findings.size());
    return findings.empty() ? tools::exit_ok : tools::exit_failed;
  });
}
