#pragma once

#include <reshard/codec/json_tree.hpp>
#include <reshard/codec/model.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void model_type_is_unknown(std::string const& path, std::string const& type) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, {}, -1},
                    (type.empty() ? "there is no key 'model_type'"
                                  : "model_type " + in_quotes(type) + " is not known") +
                        "; the family must be given"};
}
[[noreturn]] inline void config_lacks_keys(std::string const& path,
                                           std::vector<std::string> const& keys) {
  std::string list;
  for (std::string const& key : keys) list += (list.empty() ? "" : ", ") + key;
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, -1},
                    "keys that the model needs are missing: " + list};
}
[[noreturn]] inline void config_number_is_out_of_range(std::string const& path,
                                                       config_number const& number, index_t least) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, -1},
                    number.key + " is " + std::to_string(number.value) + ", not a number from " +
                        std::to_string(least) + " to 2^31 - 1"};
}
[[noreturn]] inline void config_number_does_not_divide(std::string const& path,
                                                       config_number const& all,
                                                       config_number const& parts) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, -1},
                    all.key + " " + std::to_string(all.value) + " does not divide by " + parts.key +
                        " " + std::to_string(parts.value)};
}

/// Reads numbers and gathers the names of those that are missing.
class config_numbers {
 public:
  explicit config_numbers(json_fields& fields) : fields_(&fields) {}

  /// A number that may be absent or null.
  std::optional<config_number> maybe(std::string const& key, index_t least = 1) {
    std::optional<index_t> const value = fields_->integer(key);
    if (!value) return std::nullopt;
    config_number const out{*value, fields_->name_of(key)};
    if (*value < least || *value > INT32_MAX)
      config_number_is_out_of_range(fields_->path(), out, least);
    return out;
  }
  /// A number that must be there. Without it 1 goes on, so that all that is missing is listed.
  config_number needed(std::string const& key, index_t least = 1) {
    if (auto const number = maybe(key, least)) return *number;
    missing_.push_back(fields_->name_of(key));
    return {1, fields_->name_of(key)};
  }
  void require_complete() const {
    if (!missing_.empty()) config_lacks_keys(fields_->path(), missing_);
  }
  [[nodiscard]] config_number quotient(config_number const& all, config_number const& parts) const {
    if (!missing_.empty()) return all;
    if (all.value % parts.value != 0) config_number_does_not_divide(fields_->path(), all, parts);
    return {all.value / parts.value, all.key + " / " + parts.key};
  }

 private:
  json_fields* fields_;
  std::vector<std::string> missing_;
};

/// Turns a Hugging Face configuration into a model. Sizes come from the text part, if there is one;
/// what the text part does not say about storage comes from the whole.
class model_reader {
 public:
  model_reader(json_tree const& root, std::string const& path, std::optional<model_family> family)
      : whole_(root, path), text_(text_part(root, path)), family_(family), numbers_(text_) {}

  model read() {
    read_type();
    if (out_.family == model_family::chatglm) {
      read_chatglm_sizes();
    } else {
      read_sizes();
    }
    if (out_.family == model_family::deepseek) {
      read_latent_attention();
    } else if (!out_.head_dim) {
      out_.head_dim = numbers_.quotient(out_.hidden_size, out_.heads);
    }
    read_experts();
    numbers_.require_complete();
    (void)numbers_.quotient(out_.heads, out_.kv_heads);
    read_storage();
    return std::move(out_);
  }

 private:
  static constexpr char const* text_keys[] = {"text_config", "language_config", "llm_config"};

  /// The part of a multi-modal configuration that describes the language model.
  static json_fields text_part(json_tree const& root, std::string const& path) {
    if (root.is_object())
      for (char const* const key : text_keys)
        if (auto const found = root.find(key); found != root.end() && found->is_object())
          return {*found, path, std::string{key} + "."};
    return {root, path};
  }

  void read_type() {
    out_.type = text_.text("model_type").value_or("");
    out_.architectures = whole_.texts("architectures");
    std::optional<model_family> const family = family_ ? family_ : family_of(out_.type);
    if (!family) model_type_is_unknown(whole_.path(), out_.type);
    out_.family = *family;
  }

  void read_sizes() {
    out_.hidden_size = numbers_.needed("hidden_size");
    out_.vocab_size = numbers_.needed("vocab_size");
    out_.layers = numbers_.needed("num_hidden_layers");
    out_.heads = numbers_.needed("num_attention_heads");
    out_.kv_heads = numbers_.maybe("num_key_value_heads").value_or(out_.heads);
    if (out_.family != model_family::deepseek) out_.head_dim = numbers_.maybe("head_dim");
    out_.intermediate_size = numbers_.needed("intermediate_size");
    out_.qkv_bias = text_.boolean("attention_bias");
  }

  void read_chatglm_sizes() {
    out_.hidden_size = numbers_.needed("hidden_size");
    out_.vocab_size = numbers_.needed("padded_vocab_size");
    out_.layers = numbers_.needed("num_layers");
    out_.heads = numbers_.needed("num_attention_heads");
    out_.kv_heads = out_.heads;
    if (text_.boolean("multi_query_attention").value_or(false))
      out_.kv_heads = numbers_.needed("multi_query_group_num");
    out_.head_dim = numbers_.needed("kv_channels");
    out_.intermediate_size = numbers_.needed("ffn_hidden_size");
    out_.qkv_bias = text_.boolean("add_qkv_bias");
  }

