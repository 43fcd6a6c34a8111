#pragma once

#include <reshard/model/llama.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Routed experts of the Megatron-like models: stacked, transposed, gate before up.
///   source: A11.1, second generation
inline void add_mcore_experts(rule_table& table, family_inputs const& in, layer_names names) {
  if (in.has_stacked_experts())
    return table.under(
        names.left, names.right,
        {"mlp.gate.weight [e h] = mlp.router.weight",
         "mlp.experts.gate_up_proj [e (GATE j + UP j) h] = mlp.experts.weight1 [(e h) (GATE j + "
         "UP j)]",
         "mlp.experts.down_proj [e h j] = mlp.experts.weight2 [(e j) h]"});
  table.under(names.left, names.right,
              {"mlp.gate.weight [e h] = mlp.router.weight",
               "mlp.experts.{e}.gate_proj.weight [(GATE j) h], mlp.experts.{e}.up_proj.weight "
               "[(UP j) h] = mlp.experts.weight1 [(e h) (GATE j + UP j)]",
               "mlp.experts.{e}.down_proj.weight [h j] = mlp.experts.weight2 [(e j) h]"});
}

/// Qwen 2 and 2.5: Llama's map with biases of q, k and v.
inline rule_table qwen_rules(family_inputs const& in) {
  bool const mcore = in.is_mcore();
  layer_names const names{"model.layers.{layer}.",
                          mcore ? "decoder.layers.{layer}." : "model.layers.{layer}."};
  rule_table table;
  add_sizes(table, in.config);
  add_llama_ends(table, in, mcore);
  add_llama_attention(table, in, names, mcore, true);
  add_gated_mlp(table, in, names, "mlp.", mcore ? "mlp." : "feed_forward.", "i", mcore);
  return table;
}

/// Qwen 3: norms of q and k, no biases.
inline rule_table qwen3_rules(family_inputs const& in) {
  layer_names const names{"model.layers.{layer}.", "decoder.layers.{layer}."};
  if (!in.is_mcore(naming::mcore)) arguments_disagree("qwen3 has no legacy names: --target mcore");
  rule_table table;
  add_sizes(table, in.config);
  add_llama_ends(table, in, true);
  add_llama_attention(table, in, names, true);
  add_gated_mlp(table, in, names, "mlp.", "mlp.", "i", true);
  return table;
}

/// Qwen 3 with experts in every layer; Qwen 2 with experts has a shared one, too.
inline rule_table qwen_moe_rules(family_inputs const& in) {
  layer_names const names{"model.layers.{layer}.", "decoder.layers.{layer}."};
  if (!in.is_mcore(naming::mcore))
    arguments_disagree("Qwen with experts has no legacy names: --target mcore");
  rule_table table;
  add_sizes(table, in.config);
  add_llama_ends(table, in, true);
  add_llama_attention(table, in, names, true);
  add_mcore_experts(table, in, names);
  if (in.config == nullptr || in.config->type != "qwen2_moe") return table;
  add_gated_mlp(table, in, names, "mlp.shared_expert.", "mlp.shared_experts.", "s", true);
  table.under(names.left, names.right,
              {"mlp.shared_expert_gate.weight [one h] = mlp.shared_experts.gate.weight"});
  return table;
}
}  // namespace detail

inline weight_family const qwen_family{{"qwen", "qwen2_5", "qwen2.5", "qwen2"},
                                       "Qwen 2 and 2.5",
                                       model_family::dense,
                                       dtype::bfloat16,
                                       std::nullopt,
                                       detail::qwen_rules};

inline weight_family const qwen3_family{{"qwen3"},       "Qwen 3",     model_family::dense,
                                        dtype::bfloat16, std::nullopt, detail::qwen3_rules};

inline weight_family const qwen_moe_family{{"qwen3_moe", "qwen3-moe", "qwen2_moe", "qwen2-moe"},
                                           "Qwen 3 and 2 with experts",
                                           model_family::qwen_moe,
                                           dtype::bfloat16,
                                           std::nullopt,
                                           detail::qwen_moe_rules};

}  // namespace v1
}  // namespace reshard
