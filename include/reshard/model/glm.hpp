#pragma once

#include <reshard/model/family.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The tensors have the names of transformers' own GLM classes, not those of ChatGLM.
inline bool has_new_glm_names(family_inputs const& in) {
  if (in.config != nullptr && in.config->family == model_family::chatglm) return false;
  if (in.config != nullptr && in.config->type.starts_with("glm")) return true;
  if (in.source == nullptr) return false;
  for (catalog_tensor const& t : in.source->tensors)
    if (t.name.starts_with("model.layers.")) return true;
  return false;
}

/// Rows of q, k and v as one tensor has them. Rotated halves: the even rows of a head before the
/// odd ones, on the whole head although only half of it is rotated, as the original does.
struct glm_rows {
  std::string q, k, v;

  [[nodiscard]] std::string all() const { return "(" + q + " + " + k + " + " + v + ")"; }
  [[nodiscard]] std::string one(std::string const& rows) const { return "(" + rows + ")"; }
};

inline void add_glm_attention(rule_table& table, family_inputs const& in, bool new_names,
                              std::string_view layer) {
  bool const halves = in.flags.rearrange_rope.value_or(false);
  glm_rows const from =
      halves ? glm_rows{"Q n r 2", "K m r 2", "V kd"} : glm_rows{"Q qd", "K kd", "V kd"};
  glm_rows const to = halves ? glm_rows{"Q n 2 r", "K m 2 r", "V kd"} : from;
  bool const one = in.flags.qkv_concat.value_or(true);
  bool const has_bias = in.config != nullptr && in.config->qkv_bias.value_or(false);
  for (std::string const w : {"weight", "bias"}) {
    std::string const h = w == "weight" ? " h]" : "]";
    auto const apart = [&](glm_rows const& rows, std::string const& q, std::string const& k,
                           std::string const& v) {
      return q + w + " [(" + rows.q + ")" + h + ", " + k + w + " [(" + rows.k + ")" + h + ", " + v +
             w + " [(" + rows.v + ")" + h;
    };
    std::string const all = "self_attention.query_key_value." + w + " [";
    table.under(
        layer, "transformer.encoder.layers.{layer}.",
        {(w == "bias" && !has_bias ? "? " : "") +
         (new_names ? apart(from, "self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj.")
                    : all + from.all() + h) +
         " = " +
         (one ? all + to.all() + h
              : apart(to, "self_attention.wq.", "self_attention.wk.", "self_attention.wv."))});
  }
}

inline void add_glm_ends(rule_table& table, family_inputs const& in, bool new_names) {
  std::string const optional = in.may_be_tied() && new_names ? "? " : "";
  if (new_names)
    table.add({"model.embed_tokens.weight [v h] = transformer.embedding.embedding_weight",
               "model.norm.weight [h] = transformer.encoder.final_layernorm.weight",
               optional + "lm_head.weight [v h] = transformer.output_layer.weight"});
  else
    table.add(
        {"transformer.embedding.word_embeddings.weight [v h] = "
         "transformer.embedding.embedding_weight",
         "transformer.encoder.final_layernorm.weight [h] = "
         "transformer.encoder.final_layernorm.weight",
         "transformer.output_layer.weight [v h] = transformer.output_layer.weight",
         "? transformer.rotary_pos_emb.inv_freq [f] = transformer.rotary_pos_emb.inv_freq"});
  if (in.is_tied() && new_names)
    table.copy_right("transformer.output_layer.weight", "transformer.embedding.embedding_weight",
                     in.flags.untie);
}

/// GLM-4 and ChatGLM, from either of the two layouts of Hugging Face.
///   source: A8; reverse obeys rearrange_rope (the original always turns the rows back)
inline rule_table glm_rules(family_inputs const& in) {
  if (in.is_mcore()) arguments_disagree("glm-n has no mcore names: --target legacy");
  bool const new_names = has_new_glm_names(in);
  rule_table table;
  add_sizes(table, in.config);
  add_glm_ends(table, in, new_names);
  std::string const layer =
      new_names ? "model.layers.{layer}." : "transformer.encoder.layers.{layer}.";
  std::string const right = "transformer.encoder.layers.{layer}.";
  add_glm_attention(table, in, new_names, layer);
  std::string const output = new_names ? "self_attn.o_proj." : "self_attention.dense.";
  std::string const down = new_names ? "mlp.down_proj." : "mlp.dense_4h_to_h.";
  std::string const gate_up = new_names ? "mlp.gate_up_proj." : "mlp.dense_h_to_4h.";
  table.under(layer, right,
              {"input_layernorm.weight [h] = input_layernorm.weight",
               "post_attention_layernorm.weight [h] = post_attention_layernorm.weight",
               "? post_self_attn_layernorm.weight [h] = post_self_attn_layernorm.weight",
               "? post_mlp_layernorm.weight [h] = post_mlp_layernorm.weight",
               output + "weight [h qd] = self_attention.dense.weight",
               "? " + output + "bias [h] = self_attention.dense.bias",
               down + "weight [h i] = mlp.dense_4h_to_h.weight",
               "? " + down + "bias [h] = mlp.dense_4h_to_h.bias"});
  for (std::string const w : {"weight", "bias"}) {
    std::string const h = w == "weight" ? " h]" : "]";
    std::string const from =
        (w == "bias" ? "? " : "") + gate_up + w + " [(GATE i + UP i)" + h + " = ";
    if (in.flags.mlp_concat.value_or(true))
      table.under(layer, right, {from + "mlp.dense_h_to_4h." + w + " [(GATE i + UP i)" + h});
    else
      table.under(layer, right,
                  {from + "mlp.dense_left." + w + " [(GATE i)" + h + ", mlp.dense_right." + w +
                   " [(UP i)" + h});
  }
  return table;
}
}  // namespace detail

inline weight_family const glm_family{
    {"glm-n", "glm4", "glm"}, "GLM-4, ChatGLM", model_family::chatglm,
    dtype::float32,           std::nullopt,     detail::glm_rules};

}  // namespace v1
}  // namespace reshard
