#pragma once

// Room exec: do a plan. file_mover moves tensors between files unit by unit: a unit is a box of
// consecutive elements of a tensor, read once, from the lowest present holders, and written to
// every destination file that wants a part of it. Memory is workers x buffers; the bytes written do
// not depend on the number of workers. No signal handler is installed: a std::stop_token stops the
// job.

#include <reshard/exec/file_move.hpp>
#include <reshard/exec/file_mover.hpp>
#include <reshard/exec/open_files.hpp>
#include <reshard/exec/operator_run.hpp>
#include <reshard/exec/output_files.hpp>
