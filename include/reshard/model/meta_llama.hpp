#pragma once

#include <reshard/model/family.hpp>

namespace reshard {
inline namespace v1 {

/// The tensors have the names of a Meta release.
[[nodiscard]] inline bool has_meta_names(catalog const& source) {
  for (catalog_tensor const& t : source.tensors)
    if (t.name == "tok_embeddings.weight") return true;
  return false;
}

/// Llama as Meta releases it: neighbouring rows of q and k are rotated together; in the weights of
/// Hugging Face and of MindSpore it is the first and the second half of a head.
///   source: A6.3; k has rows of its own heads (the original takes those of q)
inline rule_table meta_llama_rules(family_inputs const& in) {
  if (in.is_mcore() || in.flags.qkv_concat.value_or(false))
    detail::arguments_disagree("a Meta release is converted to legacy names with q, k, v apart");
  rule_table table;
  add_sizes(table, in.config);
  bool const keeps = in.flags.keep_meta_rope;
  std::string const from = keeps ? "" : " r 2", to = keeps ? "" : " 2 r";
  std::string const q = keeps ? "qd" : "n", k = keeps ? "kd" : "m";
  table.add({"tok_embeddings.weight [v h] = model.tok_embeddings.embedding_weight",
             "norm.weight [h] = model.norm_out.weight", "output.weight [v h] = lm_head.weight"});
  table.under(
      "layers.{layer}.", "model.layers.{layer}.",
      {"attention.wq.weight [(" + q + from + ") h] = attention.wq.weight [(" + q + to + ") h]",
       "attention.wk.weight [(" + k + from + ") h] = attention.wk.weight [(" + k + to + ") h]",
       "attention.wv.weight [kd h] = attention.wv.weight",
       "attention.wo.weight [h qd] = attention.wo.weight",
       "feed_forward.w1.weight [i h] = feed_forward.w1.weight",
       "feed_forward.w2.weight [h i] = feed_forward.w2.weight",
       "feed_forward.w3.weight [i h] = feed_forward.w3.weight",
       "attention_norm.weight [h] = attention_norm.weight",
       "ffn_norm.weight [h] = ffn_norm.weight"});
  table.drop("rope.freqs");
  return table;
}

}  // namespace v1
}  // namespace reshard
