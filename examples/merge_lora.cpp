// Merges LoRA adapters into the weights that they were trained for, and lays the result out anew.

#include "support/checkpoints.hpp"
#include "support/lora_scaling.hpp"
#include "support/move_tensors.hpp"

#include <reshard/checkpoint/embedded_lora.hpp>

using namespace reshard;

namespace {

/// The merges of a checkpoint that holds base and adapters; the adapters leave it.
std::vector<lora_merge> take_merges(catalog& source, tools::lora_flags const& flags) {
  embedded_adapters const found = take_embedded_adapters(source);
  tools::print_warnings(found.warnings);
  tools::lora_scalings const scalings{flags};
  std::vector<lora_merge> merges;
  for (embedded_pair const& pair : found.pairs)
    merges.push_back(merge_of(source, pair, scalings.of(pair.module, pair.a.shape[0])));
  return merges;
}

int run(tools::lora_flags const& flags) {
  auto const from = tools::strategy_of(flags.source_strategy);
  auto const to = tools::strategy_of(flags.destination_strategy);
  catalog source = tools::open_checkpoint(flags.source, from);
  std::vector<lora_merge> merges = take_merges(source, flags);
  destination_layout destination = lay_out(source, to ? &*to : nullptr, flags.layout);
  tools::print_warnings(destination.warnings);
  rank_file_options files;
  files.path_of = [&](index_t rank) { return to ? flags.rank_file(rank) : flags.merged_file(); };
  files.format = tools::format_named(flags.format);
  conversion_plan plan = plan_rank_files(source, std::move(destination), files);
  if (!flags.mover.quiet) fmt::print("merges {} adapters\n", merges.size());
  add_lora(plan, std::move(merges), flags.arithmetic);
  return tools::move_tensors(std::move(plan), flags.mover, flags.destination);
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Merges LoRA adapters into their base weights."};
  app.footer(
      "example: merge_lora --src_ckpt_path_or_dir ckpt --src_ckpt_strategy strategy --dst_ckpt_dir "
      "out --lora_scaling 2 --verify");
  tools::lora_flags flags;
  flags.add_to(app);
  return app.run(argc, argv, [&] { return run(flags); });
}
