#pragma once

#include <reshard/exec/open_file.hpp>
#include <reshard/exec/source_files.hpp>

namespace reshard {
inline namespace v1 {

/// The files that are written, a bounded number of them open at once. They exist already, in their
/// full size.
class target_files {
 public:
  target_files(std::span<std::string const> paths, std::size_t limit)
      : paths_(paths), files_(paths.size(), limit), dirty_(paths.size()), done_(paths.size()) {
    for (std::atomic<bool>& file : dirty_) file = true;  // somebody created them
  }

  [[nodiscard]] std::shared_ptr<open_file> open(std::size_t file) {
    return files_.get(
        file, [&] { return paths_[file]; }, [](writable& leaving) { leaving.close(); });
  }
  [[nodiscard]] std::string const& path(std::size_t file) const { return paths_[file]; }

  /// Writes logical bytes [first, first + run.bytes()) of a shard.
  ///   throws: codec_error with file and byte
  void write(file_shard const& shard, std::uint64_t first, memory_run const& run) {
    std::shared_ptr<open_file> const file = open(shard.file);
    std::uint64_t const all = run.bytes();
    for_each_range(shard.ranges, first, all,
                   [&](std::uint64_t offset, std::uint64_t done, std::uint64_t bytes) {
                     write_range(*file, offset, run, done, bytes);
                   });
    count(shard.file, all);
  }

  /// Bytes written so far.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(); }
  void count(std::size_t file, std::uint64_t bytes) noexcept {
    dirty_[file].store(true, std::memory_order_release);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    count_before(file, bytes);
  }
  /// Counts bytes that an earlier run wrote.
  void count_before(std::size_t file, std::uint64_t bytes) noexcept {
    done_[file].fetch_add(bytes, std::memory_order_relaxed);
  }
  /// Bytes of elements that a file has.
  [[nodiscard]] std::uint64_t done(std::size_t file) const noexcept {
    return done_[file].load(std::memory_order_relaxed);
  }

  /// Makes what was written to any file before the call outlive the machine.
  ///   throws: codec_error file_cannot_be_written
  void sync() {
    for (std::size_t i = 0; i < dirty_.size(); ++i)
      if (dirty_[i].exchange(false, std::memory_order_acq_rel)) open(i)->sync();
  }
  /// Closes all files; no other thread may use them.
  ///   throws: codec_error file_cannot_be_written
  void close() {
    files_.close_all([](writable& file) { file.close(); });
  }

 private:
  struct writable : open_file {
    writable(std::string const& path) : open_file(path, O_WRONLY) {}
  };

  static void write_range(open_file const& file, std::uint64_t offset, memory_run const& run,
                          std::uint64_t done, std::uint64_t bytes) {
    buffer_list room;
    while (bytes > 0) {
      listed_buffers const listed = list_buffers(run, done, bytes, room);
      file.write(offset, listed.buffers);
      offset += listed.bytes;
      done += listed.bytes;
      bytes -= listed.bytes;
    }
  }

  std::span<std::string const> paths_;
  open_files<writable> files_;
  std::vector<std::atomic<bool>> dirty_;
  std::vector<std::atomic<std::uint64_t>> done_;
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace v1
}  // namespace reshard
