#pragma once

#include "support/mover_flags.hpp"
#include "support/tool.hpp"

#include <reshard/checkpoint/conversion_plan.hpp>

#include <string>

namespace tools {

class job_report;

/// The command line of a tool that moves tensors. The report of its flags is written whatever
/// happens; what the body throws is in it.
///   returns: as tool::run
int run_reported(tool& app, int argc, char** argv, mover_flags const& flags,
                 std::function<int(job_report&)> const& body);

/// Does what a plan says, as the flags say: explains, estimates, or moves, verifies and sums up.
///   where:   told as the place of the result
///   returns: the exit status of the tool; 130 or 143 after a signal
///   throws:  what the library throws
int move_tensors(reshard::conversion_plan plan, mover_flags const& flags, std::string const& where,
                 job_report& report);

}  // namespace tools
