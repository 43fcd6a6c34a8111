#include "files.hpp"

#include <reshard/codec/adapter_rules.hpp>

#include <chrono>
#include <limits>

namespace adapter_rules_test {

using namespace reshard;

TEST_CASE("the scaling of an adapter", "[adapter]") {
  CHECK(lora_scaling(16, 8, false) == 2);
  CHECK(lora_scaling(16, 64, true) == 2);
  CHECK(lora_scaling(7, 4, false) == 1.75);
  CHECK(lora_scaling(0, 4, false) == 0);
  adapter const defaults;
  adapter_rules const rules{defaults};
  CHECK(rules.scaling("model.layers.0.q_proj") == 1);
  CHECK(rules.targets("model.layers.0.q_proj") == std::nullopt);  // the model decides
}

TEST_CASE("the first pattern that matches counts, for rank and alpha apart", "[adapter]") {
  adapter a;
  a.rank = 4;
  a.alpha = 8;
  a.rank_pattern = {{"layers.1.q_proj", 2}, {"q_proj", 16}, {"model.layers.1.q_proj", 99}};
  a.alpha_pattern = {{"layers.1.q_proj", 3}};
  adapter_rules const rules{a};
  CHECK(rules.rank("model.layers.1.q_proj") == 2);
  CHECK(rules.alpha("model.layers.1.q_proj") == 3);
  CHECK(rules.scaling("model.layers.1.q_proj") == 1.5);
  CHECK(rules.rank("model.layers.2.q_proj") == 16);
  CHECK(rules.scaling("model.layers.2.q_proj") == 0.5);
  CHECK(rules.rank("model.layers.11.q_proj") == 16);
  CHECK(rules.rank("k_proj") == 4);
  CHECK(rules.rank("layers.1.q_proj") == 2);
  CHECK(rules.rank("xlayers.1.q_proj") == 16);
  CHECK(rules.rank("xq_proj") == 4);
  CHECK(rules.rank("m.layersx1xq_proj") == 2);   // a dot in a key is any character
  CHECK(rules.rank("mxlayers.1.q_proj") == 16);  // but not the one before it
}

TEST_CASE("plain keys match as their expressions do", "[adapter]") {
  std::vector<std::string> const parts{"a", "b", ".", "ab", ".a", "a.", "a.b", "", "bb"};
  std::size_t matches = 0;
  for (std::string const& x : parts) {
    for (std::string const& y : parts) {
      std::string const key = x + y;
      python_pattern const pattern{"(.*\\.)?(" + key + ")$"};
      for (std::string const& p : parts) {
        for (std::string const& q : parts) {
          std::string const path = p + q + x;
          INFO(key << " on " << path);
          bool const expected = pattern.matches_from_start(path);
          REQUIRE(detail::module_key{key}.matches(path) == expected);
          matches += expected ? 1U : 0U;
        }
      }
    }
  }
  CHECK(matches > 500);
}

TEST_CASE("an expression that is not understood is an error of the rules", "[adapter]") {
  adapter a;
  a.rank_pattern = {{"(?i)Q_PROJ", 2}};
  CHECK(files::contains(files::error_of([&] { adapter_rules{a}; }).what(), "(?i)Q_PROJ"));
  a.rank_pattern.clear();
  a.layers = {1};
  a.layers_patterns = {"layers|blocks"};
  CHECK(files::contains(files::error_of([&] { adapter_rules{a}; }).what(), "layers|blocks"));
}

TEST_CASE("the layer of a module", "[adapter]") {
  detail::layer_finder const any{{}};
  CHECK(any.layer_of("model.layers.3.mlp.experts.7.up") == 3);
  CHECK(any.layer_of("model.layers.3") == std::nullopt);
  CHECK(any.layer_of("layers.3.up") == std::nullopt);  // as PEFT has it
  CHECK(any.layer_of("a.b.3x.4.up") == 4);
  CHECK(any.layer_of("a.b.-3.4.up") == 4);
  CHECK(any.layer_of("a.b.99999999999999999999.4.up") == 4);
  detail::layer_finder const named{{"h", "experts"}};
  CHECK(named.layer_of("model.layers.3.mlp.experts.7.up") == 7);
  CHECK(named.layer_of("h.2.up") == 2);
  CHECK(named.layer_of("xh.2.up") == std::nullopt);
  CHECK(named.layer_of("") == std::nullopt);
}

TEST_CASE("a thousand patterns by module are fast", "[adapter]") {
  adapter a;
  for (int i = 0; i < 1000; ++i)
    a.rank_pattern.emplace_back("model.layers." + std::to_string(i) + ".self_attn.q_proj", i + 1);
  auto const begin = std::chrono::steady_clock::now();
  adapter_rules const rules{a};
  for (int i = 0; i < 1000; ++i)
    REQUIRE(rules.rank("model.layers." + std::to_string(i) + ".self_attn.q_proj") == i + 1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{10});
}

TEST_CASE("fields that forbid a merge are listed", "[adapter]") {
  adapter a;
  require_mergeable(a, "p");
  a.refused = {"use_qalora", "kasa_config"};
  codec_error const e = files::error_of([&] { require_mergeable(a, "p"); });
  CHECK(e.code() == errc::value_is_not_supported);
  CHECK(std::string{e.what()} ==
        "p: a merge is not defined for adapters with use_qalora, kasa_config");
}

}  // namespace adapter_rules_test
