#pragma once

#include <reshard/exec/memory_run.hpp>
#include <reshard/exec/open_files.hpp>
#include <reshard/exec/stored_tensor.hpp>

#include <array>
#include <atomic>
#include <string>

namespace reshard {
inline namespace v1 {

/// Calls access(file offset, bytes from the start, bytes) for the file ranges of logical bytes
/// [first, first + bytes).
template <class Access>
void for_each_range(std::span<byte_range const> ranges, std::uint64_t first, std::uint64_t bytes,
                    Access const& access) {
  std::uint64_t done = 0;
  for (byte_range const& range : ranges) {
    if (done == bytes) return;
    if (first >= range.bytes) {
      first -= range.bytes;
      continue;
    }
    std::uint64_t const n = std::min(range.bytes - first, bytes - done);
    access(range.offset + first, done, n);
    done += n;
    first = 0;
  }
}

/// How many buffers go into one system call.
using buffer_list = std::array<iovec, 512>;

/// The files that are read, a bounded number of them open at once.
class source_files {
 public:
  source_files(std::span<std::string const> paths, std::size_t limit)
      : paths_(paths), files_(paths.size(), limit) {}

  [[nodiscard]] std::shared_ptr<random_access_file> open(std::size_t file) {
    return files_.get(file, [&] { return random_access_file{paths_[file]}; });
  }
  [[nodiscard]] std::string const& path(std::size_t file) const { return paths_[file]; }

  /// Reads logical bytes [first, first + run.bytes()) of a shard.
  ///   throws: codec_error with file and byte
  void read(file_shard const& shard, std::uint64_t first, memory_run const& run) {
    std::shared_ptr<random_access_file> const file = open(shard.file);
    std::uint64_t const all = run.bytes();
    for_each_range(shard.ranges, first, all,
                   [&](std::uint64_t offset, std::uint64_t done, std::uint64_t bytes) {
                     read_range(*file, offset, run, done, bytes);
                   });
    bytes_.fetch_add(all, std::memory_order_relaxed);
  }

  /// Bytes asked for so far.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(); }
  void count(std::uint64_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  static void read_range(random_access_file const& file, std::uint64_t offset,
                         memory_run const& run, std::uint64_t done, std::uint64_t bytes) {
    buffer_list room;
    while (bytes > 0) {
      listed_buffers const listed = list_buffers(run, done, bytes, room);
      file.read(offset, listed.buffers);
      offset += listed.bytes;
      done += listed.bytes;
      bytes -= listed.bytes;
    }
  }

  std::span<std::string const> paths_;
  open_files<random_access_file> files_;
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace v1
}  // namespace reshard
