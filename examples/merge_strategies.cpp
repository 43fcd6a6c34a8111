// Merges the strategy files of pipeline stages into one file.

#include "support/tool.hpp"

#include <reshard/codec/mindspore_strategy.hpp>

int main(int argc, char** argv) {
  tools::tool app{"Merges the strategy files of all pipeline stages in a folder into one."};
  app.footer(
      "example: merge_strategies --src_strategy_dirs strategy --dst_strategy_file "
      "merged_ckpt_strategy.ckpt");
  std::string folder;
  std::string file;
  app.add_option("--src_strategy_dirs", folder, "folder with .ckpt or .json strategy files")
      ->required();
  app.add_option("--dst_strategy_file", file, "the merged file; JSON if it ends in .json")
      ->required();
  return app.run(argc, argv, [&] {
    std::vector<std::string> warnings;
    reshard::write_strategy(reshard::merge_pipeline_strategies(folder, &warnings), file);
    tools::print_warnings(warnings);
    return tools::exit_ok;
  });
}
