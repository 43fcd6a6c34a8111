// Merges LoRA adapters into the weights that they were trained for, and lays the result out anew.

#include "support/checkpoints.hpp"
#include "support/lora_record.hpp"
#include "support/lora_scaling.hpp"
#include "support/move_tensors.hpp"
#include "support/peft_job.hpp"

#include <reshard/checkpoint/embedded_lora.hpp>
#include <reshard/checkpoint/weight_files.hpp>

using namespace reshard;

namespace {

/// The merges of a checkpoint that holds base and adapters; the adapters leave it.
std::vector<lora_merge> take_merges(catalog& source, tools::lora_flags const& flags,
                                    tools::lora_record& record) {
  embedded_adapters const found = take_embedded_adapters(source);
  tools::print_warnings(found.warnings);
  tools::lora_scalings const scalings{flags};
  std::vector<lora_merge> merges;
  std::vector<catalog_tensor> tensors;
  std::vector<adapter_use> uses;
  for (embedded_pair const& pair : found.pairs) {
    double const scale = scalings.of(pair.module, pair.a.shape[0]);
    merges.push_back(merge_of(source, pair, scale));
    for (catalog_tensor const& t : {pair.a, pair.b}) {
      tensors.push_back(t);
      uses.push_back({t.name, "merged", pair.base.name, scale});
    }
  }
  record.add(flags.source, source, std::move(tensors), flags.mover.force);
  record.add_uses(uses);
  return merges;
}

/// Merges what a checkpoint of MindFormers holds, and lays the result out anew.
int merge_embedded(tools::lora_flags const& flags) {
  auto const from = tools::strategy_of(flags.source_strategy);
  auto const to = tools::strategy_of(flags.destination_strategy);
  catalog source = tools::open_checkpoint(flags.source, from);
  tools::lora_record record{source};
  std::vector<lora_merge> merges = take_merges(source, flags, record);
  destination_layout destination = lay_out(source, to ? &*to : nullptr, flags.layout);
  tools::print_warnings(destination.warnings);
  rank_file_options files;
  files.path_of = [&](index_t rank) { return to ? flags.rank_file(rank) : flags.merged_file(); };
  files.format = tools::format_named(flags.format);
  files.image = tools::mindspore_image(files.format);
  if (flags.format == "safetensors")
    for (auto& pair : record.metadata()) files.image.metadata.push_back(std::move(pair));
  conversion_plan plan = plan_rank_files(source, std::move(destination), files);
  if (flags.format == "ckpt")
    plan.files.push_back(text_file(flags.destination + '/' + tools::lora_record::file_name,
                                   record.json().dump(2) + '\n'));
  if (!flags.mover.quiet) fmt::print("merges {} adapters\n", merges.size());
  if (flags.type) set_real_type(plan, *flags.type);
  add_lora(plan, std::move(merges), flags.arithmetic);
  return tools::move_tensors(std::move(plan), flags.mover, flags.destination, record.json());
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Merges LoRA adapters into their base weights."};
  app.footer(
      "examples: merge_lora --src_ckpt_path_or_dir ckpt --src_ckpt_strategy strategy "
      "--dst_ckpt_dir out --lora_scaling 2 --verify\n"
      "          merge_lora --base model --adapter adapter --output merged");
  tools::lora_flags flags;
  flags.add_to(app);
  return app.run(argc, argv, [&] {
    return flags.has_adapters() ? tools::merge_adapters(flags) : merge_embedded(flags);
  });
}
