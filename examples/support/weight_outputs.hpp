#pragma once

#include "support/weight_flags.hpp"

#include <reshard/checkpoint/lay_out.hpp>

namespace tools {

/// Where the result goes, and in which form.
struct weight_outputs {
  std::string path;  // a file if it has the extension of a format, else a folder
  reshard::file_format format;
  bool is_file = false;
};

/// What the flags say. Warnings go to stderr.
///   throws: checkpoint_error arguments_disagree
weight_outputs outputs_of(weight_flags const& flags);

/// The files of the result: ranks under a strategy, one file, or shards with an index.
///   targets: whole tensors; outlives the plan
reshard::conversion_plan plan_weights(reshard::catalog const& targets, weight_flags const& flags,
                                      weight_outputs const& outputs,
                                      reshard::text_pairs const& metadata);

}  // namespace tools
