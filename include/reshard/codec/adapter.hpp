#pragma once

#include <reshard/algebra/text.hpp>
#include <reshard/tensor/codec_error.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Which modules an adapter names. `list`: a path equals one of the names or ends with "." and one.
/// `pattern`: a regular expression matches the whole path. `all_linear`: every linear layer but the
/// head; which those are only the model knows.
struct module_names {
  enum class form : std::uint8_t { none, list, pattern, all_linear };
  form how = form::none;
  std::vector<std::string> names;  ///< of a list
  std::string pattern;

  friend bool operator==(module_names const&, module_names const&) = default;
};

/// Which biases an adapter brings along, whole, to replace those of the base.
enum class adapter_bias : std::uint8_t { none, all, lora_only };

/// What a LoRA adapter is, as adapter_config.json says. Defaults are PEFT's.
///   rank_pattern, alpha_pattern: exceptions by module, in the order of the file: the first that
///                   matches counts. The key k matches a path that (.*\.)?(k)$ matches
///   layers, layers_patterns: if there are layers, a list of names means those layers only
struct adapter {
  index_t rank = 8;              ///< "r"
  double alpha = 8;              ///< "lora_alpha"
  bool rank_stabilized = false;  ///< "use_rslora": alpha / sqrt(rank) instead of alpha / rank
  std::vector<std::pair<std::string, index_t>> rank_pattern;
  std::vector<std::pair<std::string, double>> alpha_pattern;
  module_names targets;                      ///< "target_modules"
  module_names excluded;                     ///< "exclude_modules"
  std::vector<index_t> layers;               ///< "layers_to_transform"; none = all
  std::vector<std::string> layers_patterns;  ///< "layers_pattern"
  bool fan_in_fan_out = false;               ///< the base stores [in, out]
  adapter_bias bias = adapter_bias::none;
  bool lora_bias = false;                      ///< B has a bias
  std::vector<std::string> modules_to_save;    ///< whole modules that replace those of the base
  bool weight_decomposed = false;              ///< "use_dora"
  std::vector<std::string> target_parameters;  ///< parameters, such as stacked experts
  std::string init;                            ///< "init_lora_weights", "true" for the default
  std::string base_model;                      ///< "base_model_name_or_path"
  std::vector<std::string> refused;            ///< fields that are set and make a merge undefined
  std::vector<std::string> warnings;           ///< what was ignored

  friend bool operator==(adapter const&, adapter const&) = default;
};

namespace detail {
[[noreturn]] inline void adapter_cannot_be_merged(std::string const& path,
                                                  std::vector<std::string> const& fields) {
  std::string list;
  for (std::string const& field : fields) list += (list.empty() ? "" : ", ") + field;
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, {}, -1},
                    "a merge is not defined for adapters with " + list};
}
}  // namespace detail

/// Nothing is set that makes a merge undefined.
///   throws: codec_error value_is_not_supported  with the list of such fields
inline void require_mergeable(adapter const& a, std::string const& path) {
  if (!a.refused.empty()) detail::adapter_cannot_be_merged(path, a.refused);
}

}  // namespace v1
}  // namespace reshard
