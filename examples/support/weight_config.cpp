#include "support/weight_config.hpp"

#include "support/checkpoints.hpp"
#include "support/yaml_config.hpp"

#include <reshard/checkpoint/meta_weights.hpp>
#include <reshard/codec/model_config.hpp>

#include <filesystem>

namespace fs = std::filesystem;

namespace tools {
namespace {

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
