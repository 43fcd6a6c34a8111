#pragma once

#include "support/lora_flags.hpp"
#include "support/lora_record.hpp"

#include <deque>

namespace tools {

/// What all adapters of the command line do to a base.
///   adapters: theirs; outlive the plan
///   record:   gets a line for each
///   throws:   what the library throws
[[nodiscard]] reshard::peft_merges merges_of(reshard::catalog const& base, lora_flags const& flags,
                                             std::deque<reshard::peft_adapter>& adapters,
                                             lora_record& record);

}  // namespace tools
