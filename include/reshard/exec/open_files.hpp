#pragma once

#include <reshard/tensor/codec_error.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void file_cannot_be_written(std::string const& path, std::int64_t byte,
                                                std::string const& reason) {
  throw codec_error{errc::file_cannot_be_written, __func__, {path, {}, byte}, reason};
}
}  // namespace detail

/// A descriptor that is closed with its last user.
class open_file {
 public:
  open_file(std::string path, int flags)
      : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC)) {
    if (fd_ < 0) detail::file_cannot_be_written(path_, -1, std::strerror(errno));
  }
  open_file(open_file const&) = delete;
  open_file& operator=(open_file const&) = delete;
  ~open_file() { ::close(fd_); }

  [[nodiscard]] int descriptor() const noexcept { return fd_; }

  /// Writes all of `bytes` at `offset`.
  ///   throws: codec_error file_cannot_be_written, with the byte
  void write(std::uint64_t offset, std::span<std::byte const> bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
      ssize_t const n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        detail::file_cannot_be_written(path_, static_cast<std::int64_t>(offset + done),
                                       std::strerror(errno));
      done += static_cast<std::size_t>(n);
    }
  }

 private:
  std::string path_;
  int fd_;
};

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
///   File: has a constructor from what `make(i)` returns
template <class File> class open_files {
 public:
  open_files(std::size_t count, std::size_t limit) : slots_(count), limit_(limit) {}

  /// File `i`, opened by `make()` if it is not open.
  template <class Make> [[nodiscard]] std::shared_ptr<File> get(std::size_t i, Make const& make) {
    std::lock_guard const lock{mutex_};
    slot& s = slots_[i];
    if (s.file != nullptr) {
      recent_.splice(recent_.begin(), recent_, s.at);
      return s.file;
    }
    if (recent_.size() >= limit_) {
      slots_[recent_.back()].file.reset();
      recent_.pop_back();
    }
    s.file = std::make_shared<File>(make());
    recent_.push_front(i);
    s.at = recent_.begin();
    return s.file;
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
