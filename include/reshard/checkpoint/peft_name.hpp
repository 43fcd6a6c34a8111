#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {

/// What a tensor of a PEFT adapter is.
enum class peft_part : std::uint8_t {
  a,
  b,
  b_bias,
  embedding_a,
  embedding_b,
  magnitude,
  replacement,  ///< takes the place of a tensor of the base
  original,     ///< what a replacement takes the place of, saved once more
  unknown
};

/// A tensor's name in a PEFT adapter, taken apart.
///   module:  its path in the base model; of a replacement the name of the tensor
///   nesting: how many adapters on parameters of the same module wrap this one
struct peft_name {
  std::string module;
  peft_part part = peft_part::unknown;
  std::size_t nesting = 0;
};

namespace detail {
inline std::vector<std::string_view> split_at_dots(std::string_view name) {
  std::vector<std::string_view> out;
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t const end = std::min(name.find('.', begin), name.size());
    out.push_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}
inline std::string joined_by_dots(std::vector<std::string_view> const& parts) {
  std::string out;
  for (std::string_view const part : parts) (out += out.empty() ? "" : ".") += part;
  return out;
}

/// What a part "lora_..." and the parts behind it say. A raw training state has the adapter's name
/// among them.
inline peft_part peft_part_of(std::string_view word, std::vector<std::string_view> rest) {
  std::string_view const last = rest.empty() ? std::string_view{} : rest.back();
  bool const short_enough = rest.size() <= 2;
  if (word == "lora_embedding_A" && rest.size() <= 1) return peft_part::embedding_a;
  if (word == "lora_embedding_B" && rest.size() <= 1) return peft_part::embedding_b;
  if (word == "lora_magnitude_vector" && short_enough) return peft_part::magnitude;
  if (word == "lora_A" && short_enough && last == "weight") return peft_part::a;
  if (word == "lora_B" && short_enough && last == "weight") return peft_part::b;
  if (word == "lora_B" && short_enough && last == "bias") return peft_part::b_bias;
  return peft_part::unknown;
}

/// The name of the base's tensor that is replaced: without what PEFT's wrappers put into it.
inline peft_name replacement_name(std::vector<std::string_view> parts) {
  if (std::find(parts.begin(), parts.end(), "original_module") != parts.end())
    return {joined_by_dots(parts), peft_part::original, 0};
  auto const saved = std::find(parts.begin(), parts.end(), "modules_to_save");
  if (saved != parts.end()) {
    auto const behind = parts.erase(saved);
    if (behind != parts.end() && *behind == "default") parts.erase(behind);
  }
  std::erase(parts, std::string_view{"base_layer"});
  return {joined_by_dots(parts), peft_part::replacement, 0};
}
}  // namespace detail

/// Takes a name apart: base_model.model.<module>.lora_A.weight, lora_B, lora_B.bias,
/// lora_embedding_A and B, lora_magnitude_vector; with the adapter's name behind them in a raw
/// training state; .base_layer.weight, .modules_to_save.weight and plain names are replacements,
/// .original_module.weight is none. Marks of DDP and torch.compile are left out.
///   source: peft, utils/save_and_load.py
[[nodiscard]] inline peft_name peft_name_of(std::string_view name) {
  std::vector<std::string_view> parts = detail::split_at_dots(name);
  std::erase(parts, std::string_view{"_orig_mod"});
  while (parts.size() > 1 && parts.front() == "module") parts.erase(parts.begin());
  if (parts.size() > 2 && parts[0] == "base_model" && parts[1] == "model")
    parts.erase(parts.begin(), parts.begin() + 2);
  auto const lora = std::find_if(parts.begin(), parts.end(), [](std::string_view part) {
    return part.starts_with("lora_") || part.find("token_adapter") != part.npos ||
           part.find("trainable_tokens") != part.npos;
  });
  if (lora == parts.end()) return detail::replacement_name(std::move(parts));
  peft_name out;
  out.part = detail::peft_part_of(*lora, {lora + 1, parts.end()});
  parts.erase(lora, parts.end());
  for (; !parts.empty() && parts.back() == "base_layer"; parts.pop_back()) ++out.nesting;
  out.module = detail::joined_by_dots(parts);
  return out;
}

}  // namespace v1
}  // namespace reshard