  void read_latent_attention() {
    out_.q_lora_rank = numbers_.maybe("q_lora_rank");
    out_.kv_lora_rank = numbers_.needed("kv_lora_rank");
    out_.qk_nope_head_dim = numbers_.needed("qk_nope_head_dim");
    out_.qk_rope_head_dim = numbers_.needed("qk_rope_head_dim");
    out_.v_head_dim = numbers_.needed("v_head_dim");
    out_.first_dense_layers = numbers_.needed("first_k_dense_replace", 0);
    out_.prediction_layers = numbers_.maybe("num_nextn_predict_layers", 0);
  }

  void read_experts() {
    switch (out_.family) {
      case model_family::dense:
      case model_family::chatglm:
        return;
      case model_family::mixtral:
        out_.experts = numbers_.needed("num_local_experts");
        out_.expert_intermediate_size = out_.intermediate_size;
        return;
      case model_family::qwen_moe:
        out_.experts = numbers_.maybe("num_local_experts");  // what transformers 5 saves
        if (!out_.experts) out_.experts = numbers_.needed("num_experts");
        break;
      case model_family::deepseek:
        out_.experts = numbers_.needed("n_routed_experts");
        break;
    }
    out_.expert_intermediate_size = numbers_.needed("moe_intermediate_size");
  }

  void read_storage() {
    out_.tied = text_.boolean("tie_word_embeddings");
    if (!out_.tied) out_.tied = whole_.boolean("tie_word_embeddings");
    read_dtype();
    json_tree const* found = text_.find("quantization_config");
    if (found == nullptr) found = whole_.find("quantization_config");
    if (found == nullptr) return;
    json_fields quantization{*found, whole_.path(), "quantization_config."};
    out_.quantization = quantization.text("quant_method").value_or("");
    std::vector<index_t> const block = quantization.integers("weight_block_size");
    if (block.empty()) return;
    bool const is_block = block.size() == 2 && block[0] > 0 && block[1] > 0;
    if (!is_block)
      quantization.fails("weight_block_size", *quantization.find("weight_block_size"),
                         "a list of two numbers above 0");
    out_.fp8_block = {block[0], block[1]};
  }

  /// The newer key is "dtype"; some files have both.
  void read_dtype() {
    std::optional<std::string> names[2];
    for (json_fields* const fields : {&text_, &whole_}) {
      if (!names[0]) names[0] = fields->text("dtype");
      if (!names[1]) names[1] = fields->text("torch_dtype");
    }
    if (names[0] && names[1] && *names[0] != *names[1])
      out_.warnings.push_back("dtype is " + in_quotes(*names[0]) + ", torch_dtype " +
                              in_quotes(*names[1]) + ": the former counts");
    out_.dtype = names[0] ? *names[0] : names[1].value_or("");
  }

  json_fields whole_;
  json_fields text_;
  std::optional<model_family> family_;
  config_numbers numbers_;
  model out_;
};
}  // namespace detail

/// The model that a Hugging Face configuration describes, config.json.
///   family: for a model_type that is not known; without it the model_type decides
///   path:   for messages
///   throws: codec_error file_is_malformed (no JSON, a key twice, a value out of range, needed keys
///           are missing: one error lists all), value_is_not_supported (the family is not known)
///   note:   of "text_config" and the like, the sizes of the language model are read from there
[[nodiscard]] inline model model_of(std::string_view json, std::string const& path,
                                    std::optional<model_family> family = std::nullopt) {
  detail::json_tree const root = detail::tree_of({json, path});
  return detail::model_reader{root, path, family}.read();
}

/// The model in a file config.json.
///   throws: codec_error, as above; file_cannot_be_read
[[nodiscard]] inline model read_model(std::string const& path,
                                      std::optional<model_family> family = std::nullopt) {
  return model_of(detail::json_text_at(path), path, family);
}

/// The model that params.json of a Meta release describes. The MLP's width and, where the file says
/// -1, the vocabulary are only in the tensors' shapes.
///   throws: codec_error, as above
[[nodiscard]] inline model meta_model_of(std::string_view json, std::string const& path) {
  detail::json_tree const root = detail::tree_of({json, path});
  detail::json_fields fields{root, path};
  detail::config_numbers numbers{fields};
  model out;
  out.hidden_size = numbers.needed("dim");
  out.layers = numbers.needed("n_layers");
  out.heads = numbers.needed("n_heads");
  out.kv_heads = numbers.maybe("n_kv_heads").value_or(out.heads);
  numbers.require_complete();
  out.head_dim = numbers.quotient(out.hidden_size, out.heads);
  (void)numbers.quotient(out.heads, out.kv_heads);
  if (fields.integer("vocab_size").value_or(-1) > 0) out.vocab_size = numbers.maybe("vocab_size");
  return out;
}

/// The model in a file params.json.
///   throws: codec_error, as above; file_cannot_be_read
[[nodiscard]] inline model read_meta_model(std::string const& path) {
  return meta_model_of(detail::json_text_at(path), path);
}

}  // namespace v1
}  // namespace reshard
