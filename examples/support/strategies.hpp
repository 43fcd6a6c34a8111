#pragma once

#include "support/run_tool.hpp"

#include <reshard/codec/mindspore_strategy.hpp>

#include <optional>
#include <string>

namespace tools {

/// The strategy of a flag: absent, empty and "None" are no strategy. Warnings go to stderr.
inline std::optional<reshard::strategy> strategy_of(std::string const& path) {
  if (path.empty() || path == "None") return std::nullopt;
  reshard::strategy_with_warnings read = reshard::read_strategy_with_warnings(path);
  print_warnings(read.warnings);
  return std::move(read.value);
}

}  // namespace tools
