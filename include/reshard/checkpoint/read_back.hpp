#pragma once

#include <reshard/checkpoint/convert_report.hpp>
#include <reshard/checkpoint/planned_moves.hpp>
#include <reshard/exec/cancelled.hpp>
#include <reshard/exec/entry_sums.hpp>

#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void file_reads_back_differently(std::string const& path,
                                                     std::string const& tensor,
                                                     std::uint32_t written, std::uint32_t read) {
  throw codec_error{errc::file_reads_back_differently,
                    __func__,
                    {path, tensor, -1},
                    "what was written has the CRC-32 " + std::to_string(written) +
                        ", what is read back " + std::to_string(read)};
}
}  // namespace detail

/// Reads written files again and compares every entry with the checksum that its bytes had in
/// memory.
class read_back {
 public:
  /// paths: where the files of the plan are now
  read_back(conversion_plan const& plan, planned_moves const& moves, entry_sums const& sums,
            std::span<std::string const> paths)
      : plan_(plan), moves_(moves), sums_(sums), paths_(paths) {}

  /// Compares all entries and writes their checksums into the reports of their files.
  ///   throws: codec_error file_reads_back_differently, file_cannot_be_read; plan_error cancelled
  void run(std::size_t workers, std::stop_token const& stop, std::vector<file_report>& reports) {
    for (std::size_t f = 0; f < plan_.files.size(); ++f)
      reports[f].checksums.resize(plan_.files[f].entries.size());
    {
      std::vector<std::jthread> threads;
      for (std::size_t w = 1; w < workers; ++w) threads.emplace_back([&] { work(stop, reports); });
      work(stop, reports);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

  struct entry {
    std::size_t file;
    std::size_t number;
  };
  std::optional<entry> next() {
    std::lock_guard const lock{mutex_};
    while (file_ < plan_.files.size() && entry_ == plan_.files[file_].entries.size()) {
      ++file_;
      entry_ = 0;
    }
    if (failure_ || file_ == plan_.files.size()) return std::nullopt;
    return entry{file_, entry_++};
  }

  void work(std::stop_token const& stop, std::vector<file_report>& reports) {
    std::vector<std::byte> buffer(buffer_bytes);
    std::optional<random_access_file> file;
    try {
      while (std::optional<entry> const e = next()) {
        if (stop.stop_requested()) detail::cancelled();
        if (!file || file->path() != paths_[e->file]) file.emplace(paths_[e->file]);
        std::uint32_t const read =
            sums_.of(*file, moves_.images()[e->file]->ranges[e->number], buffer);
        std::uint32_t const written = sums_.value(e->file, e->number);
        if (read != written)
          detail::file_reads_back_differently(
              plan_.files[e->file].path,
              plan_.tensors[plan_.files[e->file].entries[e->number].tensor].to.name, written, read);
        reports[e->file].checksums[e->number] = read;
      }
    } catch (...) {
      std::lock_guard const lock{mutex_};
      if (!failure_) failure_ = std::current_exception();
    }
  }

  conversion_plan const& plan_;
  planned_moves const& moves_;
  entry_sums const& sums_;
  std::span<std::string const> paths_;
  std::mutex mutex_;
  std::size_t file_ = 0;
  std::size_t entry_ = 0;
  std::exception_ptr failure_;
};

}  // namespace v1
}  // namespace reshard
