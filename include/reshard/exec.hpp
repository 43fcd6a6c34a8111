#pragma once

// Room exec: do a plan. file_mover moves tensors between files unit by unit: a unit is a box of a
// tensor's elements, read once, from the lowest present holders, wherever the terms of a view place
// them; computed by the element stages; and written to every destination file that wants a part of
// it. Memory is workers x buffers; the bytes written do not depend on the number of workers. A
// journal lets a killed job go on. No signal handler is installed: a std::stop_token stops the job.
// redistribute does a plan in memory, between the processes of a communicator; threads.hpp is one.

#include <reshard/exec/cancelled.hpp>
#include <reshard/exec/communicator.hpp>
#include <reshard/exec/direct_copy.hpp>
#include <reshard/exec/element_stage.hpp>
#include <reshard/exec/entry_sums.hpp>
#include <reshard/exec/file_move.hpp>
#include <reshard/exec/file_mover.hpp>
#include <reshard/exec/fingerprint.hpp>
#include <reshard/exec/gather.hpp>
#include <reshard/exec/gathered_box.hpp>
#include <reshard/exec/journal.hpp>
#include <reshard/exec/memory_budget.hpp>
#include <reshard/exec/memory_run.hpp>
#include <reshard/exec/open_file.hpp>
#include <reshard/exec/open_files.hpp>
#include <reshard/exec/operator_run.hpp>
#include <reshard/exec/output_files.hpp>
#include <reshard/exec/output_job.hpp>
#include <reshard/exec/probe.hpp>
#include <reshard/exec/redistribute.hpp>
#include <reshard/exec/scatter.hpp>
#include <reshard/exec/source_files.hpp>
#include <reshard/exec/stage_run.hpp>
#include <reshard/exec/stored_box.hpp>
#include <reshard/exec/stored_tensor.hpp>
#include <reshard/exec/target_files.hpp>
#include <reshard/exec/tensor_source.hpp>
#include <reshard/exec/threads.hpp>
#include <reshard/exec/unit_list.hpp>
#include <reshard/exec/unit_plan.hpp>
#include <reshard/exec/unit_worker.hpp>
#include <reshard/exec/work_queue.hpp>
#include <reshard/exec/worker_memory.hpp>
