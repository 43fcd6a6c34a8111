#pragma once

#include <reshard/model/qwen.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The sizes of latent attention and of the kinds of layers.
inline void add_deepseek_sizes(rule_table& table, model const* config) {
  add_sizes(table, config);
  if (config == nullptr) return;
  config_number const none{0, "0"};
  config_number const first = config->first_dense_layers.value_or(none);
  table.size("layers", config->layers);
  config_number const dense{std::min(first.value, config->layers.value), first.key};
  table.size("dense", dense);
  table.size("sparse", config_number{config->layers.value - dense.value,
                                     config->layers.key + " - " + dense.key});
  table.size("mtp", config->prediction_layers.value_or(none));
  table.size("hh", config_number{2 * config->hidden_size.value, "2 * " + config->hidden_size.key});
  if (!config->kv_lora_rank || !config->qk_nope_head_dim || !config->qk_rope_head_dim ||
      !config->v_head_dim)
    return;
  table.size("qr", config->q_lora_rank);
  table.size("kr", config->kv_lora_rank);
  table.size("no", config->qk_nope_head_dim);
  table.size("r", half(*config->qk_rope_head_dim));
  table.size("vd", config->v_head_dim);
  table.size("ov", product(config->heads, *config->v_head_dim));
  table.size("ka", sum(*config->kv_lora_rank, *config->qk_rope_head_dim));
  table.size("qb",
             product(config->heads, sum(*config->qk_nope_head_dim, *config->qk_rope_head_dim)));
  table.size("kb", product(config->heads, sum(*config->qk_nope_head_dim, *config->v_head_dim)));
}

/// Latent attention: rows of every head without and with rotation apart, rotated ones in halves.
///   source: A10.2
inline void add_latent_attention(rule_table& table, model const* config, layer_names names) {
  bool const plain_q = config != nullptr && !config->q_lora_rank;
  std::string const q = plain_q ? "self_attn.q_proj.weight [(n (no + r 2)) h]"
                                : "self_attn.q_b_proj.weight [(n (no + r 2)) qr]";
  std::string const x = plain_q ? "h" : "qr";
  table.under(names.left, names.right,
              {"input_layernorm.weight [h] = attention_norm.weight:f32",
               "post_attention_layernorm.weight [h] = ffn_norm.weight:f32",
               q + " = attention.l2q_nope_proj.weight [(n no) " + x +
                   "], attention.l2q_pe_proj.weight [(n 2 r) " + x + "]",
               "self_attn.kv_a_proj_with_mqa.weight [(kr + r 2) h] = "
               "attention.kv2l_latent_kv.weight [kr h], attention.kv2l_k_pe.weight [(2 r) h]",
               "self_attn.kv_a_layernorm.weight [kr] = attention.lkv_norm.weight:f32",
               "self_attn.kv_b_proj.weight [(n (no + vd)) kr] = "
               "attention.lkv2kv_k_nope.weight [(n no) kr], attention.lkv2kv_v.weight [(n vd) kr]",
               "self_attn.o_proj.weight [h ov] = attention.wo.weight"});
  if (!plain_q)
    table.under(names.left, names.right,
                {"self_attn.q_a_proj.weight [qr h] = attention.q2l_proj.weight",
                 "self_attn.q_a_layernorm.weight [qr] = attention.lq_norm.weight:f32"});
}

/// As the Megatron-like models have it: whole, nothing is permuted.
///   source: A11, second generation
inline void add_mcore_latent_attention(rule_table& table, model const* config, layer_names names) {
  table.under(names.left, names.right,
              {"input_layernorm.weight [h] = input_layernorm.weight",
               "post_attention_layernorm.weight [h] = pre_mlp_layernorm.weight",
               "self_attn.kv_a_proj_with_mqa.weight [ka h] = "
               "self_attention.linear_kv_down_proj.weight",
               "self_attn.kv_a_layernorm.weight [kr] = self_attention.kv_layernorm.weight",
               "self_attn.kv_b_proj.weight [kb kr] = self_attention.linear_kv_up_proj.weight",
               "self_attn.o_proj.weight [h ov] = self_attention.linear_proj.weight"});
  if (config != nullptr && !config->q_lora_rank)
    return table.under(names.left, names.right,
                       {"self_attn.q_proj.weight [qb h] = self_attention.linear_q_proj.weight"});
  table.under(names.left, names.right,
              {"self_attn.q_a_proj.weight [qr h] = self_attention.linear_q_down_proj.weight",
               "self_attn.q_a_layernorm.weight [qr] = self_attention.q_layernorm.weight",
               "self_attn.q_b_proj.weight [qb qr] = self_attention.linear_q_up_proj.weight"});
}

