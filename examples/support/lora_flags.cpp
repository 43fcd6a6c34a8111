#include "support/lora_flags.hpp"

#include <filesystem>
#include <map>

namespace tools {
namespace {

std::string scaling_fault(std::string const& text) {
  if (text == "auto") return {};
  if (text == "lora_alpha/lora_rank")
    return "lora_alpha/lora_rank stands for a number, such as 2 for alpha 16 and rank 8; auto "
           "takes "
           "both from the adapter_config.json beside the checkpoint";
  try {
    std::size_t used = 0;
    (void)std::stod(text, &used);
    if (used == text.size()) return {};
  } catch (std::exception const&) {  // said below
  }
  return "'" + text + "' is no number and not auto";
}

template <class Choice, class Target>
void add_words(CLI::App& app, char const* flag, Target& target,
               std::map<std::string, Choice> const& words, char const* text) {
  std::string list;
  for (auto const& [word, value] : words) list += (list.empty() ? "" : "|") + word;
  app.add_option(flag, target, text)->transform(CLI::CheckedTransformer(words))->option_text(list);
}
}  // namespace

void lora_flags::add_to(CLI::App& app) {
  app.add_option("--src_ckpt_path_or_dir,--src_ckpt_path", source,
                 "a file with base and adapter, or a folder with rank_N folders");
  app.add_option("--src_ckpt_strategy", source_strategy, "file or folder; of a distributed source");
  app.add_option("--dst_ckpt_dir", destination, "the folder of the result");
  app.add_option("--dst_ckpt_path", destination_file, "the result, where it is one file");
  app.add_option("--dst_ckpt_strategy", destination_strategy,
                 "file or folder; the result is laid out over its ranks");
  app.add_option("--prefix", prefix, "of the names of rank files")->capture_default_str();
  app.add_option("--lora_scaling", scaling,
                 "factor of B x A; auto: alpha / rank of the adapter_config.json beside the "
                 "checkpoint, else 1 with a warning")
      ->check(scaling_fault)
      ->option_text("NUMBER|auto");
  app.add_option("--lora_alpha", alpha, "the factor is alpha / rows of A")
      ->excludes("--lora_scaling");
  app.add_option("--save_format", format, "of the result")
      ->check(CLI::IsMember({"ckpt", "safetensors"}))
      ->capture_default_str();
  using reshard::lora_precision;
  using reshard::lora_rounding;
  add_words<lora_precision>(app, "--accumulate", arithmetic.accumulate,
                            {{"fp32", lora_precision::float32}, {"fp64", lora_precision::float64}},
                            "what products and sums are computed in; default fp32");
  add_words<lora_rounding>(app, "--rounding", arithmetic.rounding,
                           {{"once", lora_rounding::once},
                            {"peft", lora_rounding::peft},
                            {"mindformers", lora_rounding::mindformers}},
                           "round the sum only, or also before it as these tools do; default once");
  add_words<reshard::compatibility>(app, "--compat", layout.compat,
                                    {{"mindspore", reshard::compatibility::mindspore}},
                                    "name the result merged_lora.ckpt.safetensors");
  add_peft_to(app);
  mover.add_to(app);
  app.final_callback([this] { settle(); });
}

void lora_flags::add_peft_to(CLI::App& app) {
  app.add_option("--base", base, "folder of weights of Hugging Face, or a file");
  app.add_option("--adapter", adapters,
                 "folder of an adapter of PEFT, with a factor behind a colon if any; repeatable, "
                 "merged in this order")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->option_text("DIR[:WEIGHT]");
  app.add_option("--model", model,
                 "family, such as llama, whose rules name the modules of adapters in a checkpoint "
                 "with MindSpore's names");
  app.add_option("--config", config, "config.json of the model, where the rules need its sizes");
  app.add_option("--output", output, "folder of the result, whose files are named as the base's");
  add_words<reshard::dtype>(app, "--dtype", type,
                            {{"fp16", reshard::dtype::float16},
                             {"bf16", reshard::dtype::bfloat16},
                             {"fp32", reshard::dtype::float32},
                             {"fp64", reshard::dtype::float64}},
                            "type of the result; default: each tensor keeps its own");
}

/// The flags of one of the ways to use the tool are there, and none of another.
void lora_flags::settle() {
  if (!adapters.empty() && !source.empty() && model.empty()) throw CLI::RequiredError("--model");
  if (!base.empty() || !output.empty() || (!adapters.empty() && source.empty())) {
    if (base.empty()) throw CLI::RequiredError("--base");
    if (adapters.empty()) throw CLI::RequiredError("--adapter");
    if (output.empty()) throw CLI::RequiredError("--output");
    if (!source.empty() || !destination.empty() || !destination_file.empty())
      throw CLI::ExcludesError("--base", "--src_ckpt_path_or_dir, --dst_ckpt_dir, --dst_ckpt_path");
    return;
  }
  if (source.empty())
    throw CLI::RequiredError("--src_ckpt_path_or_dir, or --base with --adapter and --output,");
  if (destination.empty() == destination_file.empty())
    throw CLI::RequiredError("one of --dst_ckpt_dir and --dst_ckpt_path");
  if (destination_file.empty()) return;
  if (!destination_strategy.empty())
    throw CLI::ExcludesError("--dst_ckpt_path", "--dst_ckpt_strategy");
  format = "safetensors";
  if (!destination_file.ends_with(".safetensors")) destination_file += ".safetensors";
  destination = std::filesystem::path{destination_file}.parent_path().string();
  if (destination.empty()) destination = ".";
}

std::string lora_flags::merged_file() const {
  if (!destination_file.empty()) return destination_file;
  bool const doubled =
      format == "safetensors" && layout.compat == reshard::compatibility::mindspore;
  return fmt::format("{}/merged_lora{}.{}", destination, doubled ? ".ckpt" : "", format);
}

}  // namespace tools
