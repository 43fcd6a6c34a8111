#include "files.hpp"

#include <reshard/codec/adapter_config.hpp>
#include <reshard/codec/adapter_rules.hpp>

namespace adapter_config_test {

using namespace reshard;

namespace {
adapter read(std::string const& json) {
  return adapter_of(json, "adapter_config.json");
}

void check_error(std::string const& json, errc code, char const* words) {
  INFO(json);
  codec_error const e = files::error_of([&] { (void)read(json); });
  CHECK(e.code() == code);
  CHECK(e.path() == "adapter_config.json");
  INFO(e.what());
  CHECK(files::contains(e.what(), words));
}
}  // namespace

TEST_CASE("ranks, alphas, scalings and targets are PEFT's", "[adapter]") {
  auto const cases = nlohmann::json::parse(files::content(files::data("peft/rules.json")));
  std::size_t adapted = 0;
  for (auto const& one : cases) {
    INFO(one["config"]);
    adapter const a = read(one["config"]);
    CHECK(a.warnings.size() == (a.alpha == 0 ? 1 : 0));
    CHECK(a.refused.empty());
    adapter_rules const rules{a};
    for (auto const& [module, facts] : one["modules"].items()) {
      INFO(module);
      CHECK(rules.targets(module) == !facts.is_null());
      if (facts.is_null()) continue;
      CHECK(rules.rank(module) == facts[0].get<index_t>());
      CHECK(rules.alpha(module) == facts[1].get<double>());
      CHECK(rules.scaling(module) == facts[2].get<double>());
      ++adapted;
    }
  }
  CHECK(cases.size() == 26);
  CHECK(adapted > 1000);
}

TEST_CASE("every field of a configuration", "[adapter]") {
  adapter const a = read(R"({
    "peft_type": "LORA", "r": 16, "lora_alpha": 24.5, "use_rslora": true, "fan_in_fan_out": true,
    "rank_pattern": {"z": 1, "a": 2}, "alpha_pattern": {"z": 0.5, "a": 2},
    "target_modules": ["q_proj"], "exclude_modules": "k.*", "layers_to_transform": [3, 1],
    "layers_pattern": ["h"], "bias": "lora_only", "lora_bias": true, "modules_to_save": ["lm_head"],
    "use_dora": true, "target_parameters": ["experts.gate_up_proj"], "init_lora_weights": "gaussian",
    "base_model_name_or_path": "base", "lora_dropout": 0.1, "task_type": null, "revision": "main"})");
  CHECK(a.rank == 16);
  CHECK(a.alpha == 24.5);
  CHECK(a.rank_stabilized);
  CHECK(a.fan_in_fan_out);
  CHECK(a.rank_pattern == std::vector<std::pair<std::string, index_t>>{{"z", 1}, {"a", 2}});
  CHECK(a.alpha_pattern == std::vector<std::pair<std::string, double>>{{"z", 0.5}, {"a", 2}});
  CHECK(a.targets == module_names{module_names::form::list, {"q_proj"}, ""});
  CHECK(a.excluded == module_names{module_names::form::pattern, {}, "k.*"});
  CHECK(a.layers == std::vector<index_t>{3, 1});
  CHECK(a.layers_patterns == std::vector<std::string>{"h"});
  CHECK(a.bias == adapter_bias::lora_only);
  CHECK(a.lora_bias);
  CHECK(a.modules_to_save == std::vector<std::string>{"lm_head"});
  CHECK(a.weight_decomposed);
  CHECK(a.target_parameters == std::vector<std::string>{"experts.gate_up_proj"});
  CHECK(a.init == "gaussian");
  CHECK(a.base_model == "base");
  CHECK(a.refused.empty());
  CHECK(a.warnings.empty());
}

TEST_CASE("absent and null fields have PEFT's defaults", "[adapter]") {
  CHECK(read("{}") == adapter{});
  CHECK(read(R"({"r": null, "lora_alpha": null, "rank_pattern": null, "target_modules": null,
                 "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null})") ==
        adapter{});
  CHECK(adapter{}.rank == 8);
  CHECK(adapter{}.alpha == 8);
}

TEST_CASE("what MindFormers exports", "[adapter]") {
  adapter const a = read(R"({"r": 8, "lora_alpha": 16, "bias": "none",
                             "target_modules": ".*wq|.*wk|.*wv|.*wo"})");
  CHECK(a.warnings.empty());
  adapter_rules const rules{a};
  CHECK(rules.scaling("model.layers.0.attention.wq") == 2);
  CHECK(rules.targets("model.layers.0.attention.wo") == true);
  CHECK(rules.targets("model.layers.0.feed_forward.w1") == false);
}

