#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace tools {

/// Turns SIGINT and SIGTERM into a stop request. A job that does not come back within a second
/// (it waits for a disk) is left as it is: it can be killed at any moment. One at a time.
class stop_on_signal {
 public:
  /// give_up: what is still to be said when the process must end at once
  explicit stop_on_signal(std::function<void(int)> give_up)
      : give_up_(std::move(give_up)), watcher_([this](std::stop_token const& end) { watch(end); }) {
    signal_ = 0;
    std::signal(SIGINT, note);
    std::signal(SIGTERM, note);
  }
  stop_on_signal(stop_on_signal const&) = delete;
  stop_on_signal& operator=(stop_on_signal const&) = delete;
  ~stop_on_signal() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  }

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  /// The signal that came; 0 if none did.
  [[nodiscard]] static int seen() noexcept { return signal_; }

 private:
  static constexpr std::chrono::milliseconds look{20};
  static constexpr std::chrono::milliseconds patience{700};

  static inline std::atomic<int> signal_{0};
  static void note(int signal) { signal_ = signal; }  // an atomic store is all a handler may do

  void watch(std::stop_token const& end) {
    std::chrono::milliseconds waited{0};
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable_any ended;  // by `end`, so that a short job does not wait for a look
    while (!end.stop_requested()) {
      ended.wait_for(lock, end, look, [] { return false; });
      if (signal_ == 0) continue;
      source_.request_stop();
      if ((waited += look) < patience) continue;
      give_up_(signal_);
      std::_Exit(128 + signal_);
    }
  }

  std::function<void(int)> give_up_;
  std::stop_source source_;
  std::jthread watcher_;
};

}  // namespace tools
