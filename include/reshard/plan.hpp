#pragma once

// Room plan: which moves lead from one layout to another. Transfers are strided copies between two
// devices, exactly one for every source part that meets a destination box, made in closed form and
// streamed to a sink. Coverage, cost with its lower bound and the groups of devices that hold the
// same part come from the same walk over parts. Steps are the collective program that every device
// runs in lockstep. Pictures of both are text. A plan depends on its arguments only. By name only:
// plan/relabelling.hpp, the names for the destinations that leave most in place, and
// plan/piece_table.hpp, transfers between lists of pieces that no rule deals out.

#include <reshard/plan/axis_cuts.hpp>
#include <reshard/plan/bands.hpp>
#include <reshard/plan/cost.hpp>
#include <reshard/plan/coverage.hpp>
#include <reshard/plan/device_refinement.hpp>
#include <reshard/plan/make_steps.hpp>
#include <reshard/plan/part_holders.hpp>
#include <reshard/plan/parts.hpp>
#include <reshard/plan/picture.hpp>
#include <reshard/plan/redundancy.hpp>
#include <reshard/plan/run_cursor.hpp>
#include <reshard/plan/static_plan.hpp>
#include <reshard/plan/steps.hpp>
#include <reshard/plan/transfers.hpp>
#include <reshard/plan/turns.hpp>
