#pragma once

#include <reshard/codec/adapter.hpp>
#include <reshard/codec/json_tree.hpp>

#include <algorithm>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void adapter_is_not_lora(std::string const& path, std::string const& type) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, {}, -1},
                    "peft_type is " + in_quotes(type) + ", only LORA is read"};
}
[[noreturn]] inline void adapter_value_is_out_of_range(std::string const& path,
                                                       std::string const& key,
                                                       std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, {path, {}, -1}, key + " is " + reason};
}

/// Fields that say nothing about a merge.
inline constexpr char const* ignored_adapter_fields[] = {
    "auto_mapping", "corda_config",   "eva_config",    "inference_mode", "loftq_config",
    "lora_dropout", "lora_ga_config", "megatron_core", "peft_version",   "qalora_group_size",
    "revision",     "runtime_config", "task_type"};

/// Fields that make a merge undefined when they are set.
inline constexpr char const* refused_adapter_fields[] = {"alora_invocation_tokens",
                                                         "arrow_config",
                                                         "kasa_config",
                                                         "layer_replication",
                                                         "megatron_config",
                                                         "monteclora_config",
                                                         "trainable_token_indices",
                                                         "use_bdlora",
                                                         "use_qalora",
                                                         "velora_config"};

/// Ways to begin training that change the base model too: the adapter fits only that base.
inline constexpr std::string_view base_changing_inits[] = {"pissa", "olora", "corda", "loftq",
                                                           "lora_ga"};

/// Turns the fields of adapter_config.json into an adapter.
class adapter_reader {
 public:
  adapter_reader(json_tree const& root, std::string const& path) : fields_(root, path) {}

  adapter read() {
    std::string const type = fields_.text("peft_type").value_or("LORA");
    if (type != "LORA") adapter_is_not_lora(fields_.path(), type);
    read_numbers();
    read_modules();
    read_forms();
    read_init();
    note_the_rest();
    return std::move(out_);
  }

 private:
  [[noreturn]] void out_of_range(std::string const& key, std::string const& reason) const {
    adapter_value_is_out_of_range(fields_.path(), key, reason);
  }

  void read_numbers() {
    out_.rank = fields_.integer("r").value_or(out_.rank);
    out_.alpha = fields_.real("lora_alpha").value_or(out_.alpha);
    out_.rank_stabilized = fields_.boolean("use_rslora").value_or(false);
    out_.rank_pattern = fields_.pairs("rank_pattern", &json_fields::integer_of);
    out_.alpha_pattern = fields_.pairs("alpha_pattern", &json_fields::real_of);
    require_rank("r", out_.rank);
    for (auto const& [key, rank] : out_.rank_pattern) require_rank("rank_pattern." + key, rank);
    note_zero("lora_alpha", out_.alpha);
    for (auto const& [key, alpha] : out_.alpha_pattern) note_zero("alpha_pattern." + key, alpha);
  }

  void require_rank(std::string const& key, index_t rank) const {
    if (rank <= 0) out_of_range(key, std::to_string(rank) + ", a rank is above 0");
  }
  void note_zero(std::string const& key, double alpha) {
    if (alpha == 0) out_.warnings.push_back(key + " is 0: these adapters change nothing");
  }

  void read_modules() {
    out_.targets = names("target_modules");
    out_.excluded = names("exclude_modules");
    if (out_.targets.how == module_names::form::pattern && is_all_linear(out_.targets.pattern))
      out_.targets = {module_names::form::all_linear, {}, {}};
    json_tree const* const layers = fields_.find("layers_to_transform");
    if (layers != nullptr && !layers->is_array())
      out_.layers = {fields_.integer_of("layers_to_transform", *layers)};
    else
      out_.layers = fields_.integers("layers_to_transform");
    module_names const pattern = names("layers_pattern");
    out_.layers_patterns = pattern.names;
    if (!pattern.pattern.empty()) out_.layers_patterns = {pattern.pattern};
    out_.modules_to_save = fields_.texts("modules_to_save");
    out_.target_parameters = fields_.texts("target_parameters");
  }

  /// A list of names, or a text that is an expression.
  module_names names(std::string const& key) {
    json_tree const* const value = fields_.find(key);
    if (value == nullptr) return {};
    if (value->is_array()) return {module_names::form::list, fields_.texts(key), {}};
    if (!value->is_string()) fields_.fails(key, *value, "a list of texts or a text");
    return {module_names::form::pattern, {}, fields_.text_of(key, *value)};
  }
  /// PEFT takes the words in any case.
  static bool is_all_linear(std::string_view words) {
    constexpr std::string_view name = "all-linear";
    return std::equal(words.begin(), words.end(), name.begin(), name.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  }

  void read_forms() {
    out_.fan_in_fan_out = fields_.boolean("fan_in_fan_out").value_or(false);
    out_.lora_bias = fields_.boolean("lora_bias").value_or(false);
    out_.weight_decomposed = fields_.boolean("use_dora").value_or(false);
    out_.base_model = fields_.text("base_model_name_or_path").value_or("");
    std::string const bias = fields_.text("bias").value_or("none");
    if (bias == "all") {
      out_.bias = adapter_bias::all;
    } else if (bias == "lora_only") {
      out_.bias = adapter_bias::lora_only;
    } else if (bias != "none") {
      out_of_range("bias", in_quotes(bias) + ", not none, all or lora_only");
    }
  }

  void read_init() {
    json_tree const* const init = fields_.find("init_lora_weights");
    if (init == nullptr) return;
    out_.init = init->is_string() ? init->get<std::string>() : init->dump();
    for (std::string_view const name : base_changing_inits)
      if (out_.init.starts_with(name))
        out_.warnings.push_back("init_lora_weights is " + in_quotes(out_.init) +
                                ": training changed the base model too; merge into that one");
  }

  void note_the_rest() {
    for (char const* const field : refused_adapter_fields) {
      json_tree const* const value = fields_.find(field);
      bool const is_set = value != nullptr && !(value->is_structured() && value->empty()) &&
                          *value != json_tree(false);
      if (is_set) out_.refused.emplace_back(field);
    }
    if (fields_.boolean("ensure_weight_tying").value_or(false))
      out_.warnings.emplace_back("ensure_weight_tying is ignored: each name is merged by itself");
    for (char const* const field : ignored_adapter_fields) (void)fields_.find(field);
    for (std::string const& field : fields_.others())
      out_.warnings.push_back("the unknown field " + in_quotes(field) + " was ignored");
  }

  json_fields fields_;
  adapter out_;
};
}  // namespace detail

/// The adapter that a JSON text describes: adapter_config.json of PEFT, or what MindFormers exports
/// in its place (r, lora_alpha and target_modules as ".*wq|.*wk").
///   path:   for messages
///   throws: codec_error file_is_malformed (no JSON, a key twice, a value of another type),
///           value_is_not_supported (a peft_type other than LORA)
///   note:   fields that forbid a merge are listed in `refused`: see require_mergeable
[[nodiscard]] inline adapter adapter_of(std::string_view json, std::string const& path) {
  detail::json_tree const root = detail::tree_of({json, path});
  return detail::adapter_reader{root, path}.read();
}

/// The adapter in a file.
///   throws: codec_error, as above; file_cannot_be_read
[[nodiscard]] inline adapter read_adapter(std::string const& path) {
  return adapter_of(detail::json_text_at(path), path);
}

}  // namespace v1
}  // namespace reshard
