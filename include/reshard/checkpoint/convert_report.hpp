#pragma once

#include <reshard/exec/memory_budget.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace reshard {
inline namespace v1 {

/// What one file of the destination needs and gets, in bytes.
struct file_report {
  std::string path;
  std::uint64_t size = 0;
  std::uint64_t read_bytes = 0;          ///< of sources, counted for this file alone
  std::uint64_t written_bytes = 0;       ///< elements
  std::uint64_t transfers = 0;           ///< boxes of one source part each
  std::vector<std::uint32_t> checksums;  ///< per entry, if they were asked for
};

/// What a conversion moves, in bytes. Before it runs: what it will move.
///   lower_bound: source bytes that some destination needs, each once
struct convert_report {
  std::uint64_t files = 0;
  std::uint64_t tensors = 0;
  std::uint64_t source_files = 0;  ///< those that are read
  std::uint64_t read_bytes = 0;
  std::uint64_t lower_bound_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t transfers = 0;
  std::uint64_t tasks = 0;          ///< that were done
  std::uint64_t resumed_tasks = 0;  ///< that an earlier run of this job had done
  memory_split memory;
  std::vector<file_report> per_file;

  [[nodiscard]] double ratio() const noexcept {
    return lower_bound_bytes == 0
               ? 1.0
               : static_cast<double>(read_bytes) / static_cast<double>(lower_bound_bytes);
  }
};

}  // namespace v1
}  // namespace reshard
