#pragma once

#include "support/lora_flags.hpp"
#include "support/lora_record.hpp"

namespace tools {

class job_report;

/// The plan of a merged checkpoint before anything is merged: over the ranks of a destination
/// strategy, or as one file; with what the record says in its metadata or beside it.
///   source: outlives the plan
[[nodiscard]] reshard::conversion_plan plan_output(reshard::catalog const& source,
                                                   lora_flags const& flags,
                                                   lora_record const& record);

/// Adds merges to a plan, says what they do to a sample of elements, and runs it.
///   where:   what the summary calls the result
///   returns: the exit status
[[nodiscard]] int run_merges(reshard::conversion_plan plan, std::vector<reshard::lora_merge> merges,
                             lora_flags const& flags, lora_record const& record,
                             std::string const& where, job_report& report);

}  // namespace tools
