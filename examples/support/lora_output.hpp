#pragma once

#include "support/lora_flags.hpp"
#include "support/lora_record.hpp"

namespace tools {

/// The plan of a merged checkpoint before anything is merged: over the ranks of a destination
/// strategy, or as one file; with what the record says in its metadata or beside it.
///   source: outlives the plan
[[nodiscard]] reshard::conversion_plan plan_output(reshard::catalog const& source,
                                                   lora_flags const& flags,
                                                   lora_record const& record);

}  // namespace tools
