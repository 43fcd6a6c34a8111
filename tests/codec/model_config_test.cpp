#include "files.hpp"

#include <reshard/codec/model_config.hpp>

namespace model_config_test {

using namespace reshard;

namespace {
model read(std::string const& json, std::optional<model_family> family = std::nullopt) {
  return model_of(json, "config.json", family);
}
model real(std::string const& folder) {
  return read_model(files::data(folder + "/config.json"));
}

void check_error(std::string const& json, errc code, char const* words) {
  INFO(json);
  codec_error const e = files::error_of([&] { (void)read(json); });
  CHECK(e.code() == code);
  CHECK(e.path() == "config.json");
  INFO(e.what());
  CHECK(files::contains(e.what(), words));
}

using number = config_number;
std::string const llama = R"("model_type": "llama", "hidden_size": 48, "vocab_size": 32,
    "num_hidden_layers": 2, "intermediate_size": 40, "num_attention_heads": 6)";
}  // namespace

TEST_CASE("the configurations of the conversion cases", "[model]") {
  model const m = real("convert/llama-gqa-bf16-sharded/src");
  CHECK(m.type == "llama");
  CHECK(m.family == model_family::dense);
  CHECK(m.architectures == std::vector<std::string>{"LlamaForCausalLM"});
  CHECK(m.hidden_size == number{48, "hidden_size"});
  CHECK(m.vocab_size == number{48, "vocab_size"});
  CHECK(m.layers == number{2, "num_hidden_layers"});
  CHECK(m.heads == number{6, "num_attention_heads"});
  CHECK(m.kv_heads == number{2, "num_key_value_heads"});
  CHECK(m.heads_per_kv_head() == 3);
  CHECK(m.head_dim == number{8, "head_dim"});
  CHECK(m.intermediate_size == number{40, "intermediate_size"});
  CHECK(m.experts == std::nullopt);
  CHECK(m.tied == false);
  CHECK(m.qkv_bias == false);
  CHECK(m.dtype == "bfloat16");
  CHECK(m.fp8_block == std::nullopt);
  CHECK(m.warnings.empty());
}

TEST_CASE("a head is as wide as the file says, or hidden_size over the heads", "[model]") {
  model const qwen = real("convert/qwen2-f32-to-bf16/src");
  CHECK(qwen.head_dim == number{8, "hidden_size / num_attention_heads"});
  CHECK(qwen.dtype == "float32");
  CHECK(qwen.qkv_bias == std::nullopt);
  CHECK(real("convert/mixtral-bf16/src").head_dim ==
        number{8, "hidden_size / num_attention_heads"});  // the key is there, with null
  CHECK(read("{" + llama + R"(, "head_dim": 16})").head_dim == number{16, "head_dim"});
  check_error(
      R"({"model_type": "llama", "hidden_size": 50, "vocab_size": 32, "num_hidden_layers": 2,
                  "intermediate_size": 40, "num_attention_heads": 6})",
      errc::file_is_malformed, "hidden_size 50 does not divide by num_attention_heads 6");
}

TEST_CASE("the original GLM has its own keys", "[model]") {
  model const glm = real("convert/glm-split-bf16/src");
  CHECK(glm.family == model_family::chatglm);
  CHECK(glm.vocab_size == number{48, "padded_vocab_size"});
  CHECK(glm.layers == number{2, "num_layers"});
  CHECK(glm.kv_heads == number{2, "multi_query_group_num"});
  CHECK(glm.head_dim == number{8, "kv_channels"});
  CHECK(glm.intermediate_size == number{40, "ffn_hidden_size"});
  CHECK(glm.qkv_bias == true);
  CHECK(glm.tied == std::nullopt);
  std::string const plain = R"("model_type": "chatglm", "num_layers": 1, "padded_vocab_size": 4,
      "hidden_size": 8, "ffn_hidden_size": 4, "kv_channels": 2, "num_attention_heads": 4)";
  CHECK(read("{" + plain + "}").kv_heads == number{4, "num_attention_heads"});
  CHECK(read("{" + plain + R"(, "multi_query_attention": false, "multi_query_group_num": 2})")
            .kv_heads.value == 4);
  check_error("{" + plain + R"(, "multi_query_attention": true})", errc::file_is_malformed,
              "are missing: multi_query_group_num");
}

