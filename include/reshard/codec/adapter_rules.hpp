#pragma once

#include <reshard/codec/adapter.hpp>
#include <reshard/codec/python_pattern.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Path equals the name or ends with "." and it.
inline bool ends_in_module(std::string_view path, std::string_view name) {
  return path.ends_with(name) &&
         (path.size() == name.size() || path[path.size() - name.size() - 1] == '.');
}

/// The key of a rank or alpha pattern. Most are plain paths; those need no regex.
class module_key {
 public:
  explicit module_key(std::string const& key) : key_(key) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    if (key.find_first_not_of(plain) != key.npos) pattern_.emplace("(.*\\.)?(" + key + ")$");
  }
  [[nodiscard]] bool is_plain() const noexcept { return !pattern_; }

  /// Python's re.match of (.*\.)?(key)$. A dot in the key is any character.
  [[nodiscard]] bool matches(std::string_view path) const {
    if (pattern_) return pattern_->matches_from_start(path);
    if (path.size() < key_.size()) return false;
    std::size_t const begin = path.size() - key_.size();
    auto const same = [](char of_key, char of_path) { return of_key == '.' || of_key == of_path; };
    return (begin == 0 || path[begin - 1] == '.') &&
           std::equal(key_.begin(), key_.end(), path.begin() + static_cast<std::ptrdiff_t>(begin),
                      same);
  }

 private:
  std::string key_;
  std::optional<python_pattern> pattern_;
};

/// The value of the first key that matches.
template <class T> class module_table {
 public:
  explicit module_table(std::vector<std::pair<std::string, T>> const& rows) {
    for (auto const& [key, value] : rows) rows_.emplace_back(module_key{key}, value);
  }
  [[nodiscard]] T of(std::string_view path, T otherwise) const {
    for (auto const& [key, value] : rows_)
      if (key.matches(path)) return value;
    return otherwise;
  }

 private:
  std::vector<std::pair<module_key, T>> rows_;
};

/// module_names with its expression compiled. One that is not understood names nobody knows what,
/// as "all-linear" does: it is for warnings only.
class module_matcher {
 public:
  explicit module_matcher(module_names const& names) : names_(names) {
    if (names.how != module_names::form::pattern) return;
    try {
      pattern_.emplace(names.pattern);
    } catch (codec_error const&) {
      names_ = {module_names::form::all_linear, {}, {}};
    }
  }
  [[nodiscard]] bool matches(std::string_view path) const {
    if (pattern_) return pattern_->matches_whole(path);
    return std::any_of(names_.names.begin(), names_.names.end(),
                       [&](std::string const& name) { return ends_in_module(path, name); });
  }
  /// One of a list is the whole path.
  [[nodiscard]] bool lists(std::string_view path) const {
    return std::find(names_.names.begin(), names_.names.end(), path) != names_.names.end();
  }
  [[nodiscard]] module_names::form how() const noexcept { return names_.how; }

 private:
  module_names names_;
  std::optional<python_pattern> pattern_;
};

/// Tells the layer of a module: the first number among the parts of its path that follows a part
/// with a name of layers; of any name if there are none, but not right behind the first part.
class layer_finder {
 public:
  explicit layer_finder(std::vector<std::string> const& patterns) {
    for (std::string const& pattern : patterns) {
      names_.emplace_back(pattern);
      if (!names_.back().is_plain())
        pattern_is_not_supported(pattern, "layers_pattern is a plain name");
    }
  }

  [[nodiscard]] std::optional<index_t> layer_of(std::string_view path) const {
    if (names_.empty())
      return first_number(path,
                          [](std::string_view before) { return before.find('.') != before.npos; });
    for (module_key const& name : names_)
      if (auto const layer =
              first_number(path, [&](std::string_view before) { return name.matches(before); }))
        return layer;
    return std::nullopt;
  }

 private:
  /// The first part that is a number, is not the last, and has such a path before it.
  template <class Accept>
  static std::optional<index_t> first_number(std::string_view path, Accept&& accept) {
    std::size_t dot = path.find('.');
    while (dot != path.npos) {
      std::size_t const end = path.find('.', dot + 1);
      if (end == path.npos) return std::nullopt;
      index_t number = 0;
      char const* const last = path.data() + end;
      auto const [rest, failure] = std::from_chars(path.data() + dot + 1, last, number);
      if (failure == std::errc{} && rest == last && path[dot + 1] != '-' &&
          accept(path.substr(0, dot)))
        return number;
      dot = end;
    }
    return std::nullopt;
  }

  std::vector<module_key> names_;
};
}  // namespace detail

/// The factor of B x A.
///   example: lora_scaling(16, 64, false) == 0.25, lora_scaling(16, 64, true) == 2
[[nodiscard]] inline double lora_scaling(double alpha, index_t rank, bool rank_stabilized) {
  auto const r = static_cast<double>(rank);
  return alpha / (rank_stabilized ? std::sqrt(r) : r);
}

/// What an adapter says of each module, its expressions compiled once. A module is the path of a
/// layer in the base model: "model.layers.0.self_attn.q_proj".
///   source: peft, utils/other.py get_pattern_key, tuners/tuners_utils.py
///   check_target_module_exists
class adapter_rules {
 public:
  ///   throws: codec_error value_is_not_supported  for an expression that is not understood
  explicit adapter_rules(adapter const& a)
      : adapter_(a),
        ranks_(a.rank_pattern),
        alphas_(a.alpha_pattern),
        targets_(a.targets),
        excluded_(a.excluded),
        layers_(a.layers_patterns) {
    for (std::string const& name : a.modules_to_save)
      saved_.emplace_back("(^|.*\\.)" + name + "($|\\..*)");
  }

  [[nodiscard]] index_t rank(std::string_view module) const {
    return ranks_.of(module, adapter_.rank);
  }
  [[nodiscard]] double alpha(std::string_view module) const {
    return alphas_.of(module, adapter_.alpha);
  }
  /// The factor of the module's B x A.
  [[nodiscard]] double scaling(std::string_view module) const {
    return lora_scaling(alpha(module), rank(module), adapter_.rank_stabilized);
  }

  /// The configuration asks for an adapter on this module; nothing if it leaves that to the model.
  /// What is in the file decides what is merged: this is for warnings.
  [[nodiscard]] std::optional<bool> targets(std::string_view module) const {
    auto const matches = [&](python_pattern const& saved) {
      return saved.matches_from_start(module);
    };
    using form = module_names::form;
    if (excluded_.how() == form::all_linear) return std::nullopt;
    if (excluded_.matches(module) || std::any_of(saved_.begin(), saved_.end(), matches))
      return false;
    if (targets_.how() == form::none && !adapter_.target_parameters.empty()) return false;
    if (targets_.how() == form::none || targets_.how() == form::all_linear) return std::nullopt;
    if (targets_.how() == form::pattern) return targets_.matches(module);
    return targets_.lists(module) || (targets_.matches(module) && is_in_layers(module));
  }

 private:
  [[nodiscard]] bool is_in_layers(std::string_view module) const {
    if (adapter_.layers.empty()) return true;
    std::optional<index_t> const layer = layers_.layer_of(module);
    return layer && std::find(adapter_.layers.begin(), adapter_.layers.end(), *layer) !=
                        adapter_.layers.end();
  }

  adapter adapter_;
  detail::module_table<index_t> ranks_;
  detail::module_table<double> alphas_;
  detail::module_matcher targets_;
  detail::module_matcher excluded_;
  detail::layer_finder layers_;
  std::vector<python_pattern> saved_;
};

}  // namespace v1
}  // namespace reshard
