#pragma once

#include "support/mover_flags.hpp"

#include <nlohmann/json_fwd.hpp>
#include <reshard/checkpoint/conversion_plan.hpp>

#include <string>

namespace tools {

/// Does what a plan says, as the flags say: explains, estimates, or moves, verifies and sums up.
///   where:   told as the place of the result
///   facts:   an object of what else the report has
///   returns: the exit status of the tool; 130 or 143 after a signal
///   throws:  what the library throws, after the report was written
int move_tensors(reshard::conversion_plan plan, mover_flags const& flags, std::string const& where);
int move_tensors(reshard::conversion_plan plan, mover_flags const& flags, std::string const& where,
                 nlohmann::ordered_json const& facts);

}  // namespace tools
