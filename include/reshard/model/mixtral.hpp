#pragma once

#include <reshard/model/llama.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Mixtral: experts are stacked by their numbers; as factors of grouped products each is
/// transposed.
///   source: A9
inline rule_table mixtral_rules(family_inputs const& in) {
  if (in.is_mcore()) arguments_disagree("mixtral has no mcore names: --target legacy");
  layer_names const names;
  rule_table table;
  add_sizes(table, in.config);
  add_llama_ends(table, in, false);
  add_llama_attention(table, in, names, false);
  bool const turned = in.flags.grouped_gemm.value_or(false);
  if (in.has_stacked_experts()) {
    auto const stack = [&](std::string const& rows, std::string const& columns) {
      return " [e " + (turned ? columns + " " + rows : rows + " " + columns) + "]";
    };
    table.under(names.left, names.right,
                {"mlp.gate.weight [e h] = feed_forward.router.dense.weight",
                 "mlp.experts.gate_up_proj [e (GATE i + UP i) h] = feed_forward.ffn.w1.weight" +
                     stack("(GATE i)", "h") + ", feed_forward.ffn.w3.weight" + stack("(UP i)", "h"),
                 "mlp.experts.down_proj [e h i] = feed_forward.ffn.w2.weight" + stack("h", "i")});
    return table;
  }
  table.under(names.left, names.right,
              {"block_sparse_moe.gate.weight [e h] = feed_forward.router.dense.weight"});
  for (std::string const w : {"w1", "w2", "w3"}) {
    std::string const rows = w == "w2" ? "h" : "i";
    std::string const columns = w == "w2" ? "i" : "h";
    table.under(names.left, names.right,
                {"block_sparse_moe.experts.{e}." + w + ".weight [" + rows + " " + columns +
                 "] = feed_forward.ffn." + w + ".weight [e " +
                 (turned ? columns + " " + rows : rows + " " + columns) + "]"});
  }
  return table;
}
}  // namespace detail

/// The original goes through float32 and stays there when no type is asked for.
inline weight_family const mixtral_family{{"mixtral"},    "Mixtral",      model_family::mixtral,
                                          dtype::float32, dtype::float32, detail::mixtral_rules};

}  // namespace v1
}  // namespace reshard