TEST_CASE("experts", "[model]") {
  model const mixtral = real("convert/mixtral-bf16/src");
  CHECK(mixtral.experts == number{8, "num_local_experts"});
  CHECK(mixtral.expert_intermediate_size == number{24, "intermediate_size"});
  model const qwen = read(R"({"model_type": "qwen3_moe", "hidden_size": 8, "vocab_size": 4,
      "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
      "intermediate_size": 12, "num_experts": 6, "moe_intermediate_size": 3})");
  CHECK(qwen.family == model_family::qwen_moe);
  CHECK(qwen.experts == number{6, "num_experts"});
  CHECK(qwen.expert_intermediate_size == number{3, "moe_intermediate_size"});
  model const newer = read(R"({"model_type": "qwen3_moe", "hidden_size": 8, "vocab_size": 4,
      "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
      "intermediate_size": 12, "num_local_experts": 6, "moe_intermediate_size": 3})");
  CHECK(newer.experts == number{6, "num_local_experts"});  // as transformers 5 saves it
}

TEST_CASE("latent attention", "[model]") {
  model const m = real("convert/deepseek3-gmm-bf16/src");
  CHECK(m.family == model_family::deepseek);
  CHECK(m.head_dim == std::nullopt);
  CHECK(m.q_lora_rank == number{24, "q_lora_rank"});
  CHECK(m.kv_lora_rank == number{16, "kv_lora_rank"});
  CHECK(m.qk_nope_head_dim == number{6, "qk_nope_head_dim"});
  CHECK(m.qk_rope_head_dim == number{8, "qk_rope_head_dim"});
  CHECK(m.v_head_dim == number{7, "v_head_dim"});
  CHECK(m.experts == number{4, "n_routed_experts"});
  CHECK(m.expert_intermediate_size == number{10, "moe_intermediate_size"});
  CHECK(m.first_dense_layers == number{1, "first_k_dense_replace"});
  CHECK(m.prediction_layers == number{1, "num_nextn_predict_layers"});
  model const lite = read(R"({"model_type": "deepseek_v2", "hidden_size": 8, "vocab_size": 4,
      "num_hidden_layers": 1, "num_attention_heads": 3, "intermediate_size": 12,
      "moe_intermediate_size": 3, "n_routed_experts": 2, "first_k_dense_replace": 0,
      "q_lora_rank": null, "kv_lora_rank": 2, "qk_nope_head_dim": 1, "qk_rope_head_dim": 2,
      "v_head_dim": 1})");
  CHECK(lite.q_lora_rank == std::nullopt);
  CHECK(lite.first_dense_layers == number{0, "first_k_dense_replace"});
  CHECK(lite.prediction_layers == std::nullopt);
}

TEST_CASE("the text part of a multi-modal configuration", "[model]") {
  model const m = read(R"({"model_type": "llava", "hidden_size": 7, "torch_dtype": "float16",
      "tie_word_embeddings": true, "architectures": ["Llava"], "text_config": {)" +
                       llama + "}}");
  CHECK(m.type == "llama");
  CHECK(m.hidden_size == number{48, "text_config.hidden_size"});
  CHECK(m.head_dim == number{8, "text_config.hidden_size / text_config.num_attention_heads"});
  CHECK(m.architectures == std::vector<std::string>{"Llava"});
  CHECK(m.tied == true);
  CHECK(m.dtype == "float16");
  CHECK(read(R"({"model_type": "x", "language_config": {)" + llama + "}}").hidden_size.value == 48);
  CHECK(read(R"({"model_type": "x", "llm_config": {)" + llama + "}}").hidden_size.value == 48);
  check_error(R"({"text_config": {"model_type": "llama"}})", errc::file_is_malformed,
              "are missing: text_config.hidden_size, text_config.vocab_size, "
              "text_config.num_hidden_layers, text_config.num_attention_heads, "
              "text_config.intermediate_size");
}

TEST_CASE("the family is told by the model_type, or given", "[model]") {
  CHECK(family_of("qwen3") == model_family::dense);
  CHECK(family_of("deepseek_v3") == model_family::deepseek);
  CHECK(family_of("") == std::nullopt);
  CHECK(family_of("gpt2") == std::nullopt);
  check_error(R"({"model_type": "gpt2"})", errc::value_is_not_supported,
              "model_type 'gpt2' is not known; the family must be given");
  check_error("{}", errc::value_is_not_supported, "there is no key 'model_type'");
  std::string other = "{" + llama + "}";
  other.replace(other.find("llama"), 5, "yi-34");
  CHECK(read(other, model_family::dense).type == "yi-34");
  CHECK(read("{" + llama + R"(, "num_local_experts": 3})", model_family::mixtral).experts->value ==
        3);
}

