// Merges the strategy files of pipeline stages into one file.

#include "support/tool.hpp"

#include <reshard/checkpoint/preflight.hpp>
#include <reshard/codec/mindspore_strategy.hpp>

#include <fstream>

namespace {
/// A source is never replaced, another file only by force; a merge of before may stand among the
/// sources.
///   throws: checkpoint_error destination_is_a_source, destination_exists
void require_free(std::string const& folder, std::string const& file, bool force) {
  namespace fs = std::filesystem;
  for (auto const& entry : fs::directory_iterator{folder})
    if (std::error_code none; fs::equivalent(entry.path(), file, none) &&
                              !reshard::detail::strategy_file_at(file).value.merged)
      reshard::detail::destination_is_a_source(file + " is one of the files to be read");
  if (!force) reshard::detail::destination_exists(file + " exists (--force replaces it)");
}

bool is_there(std::string const& file, reshard::strategy const& s) {
  if (!std::filesystem::is_regular_file(file)) return false;
  std::ifstream in{file, std::ios::binary};
  std::string const found{std::istreambuf_iterator<char>{in}, {}};
  return found == reshard::strategy_file_bytes(s, file);
}
}  // namespace

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
  bool force = false;
  app.add_flag("--force", force, "replace the file if it exists");
  return app.run(argc, argv, [&] {
    std::vector<std::string> warnings;
    reshard::strategy const merged = reshard::merge_pipeline_strategies(folder, &warnings);
    if (!is_there(file, merged)) {
      if (std::filesystem::exists(std::filesystem::symlink_status(file)))
        require_free(folder, file, force);
      reshard::write_strategy(merged, file);
    }
    tools::print_warnings(warnings);
    return tools::exit_ok;
  });
}
