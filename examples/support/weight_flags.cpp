#include "support/weight_flags.hpp"

#include <yaml-cpp/yaml.h>
#include "support/checkpoints.hpp"

#include <reshard/checkpoint/meta_weights.hpp>
#include <reshard/codec/model_config.hpp>

#include <filesystem>

namespace fs = std::filesystem;

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

/// Values of a YAML file of MindFormers: those of model.model_config, else those at the top.
class yaml_config {
 public:
  explicit yaml_config(std::string const& path) : path_(path) {
    try {
      YAML::Node const root = YAML::LoadFile(path);
      node_ = YAML::Clone(root);
      if (root["model"] && root["model"]["model_config"])
        node_ = YAML::Clone(root["model"]["model_config"]);
    } catch (YAML::Exception const& e) {
      reshard::detail::arguments_disagree(path + ": " + e.what());
    }
  }

  void flag(char const* name, optional_flag& target) const {
    if (node_[name] && !target) target = value<bool>(name);
  }
  /// The number under the first of these names that is there.
  [[nodiscard]] std::optional<reshard::config_number> number(
      std::initializer_list<char const*> names) const {
    for (char const* name : names)
      if (node_[name] && !node_[name].IsNull())
        return reshard::config_number{value<reshard::index_t>(name), name};
    return std::nullopt;
  }
  [[nodiscard]] optional_flag maybe(char const* name) const {
    optional_flag out;
    flag(name, out);
    return out;
  }

 private:
  template <class T> [[nodiscard]] T value(char const* name) const {
    try {
      return node_[name].as<T>();
    } catch (YAML::Exception const&) {
      reshard::detail::arguments_disagree(fmt::format("{}: {} has another type", path_, name));
    }
  }

  std::string path_;
  YAML::Node node_;
};

/// The sizes of a YAML file; nothing if it does not have those that every model has.
std::optional<reshard::model> sizes_of(yaml_config const& yaml, reshard::model_family family) {
  reshard::model out;
  out.family = family;
  auto const hidden = yaml.number({"hidden_size"});
  auto const layers = yaml.number({"num_layers", "num_hidden_layers"});
  auto const heads = yaml.number({"num_heads", "num_attention_heads"});
  if (!hidden || !layers || !heads) return std::nullopt;
  out.hidden_size = *hidden;
  out.layers = *layers;
  out.heads = *heads;
  bool const grouped = yaml.maybe("multi_query_attention").value_or(true);
  auto const kv = yaml.number({"n_kv_heads", "num_key_value_heads", "multi_query_group_num"});
  out.kv_heads = kv && grouped ? *kv : *heads;
  if (out.kv_heads.value < 1 || heads->value % out.kv_heads.value != 0)
    reshard::detail::arguments_disagree(fmt::format("{} {} does not divide by {} {}", heads->key,
                                                    heads->value, out.kv_heads.key,
                                                    out.kv_heads.value));
  out.head_dim = yaml.number({"kv_channels", "head_dim"});
  if (!out.head_dim)
    out.head_dim =
        reshard::config_number{hidden->value / heads->value, hidden->key + " / " + heads->key};
  out.vocab_size = yaml.number({"padded_vocab_size", "vocab_size"});
  out.intermediate_size = yaml.number({"ffn_hidden_size", "intermediate_size"});
  out.qkv_bias = yaml.maybe("add_qkv_bias");
  out.tied = yaml.maybe("tie_word_embeddings");
  return out;
}

bool is_yaml(fs::path const& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

/// config.json in the input folder, or beside the input file.
std::string config_beside(fs::path const& input) {
  fs::path const folder = fs::is_directory(input) ? input : input.parent_path();
  fs::path const found = folder / "config.json";
  return fs::exists(found) ? found.string() : "";
}

/// A configuration; one with a model_type that is not known is of the family.
reshard::model read_sizes(std::string const& path, reshard::model_family family) {
  try {
    return reshard::read_model(path);
  } catch (reshard::codec_error const& e) {
    if (e.code() != reshard::errc::value_is_not_supported) throw;
    return reshard::read_model(path, family);
  }
}

/// The folder is a Meta release: params.json, consolidated.*.pth and nothing of Hugging Face.
bool is_meta_release(fs::path const& input) {
  return fs::is_directory(input) && fs::exists(input / "params.json") &&
         reshard::files_in(input.string(), {".safetensors", ".bin", ".ckpt"}).empty();
}

/// Sizes of flags win over those of the file.
void override_sizes(std::map<std::string, reshard::index_t> const& sizes, reshard::model& m) {
  auto const take = [&](char const* axis, auto& target, char const* flag) {
    if (auto const at = sizes.find(axis); at != sizes.end())
      target = reshard::config_number{at->second, flag};
  };
  take("i", m.intermediate_size, "--ffn_hidden_size");
  take("j", m.expert_intermediate_size, "--moe_ffn_hidden_size");
  take("e", m.experts, "--num_routed_experts");
  take("layer", m.layers, "--num_layers");
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

reshard::catalog open_source(weight_flags const& flags) {
  if (!is_meta_release(flags.input))
    return open_checkpoint(flags.input, strategy_of(flags.source_strategy));
  reshard::index_t const width =
      reshard::read_meta_model((fs::path{flags.input} / "params.json").string()).hidden_size.value;
  reshard::catalog out = reshard::open_meta_weights(flags.input, formats(), width);
  print_warnings(out.warnings);
  return out;
}

weight_config read_weight_config(weight_flags& flags) {
  weight_config out;
  reshard::model_family const family = flags.family().type;
  bool const yaml = is_yaml(flags.config);
  std::string const json = yaml || flags.config.empty() ? config_beside(flags.input) : flags.config;
  if (!json.empty()) {
    out.sizes = read_sizes(json, family);
    out.path = json;
    print_warnings(out.sizes->warnings);
  } else if (is_meta_release(flags.input)) {
    out.path = (fs::path{flags.input} / "params.json").string();
    out.sizes = reshard::read_meta_model(out.path);
  }
  if (yaml) {
    yaml_config const values{flags.config};
    values.flag("qkv_concat", flags.variant.qkv_concat);
    values.flag("mlp_concat", flags.variant.mlp_concat);
    values.flag("use_rearrange_rope", flags.variant.rearrange_rope);
    if (!out.sizes) out.sizes = sizes_of(values, family);
    if (out.path.empty()) out.path = flags.config;
  }
  flags.variant.keep_meta_rope = flags.meta_rope == "keep";
  if (out.sizes) override_sizes(flags.sizes, *out.sizes);
  return out;
}

}  // namespace tools
