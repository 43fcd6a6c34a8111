#pragma once

#include <reshard/model/meta_llama.hpp>

namespace reshard {
inline namespace v1 {

/// Prefixes of the names of a decoder layer.
struct layer_names {
  std::string_view left = "model.layers.{layer}.";
  std::string_view right = "model.layers.{layer}.";
};

/// Embedding, last norm and output layer, under the names of Llama's and most other families.
///   source: A6.1, A6.2, A6.5
inline void add_llama_ends(rule_table& table, family_inputs const& in, bool mcore) {
  std::string const embedding =
      mcore ? "embedding.word_embeddings.weight" : "model.tok_embeddings.embedding_weight";
  std::string const head = mcore ? "output_layer.weight" : "lm_head.weight";
  std::string const norm = mcore ? "decoder.final_layernorm.weight" : "model.norm_out.weight";
  table.add({"model.embed_tokens.weight [v h] = " + embedding, "model.norm.weight [h] = " + norm,
             (in.may_be_tied() ? "? lm_head.weight [v h] = " : "lm_head.weight [v h] = ") + head});
  if (in.is_tied()) table.copy_right(head, embedding, in.flags.untie);
  table.drop("rope.freqs");
  table.drop("model.rotary_emb.inv_freq");
  table.drop("model.layers.{any}.self_attn.rotary_emb.inv_freq");
}

/// Attention and norms. The bias follows the weight.
///   has_bias: q, k and v must have one
///   source:   A6.1, A6.4, A6.5
inline void add_llama_attention(rule_table& table, family_inputs const& in, layer_names names,
                                bool mcore, bool has_bias = false) {
  if (mcore)
    table.under(names.left, names.right,
                {"input_layernorm.weight [h] = input_layernorm.weight",
                 "post_attention_layernorm.weight [h] = pre_mlp_layernorm.weight",
                 "self_attn.o_proj.weight [h qd] = self_attention.linear_proj.weight",
                 "? self_attn.o_proj.bias [h] = self_attention.linear_proj.bias",
                 "? self_attn.q_norm.weight [d] = self_attention.q_layernorm.weight",
                 "? self_attn.k_norm.weight [d] = self_attention.k_layernorm.weight"});
  else
    table.under(names.left, names.right,
                {"input_layernorm.weight [h] = attention_norm.weight",
                 "post_attention_layernorm.weight [h] = ffn_norm.weight",
                 "self_attn.o_proj.weight [h qd] = attention.wo.weight",
                 "? self_attn.o_proj.bias [h] = attention.wo.bias"});
  bool const one = in.flags.qkv_concat.value_or(mcore);
  std::string const to = mcore ? "self_attention." : "attention.";
  std::string const fused = to + (mcore ? "linear_qkv." : "w_qkv.");
  std::string const apart[] = {to + (mcore ? "linear_q." : "wq."),
                               to + (mcore ? "linear_k." : "wk."),
                               to + (mcore ? "linear_v." : "wv.")};
  for (std::string const w : {"weight", "bias"}) {
    std::string const h = w == "weight" ? " h]" : "]";
    std::string const optional = w == "bias" && !has_bias ? "? " : "";
    std::string const q = "self_attn.q_proj." + w;
    std::string const k = "self_attn.k_proj." + w;
    std::string const v = "self_attn.v_proj." + w;
    if (!one)
      table.under(names.left, names.right,
                  {optional + q + " [qd" + h + " = " + apart[0] + w,
                   optional + k + " [kd" + h + " = " + apart[1] + w,
                   optional + v + " [kd" + h + " = " + apart[2] + w});
    else if (in.flags.qkv == qkv_order::grouped)
      table.under(names.left, names.right,
                  {optional + q + " [(m g d)" + h + ", " + k + " [(m K d)" + h + ", " + v +
                   " [(m V d)" + h + " = " + fused + w + " [(m (g + K + V) d)" + h});
    else
      table.under(names.left, names.right,
                  {optional + q + " [qd" + h + ", " + k + " [(K kd)" + h + ", " + v + " [(V kd)" +
                   h + " = " + fused + w + " [(qd + K kd + V kd)" + h});
  }
}

/// A gated MLP: three matrices, or gate and up as one.
///   prefixes: of the module on either side, behind those of the layer; size: the axis of its width
inline void add_gated_mlp(rule_table& table, family_inputs const& in, layer_names names,
                          std::string const& left, std::string const& right, char const* size,
                          bool mcore) {
  bool const one = in.flags.qkv_concat.value_or(mcore);
  std::string const i = size;
  std::string const gate = left + "gate_proj.weight [";
  std::string const up = left + "up_proj.weight [";
  std::string const fused = right + (mcore ? "linear_fc1.weight [" : "w_gate_hidden.weight [");
  table.under(names.left, names.right,
              {left + "down_proj.weight [h " + i + "] = " + right +
               (mcore ? "linear_fc2.weight" : "w2.weight")});
  if (!one)
    table.under(names.left, names.right,
                {gate + i + " h] = " + right + (mcore ? "gating.weight" : "w1.weight"),
                 up + i + " h] = " + right + (mcore ? "hidden.weight" : "w3.weight")});
  else if (in.flags.gate == gate_order::interleaved)
    table.under(names.left, names.right,
                {gate + "(" + i + " GATE) h], " + up + "(" + i + " UP) h] = " + fused + "(" + i +
                 " (GATE + UP)) h]"});
  else
    table.under(names.left, names.right,
                {gate + "(GATE " + i + ") h], " + up + "(UP " + i + ") h] = " + fused + "(GATE " +
                 i + " + UP " + i + ") h]"});
}

namespace detail {
inline rule_table llama_rules(family_inputs const& in) {
  if (in.source != nullptr && has_meta_names(*in.source)) return meta_llama_rules(in);
  bool const mcore = in.is_mcore();
  layer_names const names{"model.layers.{layer}.",
                          mcore ? "decoder.layers.{layer}." : "model.layers.{layer}."};
  rule_table table;
  add_sizes(table, in.config);
  add_llama_ends(table, in, mcore);
  add_llama_attention(table, in, names, mcore);
  add_gated_mlp(table, in, names, "mlp.", mcore ? "mlp." : "feed_forward.", "i", mcore);
  return table;
}
}  // namespace detail

/// Llama 1, 2, 3 and 3.1, Yi, DeepSeek-Coder, InternLM v1: one map.
inline weight_family const llama_family{
    {"llama", "llama3_1", "llama3", "yi", "internlm", "deepseek_coder"},
    "Llama 1/2/3/3.1, Yi, InternLM v1, DeepSeek-Coder",
    model_family::dense,
    std::nullopt,
    std::nullopt,
    detail::llama_rules};

}  // namespace v1
}  // namespace reshard