/// Experts as factors of grouped products (transposed, gate before up), or one stack per matrix.
///   source: A10.3; the router's name decides whether the original keeps it in float32
inline void add_deepseek_experts(rule_table& table, layer_names names, bool grouped) {
  std::string const to = " = feed_forward.routed_experts.";
  std::string const gate = "mlp.experts.{e}.gate_proj.weight [";
  std::string const up = "mlp.experts.{e}.up_proj.weight [";
  std::string const down = "mlp.experts.{e}.down_proj.weight [h j]";
  std::string const bias = "? mlp.gate.e_score_correction_bias [e]";
  if (grouped)
    table.under(names.left, names.right,
                {"mlp.gate.weight [e h]" + to + "router_dense.weight", bias + to + "topk_bias:f32",
                 gate + "(GATE j) h], " + up + "(UP j) h]" + to + "ffn.w1 [e h (GATE j + UP j)]",
                 down + to + "ffn.w2 [e j h]"});
  else
    table.under(
        names.left, names.right,
        {"mlp.gate.weight [e h]" + to + "router.dense.weight:f32",
         bias + to + "router.router.topk_bias:f32", gate + "j h]" + to + "ffn.w1.weight [e j h]",
         up + "j h]" + to + "ffn.w3.weight [e j h]", down + to + "ffn.w2.weight [e h j]"});
}

/// What a layer that predicts further tokens has besides attention and experts.
///   source: A10.4, A11
inline void add_prediction_layers(rule_table& table, bool mcore) {
  std::string const left = "model.layers.{mtp+layers}.";
  if (mcore)
    table.under(left, "mtp.layers.{mtp}.",
                {"enorm.weight [h] = enorm.weight", "hnorm.weight [h] = hnorm.weight",
                 "eh_proj.weight [h hh] = eh_proj.weight",
                 "shared_head.norm.weight [h] = final_layernorm.weight"});
  else
    table.under(left, "model.",
                {"enorm.weight [h] = mtp_hidden_fusers.{mtp}.norm_emb.weight:f32",
                 "hnorm.weight [h] = mtp_hidden_fusers.{mtp}.norm.weight:f32",
                 "eh_proj.weight [h hh] = mtp_hidden_fusers.{mtp}.dense.weight",
                 "shared_head.norm.weight [h] = mtp_norms.{mtp}.weight:f32"});
  table.copy_left(left + "embed_tokens.weight", "model.embed_tokens.weight");
  table.copy_left(left + "shared_head.head.weight", "lm_head.weight");
}

/// DeepSeek-V3: dense layers, layers with experts, prediction layers behind them.
inline rule_table deepseek_rules(family_inputs const& in) {
  bool const mcore = in.is_mcore();
  rule_table table;
  add_deepseek_sizes(table, in.config);
  std::string const embedding =
      mcore ? "embedding.word_embeddings.weight" : "model.tok_embeddings.embedding_weight";
  table.add(
      {"model.embed_tokens.weight [v h] = " + embedding,
       "model.norm.weight [h] = " +
           std::string{mcore ? "decoder.final_layernorm.weight" : "model.norm_out.weight:f32"},
       "lm_head.weight [v h] = " + std::string{mcore ? "output_layer.weight" : "lm_head.weight"}});
  std::string const to = mcore ? "decoder.layers." : "model.layers.";
  std::string const dense = "{dense}.", sparse = "{sparse+dense}.", mtp = "{mtp+layers}.";
  for (std::string const& layer : {dense, sparse, mtp}) {
    std::string const left = "model.layers." + layer;
    std::string const right =
        layer == mtp && mcore ? "mtp.layers.{mtp}.transformer_layer." : to + layer;
    layer_names const names{left, right};
    if (mcore)
      add_mcore_latent_attention(table, in.config, names);
    else
      add_latent_attention(table, in.config, names);
    if (layer == dense) {
      add_gated_mlp(table, in, names, "mlp.", mcore ? "mlp." : "feed_forward.", "i", mcore);
      continue;
    }
    add_gated_mlp(table, in, names, "mlp.shared_experts.",
                  mcore ? "mlp.shared_experts." : "feed_forward.shared_experts.", "s", mcore);
    if (mcore)
      add_mcore_experts(table, in, names);
    else
      add_deepseek_experts(table, names, in.flags.grouped_gemm.value_or(true));
    if (mcore)
      table.under(left, right,
                  {"? mlp.gate.e_score_correction_bias:f32 [e] = mlp.router.expert_bias:f32"});
  }
  add_prediction_layers(table, mcore);
  table.drop("model.layers.{any}.self_attn.rotary_emb.inv_freq");
  return table;
}
}  // namespace detail

inline weight_family const deepseek_family{{"deepseek", "deepseekv3", "deepseek3", "deepseek_v3"},
                                           "DeepSeek-V3",
                                           model_family::deepseek,
                                           dtype::bfloat16,
                                           dtype::bfloat16,
                                           detail::deepseek_rules};

}  // namespace v1
}  // namespace reshard
