#pragma once

#include <reshard/codec/strategy.hpp>
#include <reshard/tensor/codec_error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void strategy_is_malformed(std::string const& path,
                                               std::string const& parameter,
                                               std::string const& reason) {
  throw codec_error{errc::strategy_is_malformed, __func__, {path, parameter, -1}, reason};
}

/// A name of a merged file, "<stage>-<name>", split at its first '-'.
struct staged_name {
  index_t stage = 0;
  std::string name;
};

/// Nothing for a name without a stage: what comes before its first '-' is not a number.
inline std::optional<staged_name> split_stage(std::string_view text) {
  auto const dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dash), is_digit))
    return std::nullopt;
  std::int32_t stage = 0;
  if (std::from_chars(text.data(), text.data() + dash, stage).ec != std::errc{})
    return std::nullopt;
  return staged_name{stage, std::string{text.substr(dash + 1)}};
}

/// The pipeline stage that a plain file is of: that of its first operator.
inline index_t stage_of_file(strategy const& s) {
  return s.operators.empty() ? 0 : s.operators.front().stage;
}

/// Gives every parameter its stage: from its name in a merged file, else the file's.
inline void assign_stages(std::string const& path, strategy& s) {
  std::size_t staged = 0;
  for (parameter_layout& p : s.parameters) {
    std::optional<staged_name> split = split_stage(p.name);
    if (staged != 0 && !split)
      strategy_is_malformed(path, p.name, "no stage in the name, others have one");
    p.stage = split ? split->stage : stage_of_file(s);
    if (!split) continue;
    if (split->name.empty()) strategy_is_malformed(path, p.name, "no name after the stage");
    if (++staged; staged != static_cast<std::size_t>(&p - s.parameters.data()) + 1)
      strategy_is_malformed(path, p.name, "a stage in the name, others have none");
    p.name = std::move(split->name);
  }
  s.merged = staged != 0;
}

/// Drops parameters that occur twice; two layouts of one name in one stage are an error.
inline void drop_repeated(std::string const& path, strategy& s) {
  std::map<std::pair<index_t, std::string>, parameter_layout> seen;
  std::vector<parameter_layout> kept;
  for (parameter_layout& p : s.parameters) {
    auto const [first, is_new] = seen.try_emplace({p.stage, p.name}, p);
    if (!is_new && !(first->second == p))
      strategy_is_malformed(path, p.name,
                            "two different layouts in stage " + std::to_string(p.stage));
    if (is_new) kept.push_back(std::move(p));
  }
  s.parameters = std::move(kept);
}

/// A strategy as its file has it, names with prefixes, made a value; or an error.
inline strategy checked_strategy(std::string const& path, strategy s) {
  if (s.parameters.empty()) strategy_is_malformed(path, {}, "the file has no parameter layouts");
  assign_stages(path, s);
  for (parameter_layout const& p : s.parameters) {
    if (p.name.empty()) strategy_is_malformed(path, {}, "a parameter without name");
    if (p.device_matrix.empty()) strategy_is_malformed(path, p.name, "the device matrix is empty");
  }
  drop_repeated(path, s);
  return s;
}

/// The stages of the layouts are 0, 1, ... without a gap.
inline void require_all_stages(std::string const& path, strategy const& s) {
  std::set<index_t> stages;
  for (parameter_layout const& p : s.parameters) stages.insert(p.stage);
  index_t next = 0;
  for (index_t const stage : stages) {
    if (stage != next)
      strategy_is_malformed(path, {},
                            "layouts of stage " + std::to_string(stage) + ", but none of stage " +
                                std::to_string(next));
    ++next;
  }
}

/// The name of a parameter as the file of `s` has it.
inline std::string name_in_file(strategy const& s, parameter_layout const& p) {
  if (p.name.empty()) strategy_is_malformed({}, {}, "a parameter without name");
  if (s.merged) return std::to_string(p.stage) + "-" + p.name;
  if (p.stage != stage_of_file(s))
    strategy_is_malformed({}, p.name,
                          "a layout of stage " + std::to_string(p.stage) + " in a file of stage " +
                              std::to_string(stage_of_file(s)) +
                              "; only merged files hold several stages");
  return p.name;
}

/// The map as plain files have it: one number per dim, -1 = not cut; nothing if a dim is cut by
/// several axes.
inline std::optional<std::vector<index_t>> plain_map(parameter_layout const& p) {
  std::vector<index_t> map;
  for (std::vector<index_t> const& axes : p.tensor_map) {
    if (axes.size() > 1) return std::nullopt;
    map.push_back(axes.empty() ? -1 : axes.front());
  }
  return map;
}

/// The axes of one number of a plain map.
inline std::vector<index_t> axes_of(std::string const& path, std::string const& parameter,
                                    index_t entry) {
  if (entry < -1) strategy_is_malformed(path, parameter, "tensor_map has " + std::to_string(entry));
  if (entry == -1) return {};
  return {entry};
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
