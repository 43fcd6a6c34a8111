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
///   number: counts the tasks of a job; the same tasks for the same moves and limits
struct work_task {
  struct part {
    std::shared_ptr<open_move const> of;
    index_t first = 0;
    index_t units = 0;
  };
  std::uint64_t number = 0;
  std::vector<part> parts;
};

/// Gives out tasks: tensors in order, the units of one tensor consecutively.
class work_queue {
 public:
  using maker = std::function<file_move(std::size_t)>;

  work_queue(std::size_t moves, maker make, unit_limits const& limits)
      : moves_(moves), make_(std::move(make)), limits_(limits) {}

  /// The next task; nothing at the end.
  std::optional<work_task> next() {
    std::lock_guard const lock{mutex_};
    return take();
  }

 private:
  /// Small tensors are done together, but a task does not grow without end.
  static constexpr std::size_t most_parts = 256;

  std::optional<work_task> take() {
    work_task task;
    std::size_t bytes = 0;
    while (task.parts.size() < most_parts && open()) {
      std::size_t const one = std::max<std::size_t>(1, current_->plan.memory.unit);
      bool const whole = unit_ == 0 && current_->plan.units.size() == 1;
      if (!task.parts.empty() && (!whole || bytes + one > limits_.unit_bytes)) break;
      task.parts.push_back({current_, unit_++, 1});
      bytes += one;
      if (!whole) break;
    }
    if (task.parts.empty()) return std::nullopt;
    task.number = number_++;
    return task;
  }
  /// Makes current_ a move that has units left; false at the end.
  bool open() {
    while (current_ == nullptr || unit_ == current_->plan.units.size()) {
      if (next_ == moves_) return false;
      auto opened = std::make_shared<open_move>();
      opened->move = make_(next_++);
      opened->plan = plan_units(opened->move, limits_);
      current_ = std::move(opened);
      unit_ = 0;
    }
    return true;
  }

  std::mutex mutex_;
  std::size_t moves_;
  maker make_;
  unit_limits limits_;
  std::size_t next_ = 0;
  std::shared_ptr<open_move const> current_;
  index_t unit_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace v1
}  // namespace reshard
