#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace reshard {
inline namespace v1 {

/// How many files a process may have open at once, with some left for others. Raises the soft limit
/// to the hard one.
inline std::size_t open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  std::size_t const all =
      limit.rlim_cur == RLIM_INFINITY ? 65536 : static_cast<std::size_t>(limit.rlim_cur);
  return all > 96 ? all - 64 : 32;
}

/// Many files of which at most `limit` are open at once; the least recently used is closed first. A
/// file in use by another thread stays open until that thread lets go of it.
///   File: has a constructor from what `make()` returns
template <class File> class open_files {
 public:
  open_files(std::size_t count, std::size_t limit) : slots_(count), limit_(limit) {}

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

  /// File `i`, opened by `make()` if it is not open.
  ///   leaving: called with the file that makes room, before its last owner lets go of it
  template <class Make, class Leaving>
  [[nodiscard]] std::shared_ptr<File> get(std::size_t i, Make const& make, Leaving const& leaving) {
    std::lock_guard const lock{mutex_};
    slot& s = slots_[i];
    if (s.file != nullptr) {
      recent_.splice(recent_.begin(), recent_, s.at);
      return s.file;
    }
    if (recent_.size() >= limit_) {
      std::shared_ptr<File> const old = std::move(slots_[recent_.back()].file);
      recent_.pop_back();
      if (old.use_count() == 1) leaving(*old);
    }
    s.file = std::make_shared<File>(make());
    recent_.push_front(i);
    s.at = recent_.begin();
    return s.file;
  }
  template <class Make> [[nodiscard]] std::shared_ptr<File> get(std::size_t i, Make const& make) {
    return get(i, make, [](File&) {});
  }

  /// Closes all files; none may be in use.
  template <class Leaving> void close_all(Leaving const& leaving) {
    std::lock_guard const lock{mutex_};
    for (std::size_t const i : recent_) {
      leaving(*slots_[i].file);
      slots_[i].file.reset();
    }
    recent_.clear();
  }

 private:
  struct slot {
    std::shared_ptr<File> file;
    std::list<std::size_t>::iterator at;
  };
  std::mutex mutex_;
  std::vector<slot> slots_;
  std::list<std::size_t> recent_;
  std::size_t limit_;
};

}  // namespace v1
}  // namespace reshard
