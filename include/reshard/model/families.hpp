#pragma once

#include <reshard/model/deepseek.hpp>
#include <reshard/model/glm.hpp>
#include <reshard/model/llama.hpp>
#include <reshard/model/mixtral.hpp>
#include <reshard/model/qwen.hpp>

#include <span>

namespace reshard {
inline namespace v1 {

/// The families that this library knows.
[[nodiscard]] inline std::span<weight_family const* const> known_families() {
  static weight_family const* const all[] = {&llama_family,    &qwen_family, &qwen3_family,
                                             &qwen_moe_family, &glm_family,  &mixtral_family,
                                             &deepseek_family};
  return all;
}

/// The family that one of these names stands for.
///   throws: checkpoint_error arguments_disagree with the names that are known
[[nodiscard]] inline weight_family const& family_named(
    std::string_view name, std::span<weight_family const* const> families = known_families()) {
  std::string known;
  for (weight_family const* family : families)
    for (std::string_view const one : family->names) {
      if (one == name) return *family;
      known += (known.empty() ? "" : ", ") + std::string{one};
    }
  detail::arguments_disagree("there is no family '" + std::string{name} + "'; known: " + known);
}

}  // namespace v1
}  // namespace reshard
