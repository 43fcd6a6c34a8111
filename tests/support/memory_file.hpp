#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace support {

/// A file in memory whose content changes. Thousands of them on a disk take minutes.
class memory_file {
 public:
  memory_file() : fd_(::memfd_create("reshard", 0)) {
    if (fd_ < 0) throw std::runtime_error{"no file in memory"};
  }
  memory_file(memory_file const&) = delete;
  memory_file& operator=(memory_file const&) = delete;
  ~memory_file() { ::close(fd_); }

  /// Replaces the content; gives the path.
  [[nodiscard]] std::string write(std::string_view bytes) const {
    if (::ftruncate(fd_, static_cast<off_t>(bytes.size())) != 0 ||
        ::pwrite(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error{"a file in memory cannot be written"};
    return "/proc/self/fd/" + std::to_string(fd_);
  }

 private:
  int fd_;
};

}  // namespace support