TEST_CASE("all missing keys are listed in one error", "[model]") {
  check_error(
      R"({"model_type": "deepseek_v3", "hidden_size": 8})", errc::file_is_malformed,
      "are missing: vocab_size, num_hidden_layers, num_attention_heads, intermediate_size, "
      "kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim, first_k_dense_replace, "
      "n_routed_experts, moe_intermediate_size");
  check_error(R"({"model_type": "llama", "hidden_size": 7, "num_attention_heads": null})",
              errc::file_is_malformed,
              "are missing: vocab_size, num_hidden_layers, num_attention_heads, intermediate_size");
}

TEST_CASE("numbers that cannot be", "[model]") {
  auto const with = [](std::string const& more) { return "{" + llama + ", " + more + "}"; };
  check_error(with(R"("num_key_value_heads": 4)"), errc::file_is_malformed,
              "num_attention_heads 6 does not divide by num_key_value_heads 4");
  check_error(with(R"("head_dim": 0)"), errc::file_is_malformed, "head_dim is 0");
  check_error(with(R"("head_dim": -8)"), errc::file_is_malformed, "head_dim is -8");
  check_error(with(R"("head_dim": 2147483648)"), errc::file_is_malformed, "2^31 - 1");
  check_error(with(R"("head_dim": 8.0)"), errc::file_is_malformed, "key 'head_dim' is 8.0");
  check_error(with(R"("head_dim": "8")"), errc::file_is_malformed, "key 'head_dim' is \"8\"");
  check_error(with(R"("hidden_size": 48)"), errc::file_is_malformed, "occurs twice");
  check_error("[]", errc::file_is_malformed, "expected an object");
}

TEST_CASE("how weights are stored", "[model]") {
  auto const with = [](std::string const& more) { return read("{" + llama + ", " + more + "}"); };
  model const fp8 = with(R"("quantization_config": {"quant_method": "fp8", "fmt": "e4m3",
                             "weight_block_size": [128, 64]})");
  CHECK(fp8.quantization == "fp8");
  CHECK(fp8.fp8_block == std::array<index_t, 2>{128, 64});
  CHECK(with(R"("quantization_config": {"quant_method": "gptq"})").fp8_block == std::nullopt);
  CHECK(with(R"("quantization_config": null)").quantization.empty());
  for (char const* const block : {"[128]", "[0, 128]", "[128, 128, 1]", "128"})
    check_error("{" + llama + R"(, "quantization_config": {"weight_block_size": )" + block + "}}",
                errc::file_is_malformed, "quantization_config.weight_block_size");
  CHECK(with(R"("torch_dtype": "float16")").dtype == "float16");
  CHECK(with(R"("dtype": "bfloat16")").dtype == "bfloat16");
  model const both = with(R"("dtype": "bfloat16", "torch_dtype": "float32")");
  CHECK(both.dtype == "bfloat16");
  CHECK(both.warnings.size() == 1);
  CHECK(with(R"("dtype": "bfloat16", "torch_dtype": "bfloat16")").warnings.empty());
  CHECK(with(R"("tie_word_embeddings": true)").tied == true);
  CHECK(read("{" + llama + "}").tied == std::nullopt);
  CHECK(read("{" + llama + "}").kv_heads == number{6, "num_attention_heads"});
}

TEST_CASE("params.json of a Meta release", "[model]") {
  // Llama 3.1 8B
  model const m = meta_model_of(R"({"dim": 4096, "ffn_dim_multiplier": 1.3, "multiple_of": 1024,
      "n_heads": 32, "n_kv_heads": 8, "n_layers": 32, "norm_eps": 1e-05, "rope_theta": 500000.0,
      "use_scaled_rope": true, "vocab_size": 128256})",
                                "params.json");
  CHECK(m.hidden_size == number{4096, "dim"});
  CHECK(m.layers == number{32, "n_layers"});
  CHECK(m.heads == number{32, "n_heads"});
  CHECK(m.kv_heads == number{8, "n_kv_heads"});
  CHECK(m.head_dim == number{128, "dim / n_heads"});
  CHECK(m.vocab_size == number{128256, "vocab_size"});
  CHECK(m.intermediate_size == std::nullopt);
  // Llama 2 7B
  model const old = meta_model_of(R"({"dim": 4096, "multiple_of": 256, "n_heads": 32,
      "n_layers": 32, "norm_eps": 1e-05, "vocab_size": -1})",
                                  "params.json");
  CHECK(old.kv_heads == number{32, "n_heads"});
  CHECK(old.vocab_size == std::nullopt);
  codec_error const e =
      files::error_of([] { (void)meta_model_of(R"({"n_heads": 3})", "params.json"); });
  CHECK(files::contains(e.what(), "are missing: dim, n_layers"));
}

}  // namespace model_config_test
