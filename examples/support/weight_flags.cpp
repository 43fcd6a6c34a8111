#include "support/weight_flags.hpp"

namespace tools {
namespace {

using optional_flag = std::optional<bool>;

/// A flag that takes True or False, as argparse's type=str2bool does.
CLI::Option* add_true_false(CLI::App& app, std::string const& name, optional_flag& target,
                            std::string const& text) {
  return app
      .add_option_function<std::string>(
          name,
          [&target](std::string const& word) {
            std::string const lower = CLI::detail::to_lower(word);
            target = lower == "true" || lower == "1" || lower == "yes" || lower == "y";
          },
          text)
      ->check(CLI::IsMember({"True", "False", "true", "false", "1", "0", "yes", "no", "y", "n"}))
      ->option_text("True|False");
}

template <class Choice>
void add_choice(CLI::App& app, std::string const& name, std::optional<Choice>& target,
                std::map<std::string, Choice> const& words, std::string const& text) {
  std::string list;
  for (auto const& [word, value] : words) list += (list.empty() ? "" : "|") + word;
  app.add_option_function<std::string>(
         name, [&target, words](std::string const& word) { target = words.at(word); }, text)
      ->check(CLI::IsMember(words))
      ->option_text(list);
}

/// Flags of families that this tool does not have; the sizes are in the configuration.
void add_ignored(CLI::App& app, std::string const& name, std::string const& whose) {
  app.add_option_function<std::string>(
         name,
         [name](std::string const&) {
           fmt::print(stderr, "warning: {} is ignored: no family here uses it\n", name);
         },
         "ignored, of " + whose)
      ->option_text("VALUE");
}
}  // namespace

std::optional<reshard::dtype> weight_flags::result_type() const {
  if (type == "fp32") return reshard::dtype::float32;
  if (type == "bf16") return reshard::dtype::bfloat16;
  if (type == "fp16") return reshard::dtype::float16;
  if (type == "keep") return std::nullopt;
  return reversed ? family().reverse_type : family().forward_type;
}

void weight_flags::add_to(CLI::App& app) {
  std::string names;
  for (reshard::weight_family const* f : reshard::known_families())
    for (std::string_view const name : f->names)
      names += (names.empty() ? "" : "|") + std::string{name};
  app.add_option("--model", model, "the family")->required()->option_text(names);
  app.add_flag("--reversed", reversed, "from MindSpore's names to Hugging Face's");
  app.add_option("--input_path,--pre_ckpt_path", input,
                 "a folder or file of weights; a folder of ranks with --src_strategy")
      ->required();
  app.add_option("--output_path,--mindspore_ckpt_path", output,
                 ".ckpt or .safetensors: one file; else a folder")
      ->required();
  app.add_option("--dtype", type, "of the result; default: the family's; keep = as stored")
      ->check(CLI::IsMember({"fp32", "bf16", "fp16", "keep"}))
      ->option_text("fp32|bf16|fp16|keep");
  app.add_option("--config,--config_path", config,
                 "sizes and variants: JSON or YAML; default: config.json of the input");
  app.add_option("--save_format", save_format, "of the files in a folder")
      ->check(CLI::IsMember({"ckpt", "safetensors"}))
      ->option_text("ckpt|safetensors");
  add_choice(app, "--target", variant.target,
             {{"legacy", reshard::naming::legacy}, {"mcore", reshard::naming::mcore}},
             "MindSpore's names");
  add_true_false(app, "--qkv_concat", variant.qkv_concat,
                 "q, k, v and gate, up are one tensor each");
  add_true_false(app, "--mlp_concat", variant.mlp_concat, "glm-n: gate and up are one tensor");
  add_true_false(app, "--use_rearrange_rope", variant.rearrange_rope,
                 "glm-n: q and k with rotated halves");
  add_true_false(app, "--use_grouped_gemm,--use_gmm", variant.grouped_gemm,
                 "experts transposed for grouped products");
  add_choice(app, "--qkv_layout", qkv,
             {{"grouped", reshard::qkv_order::grouped}, {"plain", reshard::qkv_order::plain}},
             "rows of a fused q, k, v");
  add_choice(app, "--fc1_layout", gate,
             {{"interleaved", reshard::gate_order::interleaved},
              {"concat", reshard::gate_order::concatenated}},
             "rows of a fused gate, up");
  app.add_option("--meta_rope", meta_rope,
                 "rows of q and k of a Meta release: as Hugging Face's, or kept")
      ->check(CLI::IsMember({"hf", "keep"}))
      ->option_text("hf|keep");
  app.add_flag("--untie", variant.untie, "write the output layer of a tied model, too");
  app.add_option("--src_strategy", source_strategy, "the input is rank_N folders under it");
  app.add_option("--dst_strategy", destination_strategy, "write rank_N folders under it");
  app.add_option("--prefix", prefix, "of the names of rank files")->capture_default_str();
  app.add_option("--max_shard_size", max_shard_bytes, "of files in a folder, such as 5GB")
      ->transform(CLI::AsSizeValue(true))
      ->option_text("SIZE");
  app.add_flag("--allow_unknown", allow_unknown, "copy tensors that the family does not have");
  app.add_flag("--strict_copies", strict_copies,
               "tensors that are left out as copies must be equal to what they copy");
  app.add_flag("--strict_overflow", strict_overflow,
               "a finite value that becomes infinite is an error");
  for (auto const& [flag, axis] : {std::pair{"--ffn_hidden_size", "i"},
                                   {"--moe_ffn_hidden_size", "j"},
                                   {"--num_routed_experts", "e"},
                                   {"--num_layers", "layer"}})
    app.add_option_function<reshard::index_t>(
           flag, [this, name = std::string{axis}](reshard::index_t n) { sizes[name] = n; },
           "checked against the tensors; wins over the configuration")
        ->check(CLI::PositiveNumber);
  add_ignored(app, "--n_head", "BLOOM");
  add_ignored(app, "--hidden_size", "BLOOM");
  add_ignored(app, "--layers", "GPT-2");
  add_ignored(app, "--is_pretrain", "Swin");
  add_ignored(app, "--telechat_type", "TeleChat");
  add_ignored(app, "--max_worker", "scripts that use processes");
  mover.add_to(app);
}

}  // namespace tools
