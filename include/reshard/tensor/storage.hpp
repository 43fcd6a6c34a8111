#pragma once

#include <reshard/tensor/codec_error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace reshard {
inline namespace v1 {

/// Bytes [offset, offset + bytes) of a file.
struct byte_range {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(byte_range const&, byte_range const&) = default;
};

namespace detail {
[[noreturn]] inline void file_cannot_be_read(std::string const& path, std::int64_t byte,
                                             std::string const& reason) {
  throw codec_error{errc::file_cannot_be_read, __func__, {path, {}, byte}, reason};
}
[[noreturn]] inline void file_is_truncated(std::string const& path, std::uint64_t size,
                                           std::uint64_t offset, std::uint64_t bytes) {
  throw codec_error{errc::file_is_truncated,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(offset)},
                    "file ends at byte " + std::to_string(size) + ", but bytes " +
                        std::to_string(offset) + " to " + std::to_string(offset + bytes) +
                        " are needed"};
}

/// Takes `n` bytes off the front of a list of buffers.
inline void consume(std::span<iovec>& buffers, std::size_t n) noexcept {
  while (!buffers.empty() && n >= buffers.front().iov_len) {
    n -= buffers.front().iov_len;
    buffers = buffers.subspan(1);
  }
  if (n == 0) return;
  buffers.front().iov_base = static_cast<std::byte*>(buffers.front().iov_base) + n;
  buffers.front().iov_len -= n;
}
}  // namespace detail

/// A regular file opened for reading at any offset, by any thread at once (pread).
///   throws: codec_error file_cannot_be_read
class random_access_file {
 public:
  explicit random_access_file(std::string path) : path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);  // else a FIFO is waited for
    if (fd_ < 0) detail::file_cannot_be_read(path_, -1, std::strerror(errno));
    struct stat facts {};
    if (::fstat(fd_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
      ::close(fd_);
      detail::file_cannot_be_read(path_, -1, "not a regular file");
    }
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  random_access_file(random_access_file&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}
  random_access_file& operator=(random_access_file&&) = delete;
  ~random_access_file() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  [[nodiscard]] int descriptor() const noexcept { return fd_; }

  /// Fills `out` from `offset`.
  ///   throws: codec_error file_is_truncated when the file ends before, file_cannot_be_read
  void read(std::uint64_t offset, std::span<std::byte> out) const {
    iovec buffer{out.data(), out.size()};
    read(offset, std::span{&buffer, 1});
  }
  /// Fills buffers, at most IOV_MAX, one after another from `offset`. The list is used up.
  ///   throws: codec_error file_is_truncated when the file ends before, file_cannot_be_read
  void read(std::uint64_t offset, std::span<iovec> buffers) const {
    std::uint64_t const first = offset;
    while (true) {
      detail::consume(buffers, 0);  // empty ones
      if (buffers.empty()) return;
      ssize_t const n = ::preadv(fd_, buffers.data(), static_cast<int>(buffers.size()),
                                 static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        detail::file_cannot_be_read(path_, static_cast<std::int64_t>(offset), std::strerror(errno));
      if (n == 0) {
        std::size_t missing = 0;
        for (iovec const& buffer : buffers) missing += buffer.iov_len;
        detail::file_is_truncated(path_, offset, first, offset - first + missing);
      }
      offset += static_cast<std::uint64_t>(n);
      detail::consume(buffers, static_cast<std::size_t>(n));
    }
  }

 private:
  std::string path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace v1
}  // namespace reshard
