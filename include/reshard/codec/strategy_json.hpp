#pragma once

#include <reshard/codec/strategy_stages.hpp>

#include <nlohmann/json.hpp>

#include <set>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Reads the parts of a strategy in JSON.
class json_strategy_reader {
 public:
  explicit json_strategy_reader(std::string const& path) : path_(&path) {}

  strategy read(std::string const& text) const {
    nlohmann::json const root = parsed(text);
    strategy out;
    out.current_stage = number({}, root, "current_stage");
    if (root.contains("parallel_strategy_item"))
      for (auto const& [name, item] : member({}, root, "parallel_strategy_item", is_object).items())
        out.operators.push_back(operator_of(name, item));
    for (auto const& [name, item] : member({}, root, "parallel_layout_item", is_object).items())
      out.parameters.push_back(parameter_of(name, item));
    return out;
  }

 private:
  using json = nlohmann::json;
  static constexpr auto is_object = &json::is_object;
  static constexpr auto is_array = &json::is_array;
  static constexpr auto is_integer = &json::is_number_integer;

  [[nodiscard]] json parsed(std::string const& text) const {
    std::vector<std::set<std::string>> keys;
    auto const watch = [&](int depth, json::parse_event_t event, json& value) {
      if (depth > deepest) strategy_is_malformed(*path_, {}, "the JSON is nested too deeply");
      keys.resize(static_cast<std::size_t>(depth) + 1);
      if (event == json::parse_event_t::key && !keys.back().insert(value).second)
        strategy_is_malformed(*path_, value, "the key occurs twice in one object");
      return true;
    };
    try {
      json root = json::parse(text, watch);
      if (!root.is_object()) strategy_is_malformed(*path_, {}, "the JSON is no object");
      return root;
    } catch (json::parse_error const& e) {
      throw codec_error{errc::strategy_is_malformed,
                        "json_is_malformed",
                        {*path_, {}, static_cast<std::int64_t>(e.byte)},
                        e.what()};
    } catch (json::out_of_range const& e) {  // a number beyond all floating-point numbers
      throw codec_error{
          errc::strategy_is_malformed, "json_is_malformed", {*path_, {}, -1}, e.what()};
    }
  }

  /// A member that must be there and of the type that `is` tells.
  [[nodiscard]] json const& member(std::string const& name, json const& object, char const* key,
                                   bool (json::*is)() const noexcept) const {
    if (!object.is_object()) strategy_is_malformed(*path_, name, "its item is no JSON object");
    auto const found = object.find(key);
    if (found == object.end())
      strategy_is_malformed(*path_, name, "no key '" + std::string{key} + "'");
    if (!((*found).*is)())
      strategy_is_malformed(*path_, name, "key '" + std::string{key} + "' has another type");
    return *found;
  }

  [[nodiscard]] index_t number(std::string const& name, json const& object, char const* key) const {
    return integer(name, key, member(name, object, key, is_integer));
  }

  [[nodiscard]] index_t integer(std::string const& name, char const* key, json const& value) const {
    bool const fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
    if (!fits)
      strategy_is_malformed(*path_, name,
                            "key '" + std::string{key} + "' has a value that is no integer");
    return value.get<index_t>();
  }

  [[nodiscard]] std::vector<index_t> list(std::string const& name, char const* key,
                                          json const& array) const {
    if (!array.is_array())
      strategy_is_malformed(*path_, name, "key '" + std::string{key} + "' has no list");
    std::vector<index_t> out;
    for (json const& value : array) out.push_back(integer(name, key, value));
    return out;
  }

  [[nodiscard]] std::vector<index_t> list_at(std::string const& name, json const& object,
                                             char const* key) const {
    return list(name, key, member(name, object, key, is_array));
  }

  [[nodiscard]] std::vector<index_t> optional_list(std::string const& name, json const& object,
                                                   char const* key) const {
    return object.contains(key) ? list_at(name, object, key) : std::vector<index_t>{};
  }

  [[nodiscard]] operator_strategy operator_of(std::string const& name, json const& item) const {
    operator_strategy out{name, number(name, item, "stage"), {}};
    if (out.stage < 0) strategy_is_malformed(*path_, name, "the stage is negative");
    if (!item.contains("parallel_strategy")) return out;
    for (json const& input : member(name, item, "parallel_strategy", is_array))
      out.inputs.push_back(list(name, "parallel_strategy", input));
    return out;
  }

  [[nodiscard]] parameter_layout parameter_of(std::string const& name, json const& item) const {
    parameter_layout out;
    out.name = name;
    out.device_matrix = list_at(name, item, "dev_matrix");
    for (index_t const entry : list_at(name, item, "tensor_map"))
      out.tensor_map.push_back(axes_of(*path_, name, entry));
    out.field = number(name, item, "field");
    out.opt_weight_shard_step = number(name, item, "opt_weight_shard_step");
    out.opt_weight_shard_size = number(name, item, "opt_weight_shard_size");
    out.param_split_shape = optional_list(name, item, "param_split_shape");
    out.indices_offset = optional_list(name, item, "indices_offset");
    out.tensor_shape = optional_list(name, item, "tensor_shape");
    if (item.contains("sections"))
      for (json const& sizes : member(name, item, "sections", is_array))
        out.sections.push_back(list(name, "sections", sizes));
    return out;
  }

  static constexpr int deepest = 16;

  std::string const* path_;
};

inline nlohmann::json parameter_json(parameter_layout const& p) {
  std::optional<std::vector<index_t>> const map = plain_map(p);
  if (!map)
    strategy_is_malformed({}, p.name,
                          "a JSON strategy cannot hold a dim that several device axes cut; "
                          "write protobuf");
  nlohmann::json out{{"dev_matrix", p.device_matrix},
                     {"tensor_map", *map},
                     {"field", p.field},
                     {"opt_weight_shard_step", p.opt_weight_shard_step},
                     {"opt_weight_shard_size", p.opt_weight_shard_size}};
  if (!p.param_split_shape.empty()) out["param_split_shape"] = p.param_split_shape;
  if (!p.indices_offset.empty()) out["indices_offset"] = p.indices_offset;
  if (!p.tensor_shape.empty()) out["tensor_shape"] = p.tensor_shape;
  if (!p.sections.empty()) out["sections"] = p.sections;
  return out;
}
}  // namespace detail

/// A strategy as JSON, compact, keys sorted. Of operators with one name the last is kept.
///   throws: codec_error strategy_is_malformed, also for a dim that several axes cut
[[nodiscard]] inline std::string strategy_json(strategy const& s) {
  nlohmann::json root{{"current_stage", s.current_stage}};
  for (operator_strategy const& op : s.operators)
    root["parallel_strategy_item"][op.node_name] = {{"stage", op.stage},
                                                    {"parallel_strategy", op.inputs}};
  for (parameter_layout const& p : s.parameters)
    root["parallel_layout_item"][detail::name_in_file(s, p)] = detail::parameter_json(p);
  try {
    return root.dump();
  } catch (nlohmann::json::type_error const& e) {  // a name that is not UTF-8
    detail::strategy_is_malformed({}, {}, e.what());
  }
}

}  // namespace v1
}  // namespace reshard
