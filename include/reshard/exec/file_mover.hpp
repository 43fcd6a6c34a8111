#pragma once

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
struct mover_progress {
  std::uint64_t written_bytes = 0;
  std::string const& tensor;
};

struct mover_options {
  std::size_t workers = 1;
  unit_limits limits;
  unit_memory memory;  ///< of one worker; the most that any move needs
  std::stop_token stop;
  std::function<void(mover_progress const&)> progress;
  std::function<bool(std::uint64_t task)> skip;  ///< tasks that are done already
  std::function<void(std::uint64_t task)> done;  ///< called when a task's bytes are written
};

/// What the mover asked of the files, in bytes.
struct mover_report {
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t tasks = 0;
};

namespace detail {
[[noreturn]] inline void cancelled() {
  throw plan_error(errc::cancelled, __func__, "stopped on request");
}
}  // namespace detail

/// Moves tensors between files: every unit is read once, each byte from one holder, and written to
/// all destination files that want a part of it. Workers share nothing but the queue and the open
/// files.
class file_mover {
 public:
  file_mover(mover_files const& files, mover_options options)
      : options_(std::move(options)),
        from_(files.sources, open_file_limit() / 2),
        to_(files.destinations, open_file_limit() / 2) {}

  /// Does moves make(0) .. make(moves - 1).
  ///   throws: codec_error with file, tensor and byte; plan_error piece_has_no_present_holder,
  ///           cancelled
  ///   cost:   memory: workers x options.memory, and the moves in work
  mover_report run(std::size_t moves, work_queue::maker make) {
    work_queue queue{moves, std::move(make), options_.limits};
    std::vector<std::jthread> threads;
    for (std::size_t w = 1; w < options_.workers; ++w) threads.emplace_back([&] { work(queue); });
    work(queue);
    threads.clear();
    if (failure_) std::rethrow_exception(failure_);
    to_.close();
    return {from_.bytes(), to_.bytes(), tasks_};
  }

  [[nodiscard]] target_files& targets() noexcept { return to_; }

 private:
  void work(work_queue& queue) {
    try {
      unit_worker worker{from_, to_, options_.memory};
      while (std::optional<work_task> const task = next(queue)) {
        for (work_task::part const& part : task->parts) run(worker, part);
        if (options_.done) options_.done(task->number);
        ++tasks_;
      }
    } catch (...) {
      std::lock_guard const lock{mutex_};
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
  }

  std::optional<work_task> next(work_queue& queue) {
    if (failed_.load()) return std::nullopt;
    if (options_.stop.stop_requested()) detail::cancelled();
    return options_.skip ? queue.next(options_.skip) : queue.next();
  }

  void run(unit_worker& worker, work_task::part const& part) {
    worker.begin_move(part.of);
    for (index_t i = part.first; i < part.first + part.units; ++i) {
      worker.run(part.of->move, part.of->plan.grain, part.of->plan.units[i]);
      if (!options_.progress) continue;
      std::lock_guard const lock{mutex_};
      options_.progress({to_.bytes(), part.of->move.name});
    }
  }

  mover_options options_;
  source_files from_;
  target_files to_;
  std::atomic<std::uint64_t> tasks_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace v1
}  // namespace reshard
