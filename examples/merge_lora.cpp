// Merges LoRA adapters into the weights that they were trained for, and lays the result out anew.

#include "support/lora_output.hpp"
#include "support/lora_scaling.hpp"
#include "support/lora_source.hpp"
#include "support/move_tensors.hpp"
#include "support/peft_job.hpp"

#include <reshard/checkpoint/embedded_lora.hpp>

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
int merge_embedded(tools::lora_flags const& flags, tools::job_report& report) {
  catalog source = tools::open_source(flags);
  tools::lora_record record{source};
  std::vector<lora_merge> merges = take_merges(source, flags, record);
  conversion_plan plan = tools::plan_output(source, flags, record);
  if (!flags.mover.quiet) fmt::print("merges {} adapters\n", merges.size());
  return tools::run_merges(std::move(plan), std::move(merges), flags, record, flags.destination,
                           report);
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Merges LoRA adapters into their base weights."};
  app.footer(
      "examples: merge_lora --src_ckpt_path_or_dir ckpt --src_ckpt_strategy strategy "
      "--dst_ckpt_dir out --lora_scaling 2 --verify\n"
      "          merge_lora --base model --adapter adapter --output merged\n"
      "          merge_lora --src_ckpt_path_or_dir llama.ckpt --model llama --adapter adapter "
      "--dst_ckpt_dir out");
  tools::lora_flags flags;
  flags.add_to(app);
  return tools::run_reported(app, argc, argv, flags.mover, [&](tools::job_report& report) {
    if (!flags.has_adapters()) return merge_embedded(flags, report);
    return flags.base.empty() ? tools::merge_renamed_adapters(flags, report)
                              : tools::merge_adapters(flags, report);
  });
}
