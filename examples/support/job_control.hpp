#pragma once

#include <fmt/format.h>
#include <unistd.h>
#include <reshard/checkpoint/convert.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace tools {

/// A stop token that SIGINT and SIGTERM trigger. One at a time.
class stop_on_signal {
 public:
  stop_on_signal() : watcher_([this](std::stop_token const& end) { watch(end); }) {
    std::signal(SIGINT, note);
    std::signal(SIGTERM, note);
  }
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  static inline std::atomic<bool> seen_{false};
  static void note(int) { seen_ = true; }  // an atomic store is all that a handler may do

  void watch(std::stop_token const& end) {
    while (!end.stop_requested()) {
      if (seen_) source_.request_stop();
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
  }

  std::stop_source source_;
  std::jthread watcher_;
};

/// A line on a terminal that says how far a job is; nothing when stderr is none.
inline std::function<void(reshard::convert_progress const&)> progress_line(bool quiet) {
  if (quiet || ::isatty(STDERR_FILENO) == 0) return {};
  return [shown = -1](reshard::convert_progress const& p) mutable {
    int const percent = p.all_bytes == 0 ? 100 : static_cast<int>(100 * p.done_bytes / p.all_bytes);
    if (percent <= shown) return;
    shown = percent;
    fmt::print(stderr, "\r{:3d} %{}", percent, percent == 100 ? "\n" : "");
    std::fflush(stderr);
  };
}

}  // namespace tools
