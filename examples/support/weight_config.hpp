#pragma once

#include "support/weight_flags.hpp"

namespace tools {

/// The weights that the flags name: a Meta release, a folder or a file, or ranks under a strategy.
/// Warnings go to stderr.
reshard::catalog open_source(weight_flags const& flags);

/// What a configuration says: sizes, and variants of the right side.
struct weight_config {
  std::optional<reshard::model> sizes;
  std::string path;  // "" = none
};

/// config.json (of a Meta release params.json) of the input, or what --config names (JSON or YAML).
/// Variants go into the flags unless they are given there. Warnings go to stderr.
weight_config read_weight_config(weight_flags& flags);

}  // namespace tools
