// Any bytes as config.json, params.json or adapter_config.json: no crash; the sizes of a model are
// positive, and the patterns of an adapter match or are refused.

#include "fuzz_file.hpp"

#include <reshard/codec/adapter_config.hpp>
#include <reshard/codec/adapter_rules.hpp>
#include <reshard/codec/model_config.hpp>

#include <cmath>
#include <cstdint>

using namespace reshard;

namespace {
void require_sizes(model const& m) {
  for (config_number const& n : {m.hidden_size, m.layers, m.heads, m.kv_heads})
    fuzz::require(n.value > 0 && n.value <= INT32_MAX);
  fuzz::require(m.heads.value % m.kv_heads.value == 0);
}
/// Calls action, which may say that the text is not what it reads.
template <class Action> void attempt(Action const& action) {
  try {
    action();
  } catch (codec_error const&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  attempt([&] { require_sizes(model_of(text, "fuzz")); });
  for (model_family const family :
       {model_family::dense, model_family::chatglm, model_family::mixtral, model_family::qwen_moe,
        model_family::deepseek})
    attempt([&] { require_sizes(model_of(text, "fuzz", family)); });
  attempt([&] { require_sizes(meta_model_of(text, "fuzz")); });
  attempt([&] {
    adapter const a = adapter_of(text, "fuzz");
    adapter_rules const rules{a};
    for (char const* const path : {"model.layers.0.self_attn.q_proj", "lm_head"}) {
      (void)rules.targets(path);
      fuzz::require(rules.rank(path) > 0);
      fuzz::require(!std::isnan(rules.scaling(path)));
    }
  });
  return 0;
}
