#pragma once

#include <reshard/tensor/storage.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void file_cannot_be_written(std::string const& path, std::int64_t byte,
                                                std::string const& reason) {
  throw codec_error{errc::file_cannot_be_written, __func__, {path, {}, byte}, reason};
}
}  // namespace detail

/// A file that is written at any offset, by any thread at once.
///   throws: codec_error file_cannot_be_written
class open_file {
 public:
  open_file(std::string path, int flags, mode_t mode = 0666)
      : path_(std::move(path)), fd_(::open(path_.c_str(), flags | O_CLOEXEC, mode)) {
    if (fd_ < 0) detail::file_cannot_be_written(path_, -1, std::strerror(errno));
  }
  open_file(open_file const&) = delete;
  open_file& operator=(open_file const&) = delete;
  ~open_file() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] int descriptor() const noexcept { return fd_; }

  /// Writes all of `bytes` at `offset`.
  ///   throws: codec_error file_cannot_be_written, with the byte
  void write(std::uint64_t offset, std::span<std::byte const> bytes) const {
    iovec buffer{const_cast<std::byte*>(bytes.data()), bytes.size()};  // pwritev only reads it
    write(offset, std::span{&buffer, 1});
  }
  /// Writes buffers, at most IOV_MAX, one after another from `offset` on. The list is used up.
  ///   throws: codec_error file_cannot_be_written, with the byte
  void write(std::uint64_t offset, std::span<iovec> buffers) const {
    while (true) {
      detail::consume(buffers, 0);  // empty ones
      if (buffers.empty()) return;
      ssize_t const n = ::pwritev(fd_, buffers.data(), static_cast<int>(buffers.size()),
                                  static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail(offset, n == 0 ? "the file takes no more bytes" : std::strerror(errno));
      offset += static_cast<std::uint64_t>(n);
      detail::consume(buffers, static_cast<std::size_t>(n));
    }
  }

  /// Makes what was written outlive the machine.
  void sync() const {
    while (::fdatasync(fd_) != 0)
      if (errno != EINTR) fail_whole("cannot be synced: ");
  }
  /// Closes the file; some file systems report only then that they could not write.
  void close() {
    int const fd = std::exchange(fd_, -1);
    if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) fail_whole("cannot be closed: ");
  }

 private:
  [[noreturn]] void fail(std::uint64_t offset, char const* reason) const {
    detail::file_cannot_be_written(path_, static_cast<std::int64_t>(offset), reason);
  }
  [[noreturn]] void fail_whole(std::string const& what) const {
    detail::file_cannot_be_written(path_, -1, what + std::strerror(errno));
  }

  std::string path_;
  int fd_;
};

}  // namespace v1
}  // namespace reshard
