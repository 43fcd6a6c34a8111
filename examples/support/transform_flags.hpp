#pragma once

#include "support/checkpoints.hpp"
#include "support/mover_flags.hpp"

#include <reshard/checkpoint/convert.hpp>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace tools {

/// The flags of transform_checkpoint: those of MindFormers' script, then ours.
struct transform_flags {
  std::string source, destination = "./transformed_checkpoint", source_strategy,
                      destination_strategy;
  std::string prefix = "checkpoint_";
  std::string output_format = "ckpt";
  std::string by_rank;  // "" = not given
  std::optional<reshard::index_t> rank_id, world_size, only_rank;
  reshard::index_t processes = 1;
  std::vector<std::string> positional;
  std::string name;
  mover_flags mover;
  reshard::layout_options layout;
  source_flags source_files;

  void add_to(CLI::App& app);

  /// Which ranks this process writes; sets the number of workers.
  ///   throws: checkpoint_error arguments_disagree
  std::vector<reshard::index_t> ranks(reshard::index_t world, bool distributed);

  [[nodiscard]] bool by_rank_given() const {
    bool const on = !by_rank.empty() && by_rank != "False" && by_rank != "false" && by_rank != "0";
    return on || (processes > 1 && rank_id.has_value());
  }

 private:
  void take_positional();
};

inline void transform_flags::add_to(CLI::App& app) {
  using map = std::map<std::string, int>;
  auto const choice = [&app](char const* flag, auto& target, map const& words, char const* text) {
    using value = std::remove_reference_t<decltype(target)>;
    std::map<std::string, value> table;
    std::string list;
    for (auto const& [word, number] : words) {
      table.emplace(word, static_cast<value>(number));
      list += (list.empty() ? "" : "|") + word;
    }
    app.add_option(flag, target, text)
        ->transform(CLI::CheckedTransformer(table))
        ->option_text(list);
  };
  app.add_option("--src_checkpoint,--src_ckpt_dir", source,
                 "a file, a folder with rank_N folders, or one of weights with an index");
  app.add_option("--dst_checkpoint_dir,--dst_checkpoint,--dst_ckpt_dir", destination,
                 "where the result goes");
  app.add_option("--src_strategy,--src_ckpt_strategy", source_strategy,
                 "file or folder; None = complete weights");
  app.add_option("--dst_strategy,--dst_ckpt_strategy", destination_strategy,
                 "file or folder; None = one complete file");
  app.add_option("--prefix", prefix, "of the result's file names")->capture_default_str();
  app.add_option("--output_format", output_format, "of the result's files")
      ->check(CLI::IsMember({"ckpt", "safetensors"}))
      ->option_text("ckpt|safetensors");
  app.add_option("--rank_id", rank_id, "first rank of this process (by rank)");
  app.add_option("--world_size", world_size, "number of destination ranks");
  app.add_option("--transform_process_num", processes, "processes, or workers without --rank_id");
  app.add_option("--transform_by_rank", by_rank,
                 "this process does world_size / processes ranks from rank_id on")
      ->expected(0, 1)
      ->check(CLI::IsMember({"True", "False", "1", "0"}, CLI::ignore_case))
      ->option_text("True|False")
      ->default_str("True");
  app.add_option("--only_rank", only_rank,
                 "write this rank only; needs only the files that it needs");
  app.add_option("--name", name, "level below the destination folder; auto = name of the source");
  mover.add_to(app);
  add_name_flags(app, layout.names);
  choice("--unlisted", layout.unlisted, {{"drop", 1}, {"full", 2}},
         "names that only the source strategy lists");
  choice("--uneven", layout.tail, {{"ceil", 1}, {"balanced", 2}},
         "how to cut what does not divide");
  choice("--compat", layout.compat, {{"mindspore", 1}},
         "copy names that a strategy lacks as raw slices");
  source_files.add_to(app);
  app.add_option("positional", positional,
                 "SRC SRC_STRATEGY DST DST_STRATEGY WORLD PROCESSES [PREFIX]");
  app.final_callback([this] { take_positional(); });
}

inline void transform_flags::take_positional() {
  if (!positional.empty() && (positional.size() < 6 || positional.size() > 7))
    throw CLI::ArgumentMismatch("SRC SRC_STRATEGY DST DST_STRATEGY WORLD PROCESSES [PREFIX]: " +
                                std::to_string(positional.size()) + " arguments");
  if (!positional.empty()) {
    source = positional[0], source_strategy = positional[1];
    destination = positional[2], destination_strategy = positional[3];
    if (positional.size() == 7) prefix = positional[6];
    reshard::index_t world = 0;
    if (!CLI::detail::lexical_cast(positional[4], world) ||
        !CLI::detail::lexical_cast(positional[5], processes))
      throw CLI::ConversionError("WORLD and PROCESSES are numbers: " + positional[4] + " " +
                                 positional[5]);
    world_size = world;
  }
  if (source.empty()) throw CLI::RequiredError("--src_checkpoint");
}

inline std::vector<reshard::index_t> transform_flags::ranks(reshard::index_t world,
                                                            bool distributed) {
  namespace rd = reshard::detail;
  if (world_size && distributed && *world_size != world)
    rd::arguments_disagree(fmt::format("--world_size {}, but the destination strategy has {} ranks",
                                       *world_size, world));
  if (processes < 1) rd::arguments_disagree(fmt::format("--transform_process_num {}", processes));
  if (processes > world) {
    fmt::print(stderr, "warning: {} processes for {} ranks: taking {}\n", processes, world, world);
    processes = world;
  }
  if (world % processes != 0)
    rd::arguments_disagree(fmt::format("{} processes do not divide {} ranks", processes, world));
  if (mover.workers == 0 && processes > 1)
    mover.workers = by_rank_given() ? 1 : static_cast<std::size_t>(processes);
  if (only_rank && rank_id && *only_rank != *rank_id)
    rd::arguments_disagree(fmt::format("--only_rank {} and --rank_id {}", *only_rank, *rank_id));
  if (only_rank) return {*only_rank};
  if (rank_id.value_or(0) != 0 && !by_rank_given())
    fmt::print(stderr,
               "warning: --rank_id {} says nothing without --transform_by_rank or more than one "
               "--transform_process_num: all ranks are written\n",
               *rank_id);
  std::vector<reshard::index_t> all;
  bool const some = by_rank_given() && rank_id.has_value();
  reshard::index_t const first = some ? *rank_id : 0;
  reshard::index_t const last = some ? first + world / processes : world;
  for (reshard::index_t r = first; r < last; ++r) all.push_back(r);
  return all;
}

}  // namespace tools
