#pragma once

#include <reshard/algebra/text.hpp>
#include <reshard/tensor/codec_error.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Families of models whose configurations name their sizes in the same way.
enum class model_family : std::uint8_t {
  dense,     ///< Llama and its kin: mistral, qwen2, qwen3, glm, glm4, baichuan, internlm, internlm2
  chatglm,   ///< the original GLM, with its own keys
  mixtral,   ///< experts as wide as the dense MLP
  qwen_moe,  ///< qwen2_moe, qwen3_moe
  deepseek   ///< deepseek_v2, deepseek_v3: latent attention and experts
};

/// The family of a model_type; nothing for one that is not known.
[[nodiscard]] constexpr std::optional<model_family> family_of(
    std::string_view model_type) noexcept {
  struct row {
    std::string_view type;
    model_family family;
  };
  constexpr row known[] = {
      {"llama", model_family::dense},
      {"mistral", model_family::dense},
      {"qwen2", model_family::dense},
      {"qwen3", model_family::dense},
      {"glm", model_family::dense},
      {"glm4", model_family::dense},
      {"baichuan", model_family::dense},
      {"internlm", model_family::dense},
      {"internlm2", model_family::dense},
      {"chatglm", model_family::chatglm},
      {"mixtral", model_family::mixtral},
      {"qwen2_moe", model_family::qwen_moe},
      {"qwen3_moe", model_family::qwen_moe},
      {"deepseek_v2", model_family::deepseek},
      {"deepseek_v3", model_family::deepseek},
  };
  for (row const& r : known)
    if (r.type == model_type) return r.family;
  return std::nullopt;
}

/// A number of a configuration and the key that it came from, or how it was computed from others.
///   example: {8, "num_key_value_heads"}, {128, "hidden_size / num_attention_heads"}
struct config_number {
  index_t value = 0;
  std::string key;

  friend bool operator==(config_number const&, config_number const&) = default;
};

/// The sizes of a model, as its configuration states them. What its family does not have, or the
/// file does not say, is nothing: no default is assumed.
struct model {
  std::string type;  ///< "model_type"
  model_family family = model_family::dense;
  std::vector<std::string> architectures;
  config_number hidden_size;                       ///< H
  config_number layers;                            ///< L, without those for multi-token prediction
  config_number heads;                             ///< n, of queries
  config_number kv_heads;                          ///< m; n if the file does not say
  std::optional<config_number> head_dim;           ///< d; nothing with latent attention
  std::optional<config_number> vocab_size;         ///< V; nothing if Meta's file has -1
  std::optional<config_number> intermediate_size;  ///< I; nothing in Meta's files
  std::optional<config_number> experts;            ///< E, routed ones
  std::optional<config_number> expert_intermediate_size;  ///< J
  std::optional<config_number> q_lora_rank;               ///< qr; nothing: a plain q_proj
  std::optional<config_number> kv_lora_rank;              ///< kr
  std::optional<config_number> qk_nope_head_dim;          ///< no
  std::optional<config_number> qk_rope_head_dim;          ///< ro
  std::optional<config_number> v_head_dim;                ///< vd
  std::optional<config_number> first_dense_layers;        ///< K0
  std::optional<config_number> prediction_layers;         ///< P
  std::optional<bool> tied;                         ///< "tie_word_embeddings": output = embedding
  std::optional<bool> qkv_bias;                     ///< "add_qkv_bias" or "attention_bias"
  std::optional<std::array<index_t, 2>> fp8_block;  ///< bs: rows, columns of a block with one scale
  std::string quantization;                         ///< "quant_method"; "" = none
  std::string dtype;                                ///< "dtype" or "torch_dtype": a hint only
  std::vector<std::string> warnings;

  /// g: query heads per key/value head; kv_heads divides heads.
  [[nodiscard]] index_t heads_per_kv_head() const noexcept { return heads.value / kv_heads.value; }

  friend bool operator==(model const&, model const&) = default;
};

}  // namespace v1
}  // namespace reshard
