#pragma once

#include <reshard/exec/unit_plan.hpp>

#include <functional>
#include <memory>
#include <mutex>

namespace reshard {
inline namespace v1 {

/// A move that units are taken from.
struct open_move {
  file_move move;
  unit_plan plan;
};

/// Consecutive units that one worker does at a time: one unit, or all units of several small
/// tensors.
///   number: tells a job's tasks apart; the same tasks for the same moves and limits
struct work_task {
  struct part {
    std::shared_ptr<open_move const> of;
    index_t first = 0;
    index_t units = 0;
  };
  std::uint64_t number = 0;
  std::vector<part> parts;
};

/// Gives out tasks. The moves are some lanes of consecutive ones; within a lane tensors are done in
/// order, the units of one tensor consecutively. Workers begin in lanes far from each other and go
/// on where work is left, so they write different files where there are several: file systems let
/// one writer at a time into a file.
class work_queue {
 public:
  using maker = std::function<file_move(std::size_t)>;

  /// lanes: as lanes_for says, whatever the number of workers, so that another number of them goes
  ///        on with a job's tasks
  work_queue(std::size_t moves, maker make, unit_limits const& limits, std::size_t lanes = 1)
      : make_(std::move(make)), limits_(limits), lanes_(std::min(lanes, moves)) {
    for (std::size_t k = 0; k < lanes_.size(); ++k) {
      lanes_[k].next = moves * k / lanes_.size();
      lanes_[k].end = moves * (k + 1) / lanes_.size();
    }
  }

  /// Some, if each has work for a while: small jobs are not cut up.
  [[nodiscard]] static std::size_t lanes_for(std::uint64_t bytes, unit_limits const& limits) {
    std::uint64_t const tasks = bytes / std::max<std::size_t>(1, limits.unit_bytes);
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(tasks / 8, 1, 16));
  }

  /// The next task of one of several workers; nothing at the end.
  std::optional<work_task> next(std::size_t worker = 0, std::size_t workers = 1) {
    std::lock_guard const lock{mutex_};
    std::size_t const first = worker * lanes_.size() / workers;
    for (std::size_t k = 0; k < lanes_.size(); ++k) {
      std::size_t const number = (first + k) % lanes_.size();
      if (std::optional<work_task> task = take(lanes_[number])) {
        task->number = task->number * lanes_.size() + number;
        return task;
      }
    }
    return std::nullopt;
  }

 private:
  /// Small tensors are done together, but a task does not grow without end.
  static constexpr std::size_t most_parts = 256;
  struct lane {
    std::size_t next = 0;  // the moves that are not open yet
    std::size_t end = 0;
    std::shared_ptr<open_move const> current;
    index_t unit = 0;
    std::uint64_t tasks = 0;
  };

  std::optional<work_task> take(lane& from) {
    work_task task;
    std::size_t bytes = 0;
    while (task.parts.size() < most_parts && open(from)) {
      unit_plan const& plan = from.current->plan;
      std::size_t const one = std::max<std::size_t>(1, plan.memory.unit);
      bool const whole = from.unit == 0 && plan.units.size() == 1;
      if (!task.parts.empty() && (!whole || bytes + one > limits_.unit_bytes)) break;
      task.parts.push_back({from.current, from.unit++, 1});
      bytes += one;
      if (!whole) break;
    }
    if (task.parts.empty()) return std::nullopt;
    task.number = from.tasks++;
    return task;
  }
  /// Makes a lane's current move one that has units left; false at the end.
  bool open(lane& in) {
    while (in.current == nullptr || in.unit == in.current->plan.units.size()) {
      in.current = nullptr;
      if (in.next == in.end) return false;
      auto opened = std::make_shared<open_move>();
      opened->move = make_(in.next++);
      opened->plan = plan_units(opened->move, limits_);
      in.current = std::move(opened);
      in.unit = 0;
    }
    return true;
  }

  std::mutex mutex_;
  maker make_;
  unit_limits limits_;
  std::vector<lane> lanes_;
};

}  // namespace v1
}  // namespace reshard
