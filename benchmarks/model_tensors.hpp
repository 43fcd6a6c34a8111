#pragma once

// The tensors of published checkpoints, made from the figures of their configurations: names and
// shapes of every entry, in the order of the layers. Without data.

#include <reshard/algebra/extents.hpp>

#include <string>
#include <vector>

namespace models {

using reshard::extents;
using reshard::index_t;

/// Which dim tensor parallelism cuts.
enum class cut_by : std::uint8_t { rows, columns, nothing };

/// One entry of a checkpoint.
///   layer:  of the transformer, -1 before the first, the number of layers behind the last
///   expert: -1 if all tokens use it
struct tensor {
  std::string name;
  extents shape;
  index_t layer = -1;
  index_t expert = -1;
  cut_by parallel = cut_by::nothing;
};

struct model {
  index_t layers = 0;
  std::vector<tensor> tensors;

  void add(std::string name, extents shape, index_t layer, cut_by parallel = cut_by::nothing,
           index_t expert = -1) {
    tensors.push_back({std::move(name), shape, layer, expert, parallel});
  }
};

/// meta-llama/Llama-3.1-70B: 723 tensors, 70,553,706,496 elements.
inline model llama_3_1_70b() {
  constexpr index_t hidden = 8192;
  constexpr index_t intermediate = 28672;
  constexpr index_t key_value = 8 * 128;
  constexpr index_t vocabulary = 128256;
  model m{80, {}};
  m.add("model.embed_tokens.weight", {vocabulary, hidden}, -1, cut_by::rows);
  for (index_t i = 0; i < m.layers; ++i) {
    std::string const at = "model.layers." + std::to_string(i) + ".";
    m.add(at + "self_attn.q_proj.weight", {hidden, hidden}, i, cut_by::rows);
    m.add(at + "self_attn.k_proj.weight", {key_value, hidden}, i, cut_by::rows);
    m.add(at + "self_attn.v_proj.weight", {key_value, hidden}, i, cut_by::rows);
    m.add(at + "self_attn.o_proj.weight", {hidden, hidden}, i, cut_by::columns);
    m.add(at + "mlp.gate_proj.weight", {intermediate, hidden}, i, cut_by::rows);
    m.add(at + "mlp.up_proj.weight", {intermediate, hidden}, i, cut_by::rows);
    m.add(at + "mlp.down_proj.weight", {hidden, intermediate}, i, cut_by::columns);
    m.add(at + "input_layernorm.weight", {hidden}, i);
    m.add(at + "post_attention_layernorm.weight", {hidden}, i);
  }
  m.add("model.norm.weight", {hidden}, m.layers);
  m.add("lm_head.weight", {vocabulary, hidden}, m.layers, cut_by::rows);
  return m;
}

/// deepseek-ai/DeepSeek-V3: 91,991 tensors, 684,489,845,504 elements and 41,540,496 scales:
/// matrices in fp8 with one scale per 128 x 128 block. The layer behind the last is the one that
/// predicts a further token.
class deepseek_v3 {
 public:
  static model tensors() {
    deepseek_v3 made;
    made.run();
    return std::move(made.model_);
  }

 private:
  static constexpr index_t hidden = 7168;
  static constexpr index_t vocabulary = 129280;
  static constexpr index_t heads = 128;
  static constexpr index_t experts = 256;

  void run() {
    model_.add("model.embed_tokens.weight", {vocabulary, hidden}, -1, cut_by::rows);
    for (index_t i = 0; i <= model_.layers; ++i) {
      if (i == model_.layers) prediction_head("model.layers." + std::to_string(i) + ".");
      layer("model.layers." + std::to_string(i) + ".", i);
    }
    model_.add("model.norm.weight", {hidden}, model_.layers);
    model_.add("lm_head.weight", {vocabulary, hidden}, model_.layers, cut_by::rows);
  }
  void prediction_head(std::string const& at) {
    index_t const i = model_.layers;
    model_.add(at + "embed_tokens.weight", {vocabulary, hidden}, i, cut_by::rows);
    model_.add(at + "enorm.weight", {hidden}, i);
    model_.add(at + "hnorm.weight", {hidden}, i);
    model_.add(at + "eh_proj.weight", {hidden, 2 * hidden}, i);
    model_.add(at + "shared_head.norm.weight", {hidden}, i);
    model_.add(at + "shared_head.head.weight", {vocabulary, hidden}, i, cut_by::rows);
  }
  void layer(std::string const& at, index_t i) {
    std::string const attention = at + "self_attn.";
    scaled(attention + "q_a_proj", 1536, hidden, i, cut_by::nothing);
    model_.add(attention + "q_a_layernorm.weight", {1536}, i);
    scaled(attention + "q_b_proj", heads * (128 + 64), 1536, i, cut_by::rows);
    scaled(attention + "kv_a_proj_with_mqa", 512 + 64, hidden, i, cut_by::nothing);
    model_.add(attention + "kv_a_layernorm.weight", {512}, i);
    scaled(attention + "kv_b_proj", heads * (128 + 128), 512, i, cut_by::rows);
    scaled(attention + "o_proj", hidden, heads * 128, i, cut_by::columns);
    model_.add(at + "input_layernorm.weight", {hidden}, i);
    model_.add(at + "post_attention_layernorm.weight", {hidden}, i);
    if (i < 3) return feed_forward(at + "mlp.", 18432, i);
    model_.add(at + "mlp.gate.weight", {experts, hidden}, i);
    model_.add(at + "mlp.gate.e_score_correction_bias", {experts}, i);
    feed_forward(at + "mlp.shared_experts.", 2048, i);
    for (index_t e = 0; e < experts; ++e)
      feed_forward(at + "mlp.experts." + std::to_string(e) + ".", 2048, i, e);
  }
  void feed_forward(std::string const& at, index_t intermediate, index_t i, index_t expert = -1) {
    scaled(at + "gate_proj", intermediate, hidden, i, cut_by::rows, expert);
    scaled(at + "up_proj", intermediate, hidden, i, cut_by::rows, expert);
    scaled(at + "down_proj", hidden, intermediate, i, cut_by::columns, expert);
  }
  void scaled(std::string const& name, index_t rows, index_t columns, index_t i, cut_by parallel,
              index_t expert = -1) {
    model_.add(name + ".weight", {rows, columns}, i, parallel, expert);
    model_.add(name + ".weight_scale_inv", {(rows + 127) / 128, (columns + 127) / 128}, i,
               cut_by::nothing, expert);
  }

  model model_{61, {}};
};

}  // namespace models
