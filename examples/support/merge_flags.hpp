#pragma once

#include "support/checkpoints.hpp"
#include "support/mover_flags.hpp"
#include "support/redundancy_flags.hpp"
#include "support/weight_output.hpp"

#include <map>
#include <string>
#include <thread>

namespace tools {

/// The flags of merge_safetensors: those of MindFormers' scripts, then ours.
struct merge_flags {
  std::string strategy, source, shards, destination;
  std::vector<std::string> renamed;  // OLD=NEW
  std::size_t processes = 0;         // 0 = not given
  bool allow_missing = false;
  reshard::compatibility compat = reshard::compatibility::none;
  redundancy_flags redundancy;
  source_flags source_files;
  reshard::name_filter names;
  weight_output_flags output;
  mover_flags mover;

  void add_to(CLI::App& app);
  /// Old names and new ones.
  ///   throws: checkpoint_error arguments_disagree
  [[nodiscard]] std::map<std::string, std::string> renames() const;

 private:
  void finish();
};

inline void merge_flags::add_to(CLI::App& app) {
  std::map<std::string, reshard::compatibility> const compatible{
      {"mindspore", reshard::compatibility::mindspore}};
  CLI::Option* const layouts =
      app.add_option("--src_strategy_dirs,--src_strategy", strategy,
                     "strategy file, or a folder with those of the stages");
  CLI::Option* const ranks =
      app.add_option("--mindspore_ckpt_dir,--src_checkpoint", source, "folder with rank_N folders")
          ->needs(layouts);
  layouts->needs(ranks);
  app.add_option("--dcp_dir", shards,
                 "instead: folder of shards that torch wrote (HuggingFaceStorageWriter with "
                 "save_distributed); --format hf is the default then")
      ->excludes(layouts)
      ->excludes(ranks);
  app.add_option("--output_dir,--tmp_dir", destination, "where the weights go; an empty folder")
      ->required();
  redundancy.add_to(app);
  app.add_option("--rename", renamed, "OLD=NEW (repeatable)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  output.add_to(app);
  app.add_flag("--allow_missing", allow_missing,
               "leave out parameters of the strategy that are in no file");
  app.add_option("--max_process_num", processes, "at most so many workers");
  app.add_option("--compat", compat,
                 "--file_suffix 1_1, and rank 0's slices of what is left out as hyper parameters")
      ->transform(CLI::CheckedTransformer(compatible))
      ->option_text("mindspore");
  add_name_flags(app, names);
  source_files.pick.choice = reshard::file_choice::step;
  source_files.add_to(app);
  mover.add_to(app);
  app.final_callback([this] { finish(); });
}

inline void merge_flags::finish() {
  if (shards.empty() && source.empty())
    throw CLI::RequiredError("--mindspore_ckpt_dir with --src_strategy_dirs, or --dcp_dir");
  if (output.form.empty()) output.form = shards.empty() ? "mindspore" : "hf";
  if (compat == reshard::compatibility::mindspore && source_files.pick.suffix.empty())
    source_files.pick.suffix = "1_1";
  if (processes > 0 && mover.workers == 0)
    mover.workers = std::min(processes, reshard::worker_count(0));
}

inline std::map<std::string, std::string> merge_flags::renames() const {
  std::map<std::string, std::string> out;
  for (std::string const& pair : renamed) {
    std::size_t const equals = pair.find('=');
    if (equals == 0 || equals == pair.npos || equals + 1 == pair.size())
      reshard::detail::arguments_disagree("--rename " + pair + ": expected OLD=NEW");
    if (!out.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second)
      reshard::detail::arguments_disagree("--rename: two new names for " + pair.substr(0, equals));
  }
  return out;
}

}  // namespace tools
