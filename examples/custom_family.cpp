// A family of one's own: Baichuan 2 as rules, forward and in reverse, with nothing but headers of
// the library.

#include <fmt/format.h>
#include <reshard/checkpoint/convert.hpp>
#include <reshard/checkpoint/remap_plan.hpp>
#include <reshard/formats.hpp>
#include <reshard/model/llama.hpp>

using namespace reshard;

namespace {

/// Baichuan 2 is Llama but for W_pack: q, k and v in one matrix.
rule_table baichuan_rules(family_inputs const& in) {
  rule_table table;
  add_sizes(table, in.config);
  add_llama_ends(table, in, false);
  add_gated_mlp(table, in, {}, "mlp.", "feed_forward.", "i", false);
  table.under("model.layers.{layer}.", "model.layers.{layer}.",
              {"input_layernorm.weight [h] = attention_norm.weight",
               "post_attention_layernorm.weight [h] = ffn_norm.weight",
               "self_attn.o_proj.weight [h q] = attention.wo.weight",
               "self_attn.W_pack.weight [(Q q + K q + V q) h] = attention.wq.weight [(Q q) h], "
               "attention.wk.weight [(K q) h], attention.wv.weight [(V q) h]"});
  return table;
}

void convert(std::string const& from, std::string const& to, file_format const& format,
             remap_direction direction) {
  catalog const source = open_weights(from, all_formats());
  rule_table const table = baichuan_rules({});
  remapping mapped = remap(source, table, direction);
  catalog const targets = targets_of(mapped, {});
  rank_file_options const file{[&](index_t) { return to; }, {}, format, {}};
  conversion_plan plan = plan_rank_files(targets, lay_out(targets, nullptr), file);
  take_from_source(plan, std::move(mapped), {});
  convert_report const done = conversion{std::move(plan), {}}.run();
  fmt::print("{} tensors -> {}, read / needed {}\n", source.tensors.size(), done.tensors,
             done.ratio());
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print("custom_family WEIGHTS RESULTS, two folders\n"), 2;
  std::string const there = fmt::format("{}/baichuan.ckpt", argv[2]);
  convert(fmt::format("{}/model.safetensors", argv[1]), there, ckpt_format,
          remap_direction::forward);
  convert(there, fmt::format("{}/model.safetensors", argv[2]), safetensors_format,
          remap_direction::reverse);
}