TEST_CASE("forms of names of modules", "[adapter]") {
  using form = module_names::form;
  CHECK(read(R"({"target_modules": "all-linear"})").targets.how == form::all_linear);
  CHECK(read(R"({"target_modules": "All-Linear"})").targets.how == form::all_linear);
  CHECK(adapter_rules{read(R"({"target_modules": "all-linear"})")}.targets("x.q") == std::nullopt);
  CHECK(read(R"({"target_modules": "all-linears"})").targets.how == form::pattern);
  CHECK(read(R"({"target_modules": []})").targets.how == form::list);
  CHECK(read(R"({"layers_to_transform": 7, "layers_pattern": ""})").layers ==
        std::vector<index_t>{7});
  CHECK(read(R"({"layers_pattern": ""})").layers_patterns.empty());
  CHECK(read(R"({"layers_pattern": "h"})").layers_patterns == std::vector<std::string>{"h"});
}

TEST_CASE("fields that forbid a merge are noted when they are set", "[adapter]") {
  adapter const a = read(R"({"layer_replication": [[0, 4], [2, 5]], "use_qalora": true,
                             "kasa_config": {"a": 1}, "trainable_token_indices": [3]})");
  CHECK(a.refused == std::vector<std::string>{"kasa_config", "layer_replication",
                                              "trainable_token_indices", "use_qalora"});
  CHECK(read(R"({"layer_replication": null, "use_qalora": false, "kasa_config": {},
                 "trainable_token_indices": []})")
            .refused.empty());
}

TEST_CASE("what is ignored is told", "[adapter]") {
  auto const warning = [](std::string const& json) { return read(json).warnings.at(0); };
  CHECK(warning(R"({"new_field": 1})") == "the unknown field 'new_field' was ignored");
  CHECK(warning(R"({"lora_alpha": 0})") == "lora_alpha is 0: these adapters change nothing");
  CHECK(files::contains(warning(R"({"alpha_pattern": {"q": 0.0}})"), "alpha_pattern.q is 0"));
  for (char const* const init : {"pissa", "pissa_niter_4", "olora", "corda", "loftq", "lora_ga"})
    CHECK(files::contains(warning(R"({"init_lora_weights": ")" + std::string{init} + "\"}"),
                          "changed the base model too"));
  CHECK(read(R"({"init_lora_weights": true})").init == "true");
  CHECK(read(R"({"init_lora_weights": true})").warnings.empty());
  CHECK(files::contains(warning(R"({"ensure_weight_tying": true})"), "ensure_weight_tying"));
}

TEST_CASE("configurations that are not one", "[adapter]") {
  check_error(R"({"peft_type": "IA3"})", errc::value_is_not_supported,
              "peft_type is 'IA3', only LORA is read");
  check_error(R"({"r": 0})", errc::file_is_malformed, "r is 0");
  check_error(R"({"r": -4})", errc::file_is_malformed, "r is -4");
  check_error(R"({"r": 4.0})", errc::file_is_malformed, "key 'r' is 4.0, expected an integer");
  check_error(R"({"r": true})", errc::file_is_malformed, "key 'r' is true");
  check_error(R"({"r": 9223372036854775808})", errc::file_is_malformed, "below 2^63");
  check_error(R"({"rank_pattern": {"q": 0}})", errc::file_is_malformed, "rank_pattern.q is 0");
  check_error(R"({"rank_pattern": {"q": "2"}})", errc::file_is_malformed,
              "key 'rank_pattern.q' is \"2\", expected an integer");
  check_error(R"({"rank_pattern": {"q": 2, "q": 3}})", errc::file_is_malformed,
              "the key 'q' occurs twice");
  check_error(R"({"rank_pattern": []})", errc::file_is_malformed, "expected an object");
  check_error(R"({"lora_alpha": "16"})", errc::file_is_malformed, "expected a number");
  check_error(R"({"bias": "some"})", errc::file_is_malformed, "bias is 'some'");
  check_error(R"({"target_modules": 3})", errc::file_is_malformed, "a list of texts or a text");
  check_error(R"({"target_modules": [3]})", errc::file_is_malformed, "expected a text");
  check_error(R"({"use_dora": 1})", errc::file_is_malformed, "expected true or false");
  check_error(R"([])", errc::file_is_malformed, "expected an object");
  check_error(R"({"r": 8)", errc::file_is_malformed, "adapter_config.json: byte");
  check_error("", errc::file_is_malformed, "adapter_config.json: byte 0");
}

TEST_CASE("the real configurations of the merge cases", "[adapter]") {
  adapter const a =
      read_adapter(files::data("lora/peft-patterns-bf16/src/adapter/adapter_config.json"));
  CHECK(a.warnings.empty());
  CHECK(a.rank == 4);
  adapter_rules const rules{a};
  CHECK(rules.rank("model.layers.0.self_attn.q_proj") == 2);
  CHECK(rules.scaling("model.layers.0.self_attn.q_proj") == 1.5);
  CHECK(rules.scaling("model.layers.1.self_attn.v_proj") == 4);
  CHECK(rules.rank("model.layers.1.mlp.down_proj") == 6);
  CHECK(files::error_of([] { (void)read_adapter("/no/such/file"); }).code() ==
        errc::file_cannot_be_read);
}

}  // namespace adapter_config_test
