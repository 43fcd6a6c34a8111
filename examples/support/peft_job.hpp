#pragma once

#include "support/lora_flags.hpp"

namespace tools {

class job_report;

/// Merges adapters of PEFT into a folder of weights: the files keep their names, those that no
/// adapter touches are copied byte for byte.
///   returns: the exit status
///   throws:  what the library throws
int merge_adapters(lora_flags const& flags, job_report& report);

/// Merges adapters of PEFT into a checkpoint with MindSpore's names, complete or distributed: the
/// rules of the model's family say which tensor is which.
///   returns, throws: as above
int merge_renamed_adapters(lora_flags const& flags, job_report& report);

}  // namespace tools
