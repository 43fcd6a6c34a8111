#pragma once

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/checkpoint/rule_table.hpp>

#include <optional>

namespace reshard {
inline namespace v1 {

/// Names of MindSpore Transformers: those of its first releases, or those of its Megatron-like
/// models.
enum class naming { legacy, mcore };
/// How one tensor has the rows of q, k and v: for every key/value head its query heads, key and
/// value; or all of q, then k, then v.
enum class qkv_order { grouped, plain };
/// How one tensor has the rows of gate and up: one of each in turn, or all of gate before up.
enum class gate_order { interleaved, concatenated };

/// Which of a family's variants is on the right side. What is not said is the family's default.
struct family_flags {
  std::optional<naming> target;
  std::optional<bool> qkv_concat;      ///< q, k and v are one tensor, gate and up another one
  std::optional<bool> mlp_concat;      ///< glm-n: gate and up are one tensor
  std::optional<bool> rearrange_rope;  ///< glm-n: rows of q and k are those of rotated halves
  std::optional<bool> grouped_gemm;    ///< experts are stacked as factors of grouped products
  qkv_order qkv = qkv_order::grouped;
  gate_order gate = gate_order::interleaved;
  bool keep_meta_rope = false;  ///< of a Meta release: rows of q and k stay as they are
  bool untie = false;           ///< of a tied model the output layer is written too
};

/// What is known before rules are chosen.
///   config: null: none is given; sizes come from the tensors
///   source: the tensors that are given
struct family_inputs {
  model const* config = nullptr;
  family_flags flags;
  catalog const* source = nullptr;

  [[nodiscard]] bool is_mcore(naming by_default = naming::legacy) const {
    return flags.target.value_or(by_default) == naming::mcore;
  }
  /// The output layer is the embedding.
  [[nodiscard]] bool is_tied() const { return config != nullptr && config->tied.value_or(false); }
  /// The source may lack the output layer.
  [[nodiscard]] bool may_be_tied() const { return config == nullptr || is_tied(); }
  /// The experts are stacked as transformers 5 has them in memory: gate_up_proj, down_proj. What it
  /// saves has a tensor per expert.
  [[nodiscard]] bool has_stacked_experts() const {
    if (source == nullptr) return false;
    for (catalog_tensor const& t : source->tensors)
      if (t.name.ends_with(".mlp.experts.gate_up_proj")) return true;
    return false;
  }
};

/// A family of models: names, and how its rules are made.
///   names:           what --model accepts, the first one is the family's own
///   type:            of Hugging Face configurations with an unknown model_type
///   forward_type:    of the result when none is asked for; nothing = as stored
struct weight_family {
  std::vector<std::string_view> names;
  std::string_view what;
  model_family type = model_family::dense;
  std::optional<dtype> forward_type;
  std::optional<dtype> reverse_type;
  rule_table (*rules)(family_inputs const&);
};

namespace detail {
inline config_number product(config_number const& a, config_number const& b) {
  return {a.value * b.value, a.key + " * " + b.key};
}
inline config_number sum(config_number const& a, config_number const& b) {
  return {a.value + b.value, "(" + a.key + " + " + b.key + ")"};
}
inline config_number half(config_number const& a) {
  return {a.value / 2, a.key + " / 2"};
}
}  // namespace detail

/// The sizes that all families with heads have: v (vocabulary), h (hidden), i (MLP), n query heads
/// in groups of g for each of m key/value heads, d (head), qd = n * d, kd = m * d, r = d / 2,
/// layers. Rules use composite sizes where a tensor is not taken apart, so that they hold without a
/// configuration.
inline void add_sizes(rule_table& table, model const* config) {
  if (config == nullptr) return;
  table.size("layer", config->layers);
  table.size("v", config->vocab_size);
  table.size("h", config->hidden_size);
  table.size("i", config->intermediate_size);
  table.size("n", config->heads);
  table.size("m", config->kv_heads);
  table.size("g", config_number{config->heads_per_kv_head(),
                                config->heads.key + " / " + config->kv_heads.key});
  table.size("e", config->experts);
  table.size("j", config->expert_intermediate_size);
  if (!config->head_dim) return;
  table.size("d", config->head_dim);
  table.size("r", detail::half(*config->head_dim));
  table.size("qd", detail::product(config->heads, *config->head_dim));
  table.size("kd", detail::product(config->kv_heads, *config->head_dim));
}

}  // namespace v1
}  // namespace reshard
