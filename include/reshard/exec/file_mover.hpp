#pragma once

#include <reshard/exec/cancelled.hpp>
#include <reshard/exec/memory_budget.hpp>
#include <reshard/exec/unit_worker.hpp>
#include <reshard/exec/work_queue.hpp>

#include <exception>
#include <stop_token>
#include <string>
#include <thread>

namespace reshard {
inline namespace v1 {

/// The files of a job. Destinations exist already, in their full size.
struct mover_files {
  std::vector<std::string> sources;
  std::vector<std::string> destinations;
};

/// How far a job is: called by all workers, one at a time.
///   done_bytes: what is written, with what an earlier run wrote
struct mover_progress {
  std::uint64_t done_bytes = 0;
  std::string const& tensor;
  target_files const& files;
};

struct mover_options {
  std::size_t workers = 1;  ///< 0 = one per processor
  std::size_t lanes = 1;    ///< of the work_queue
  unit_limits limits;
  unit_memory memory;  ///< of one worker; the most that any move needs
  std::stop_token stop;
  entry_sums* sums = nullptr;  ///< added up if there are any
  std::function<void(mover_progress const&)> progress;
  std::function<bool(std::uint64_t task)> was_done;  ///< by an earlier run: not written again
  std::function<void(std::uint64_t task)> done;      ///< called when a task's bytes are written
};

/// What the mover asked of the files, in bytes.
struct mover_report {
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t tasks = 0;
};

/// Moves tensors between files: every unit is read once, each byte from one holder, and written to
/// all destination files that want a part of it. Workers share nothing but the queue and the open
/// files.
class file_mover {
 public:
  file_mover(mover_files const& files, mover_options options)
      : options_(std::move(options)),
        from_(files.sources, open_file_limit() / 2),
        to_(files.destinations, open_file_limit() / 2) {
    options_.workers = worker_count(options_.workers);
  }

  /// Does moves make(0) .. make(moves - 1).
  ///   throws: codec_error with file, tensor and byte; plan_error piece_has_no_present_holder,
  ///           cancelled
  ///   cost:   memory: workers x options.memory, and the moves in work
  mover_report run(std::size_t moves, work_queue::maker make) {
    work_queue queue{moves, std::move(make), options_.limits, options_.lanes};
    std::vector<std::jthread> threads;
    for (std::size_t w = 1; w < options_.workers; ++w)
      threads.emplace_back([&, w] { work(queue, w); });
    work(queue, 0);
    threads.clear();
    if (failure_) std::rethrow_exception(failure_);
    to_.close();
    return {from_.bytes(), to_.bytes(), tasks_};
  }

  [[nodiscard]] target_files& targets() noexcept { return to_; }

 private:
  void work(work_queue& queue, std::size_t number) {
    try {
      unit_worker worker{from_, to_, options_.sums, options_.memory};
      while (std::optional<work_task> const task = next(queue, number)) {
        bool const before = options_.was_done && options_.was_done(task->number);
        for (work_task::part const& part : task->parts)
          before ? pass(worker, part) : run(worker, part, unit_task::write);
        if (before) continue;
        if (options_.done) options_.done(task->number);
        ++tasks_;
      }
    } catch (...) {
      std::lock_guard const lock{mutex_};
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
  }

  std::optional<work_task> next(work_queue& queue, std::size_t worker) {
    if (failed_.load()) return std::nullopt;
    if (options_.stop.stop_requested()) detail::cancelled();
    return queue.next(worker, options_.workers);
  }

  void run(unit_worker& worker, work_task::part const& part, unit_task task) {
    worker.begin_move(part.of);
    for (index_t i = part.first; i < part.first + part.units; ++i) {
      worker.run(part.of->move, part.of->plan.grain, part.of->plan.units[i], task);
      if (!options_.progress) continue;
      std::lock_guard const lock{mutex_};
      options_.progress({to_.bytes() + before_.load(), part.of->move.name, to_});
    }
  }
  /// Units that an earlier run wrote.
  void pass(unit_worker& worker, work_task::part const& part) {
    for (index_t i = part.first; i < part.first + part.units; ++i)
      before_ += count_written(part.of->move, part.of->plan.units[i]);
    if (options_.sums != nullptr) run(worker, part, unit_task::sum);
  }
  /// What a unit writes to each file.
  std::uint64_t count_written(file_move const& move, box const& unit) {
    std::uint64_t sum = 0;
    for (file_side const& side : move.to)
      for_each_part(*side.where, unit, [&](met_part const& met) {
        replica_group const holders = side.where->holders_of(met.part);
        std::uint64_t const bytes =
            static_cast<std::uint64_t>(met.overlap.elements()) * move.item_bytes();
        for (index_t k = 0; k < holders.size(); ++k)
          if (std::optional<file_shard> const shard = side.shard(holders[k])) {
            to_.count_before(shard->file, bytes);
            sum += bytes;
          }
      });
    return sum;
  }

  mover_options options_;
  source_files from_;
  target_files to_;
  std::atomic<std::uint64_t> tasks_{0};
  std::atomic<std::uint64_t> before_{0};  // bytes that an earlier run wrote
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace v1
}  // namespace reshard
