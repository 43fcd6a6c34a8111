#pragma once

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <reshard/checkpoint/error.hpp>
#include <reshard/codec/model.hpp>

#include <optional>
#include <string>

namespace tools {

/// Values of a YAML file of MindFormers: those of model.model_config, else those at the top.
class yaml_config {
 public:
  explicit yaml_config(std::string const& path) : path_(path) {
    try {
      YAML::Node const root = YAML::LoadFile(path);
      node_ = YAML::Clone(root);
      if (root["model"] && root["model"]["model_config"])
        node_ = YAML::Clone(root["model"]["model_config"]);
    } catch (YAML::Exception const& e) {
      reshard::detail::arguments_disagree(path + ": " + e.what());
    }
  }

  void flag(char const* name, std::optional<bool>& target) const {
    if (node_[name] && !target) target = value<bool>(name);
  }
  /// The number under the first of these names that is there.
  [[nodiscard]] std::optional<reshard::config_number> number(
      std::initializer_list<char const*> names) const {
    for (char const* name : names)
      if (node_[name] && !node_[name].IsNull())
        return reshard::config_number{value<reshard::index_t>(name), name};
    return std::nullopt;
  }
  [[nodiscard]] std::optional<bool> maybe(char const* name) const {
    std::optional<bool> out;
    flag(name, out);
    return out;
  }

 private:
  template <class T> [[nodiscard]] T value(char const* name) const {
    try {
      return node_[name].as<T>();
    } catch (YAML::Exception const&) {
      reshard::detail::arguments_disagree(fmt::format("{}: {} has another type", path_, name));
    }
  }

  std::string path_;
  YAML::Node node_;
};

}  // namespace tools
