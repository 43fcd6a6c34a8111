#pragma once

#include <reshard/exec/memory_run.hpp>
#include <reshard/exec/source_files.hpp>
#include <reshard/tensor/linear_checksum.hpp>

#include <atomic>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Checksums of the entries of files that are written, added up piece by piece while the pieces are
/// in memory, in any order and by any thread.
class entry_sums {
 public:
  /// entries: of each file
  entry_sums(linear_checksum const& checksum, std::span<std::size_t const> entries)
      : checksum_(checksum) {
    first_.push_back(0);
    for (std::size_t const n : entries) first_.push_back(first_.back() + n);
    sums_ = std::vector<std::atomic<std::uint32_t>>(first_.back());
  }

  /// The checksum of a piece.
  [[nodiscard]] std::uint32_t of(memory_run const& run) const {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < run.bytes(); at += run.chunk_bytes)
      sum = checksum_.of(sum, {run.chunk(at / run.chunk_bytes), run.chunk_bytes});
    return sum;
  }
  /// Adds a piece: logical bytes [first, first + bytes) of an entry.
  void add(file_shard const& entry, std::uint64_t first, std::uint64_t bytes, std::uint32_t piece) {
    std::uint64_t all = 0;
    for (byte_range const& range : entry.ranges) all += range.bytes;
    sums_[first_[entry.file] + entry.entry].fetch_xor(checksum_.shifted(piece, all - first - bytes),
                                                      std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint32_t value(std::size_t file, std::size_t entry) const {
    return sums_[first_[file] + entry].load();
  }
  /// The checksum of what a file has in some ranges.
  [[nodiscard]] std::uint32_t of(random_access_file const& file, std::span<byte_range const> ranges,
                                 std::span<std::byte> buffer) const {
    std::uint32_t sum = 0;
    for (byte_range const& range : ranges)
      for (std::uint64_t at = 0; at < range.bytes; at += buffer.size()) {
        std::span<std::byte> const part =
            buffer.first(std::min<std::uint64_t>(buffer.size(), range.bytes - at));
        file.read(range.offset + at, part);
        sum = checksum_.of(sum, part);
      }
    return sum;
  }

 private:
  linear_checksum checksum_;
  std::vector<std::size_t> first_;  // per file, where its entries begin
  std::vector<std::atomic<std::uint32_t>> sums_;
};

}  // namespace v1
}  // namespace reshard
