#pragma once

#include <reshard/exec/journal.hpp>
#include <reshard/exec/output_files.hpp>

#include <atomic>
#include <chrono>

namespace reshard {
inline namespace v1 {

/// Who a job is, and what of.
///   name:   tells it apart from other jobs in the same folder: the same command has the same name
///   inputs: fingerprint of all that its bytes depend on
struct job_identity {
  std::uint64_t name = 0;
  std::uint64_t inputs = 0;
};

struct output_options {
  bool durable = true;  ///< sync points, and synced files before they get their names
  bool replace = true;  ///< files that have the names already, in the end
  bool fresh = false;   ///< forget what an earlier run of the job did
  std::uint64_t sync_bytes = std::uint64_t{4} << 30;
  std::chrono::seconds sync_time{30};
  std::optional<mode_t> mode;  ///< permission bits of the files; by umask if there are none
  crc_function crc_of;         ///< needed if an image has a CRC field
};

/// The files of a job from their first byte to their names, with a journal that lets the same job
/// go on after it was killed. Kept in the common folder of the files as .reshard-<name>.journal
class output_job {
 public:
  output_job(std::vector<output_file> files, job_identity const& who, output_options options)
      : files_(std::move(files), "reshard-" + hex_text(who.name)),
        who_(who),
        options_(std::move(options)),
        journal_path_(
            (common_folder() / (".reshard-" + hex_text(who.name) + ".journal")).string()) {
    if (!options_.fresh) found_ = journal::read(journal_path_, who.inputs);
    if (found_ && !(found_->complete ? files_.are_there_or_published() : files_.are_there()))
      found_.reset();
  }

  /// What an earlier run did that this one need not do.
  [[nodiscard]] bool is_complete() const noexcept { return found_ && found_->complete; }
  [[nodiscard]] std::uint64_t tasks_found() const noexcept { return found_ ? found_->tasks : 0; }
  [[nodiscard]] bool found(std::uint64_t task) const noexcept {
    return found_ && task < found_->done.size() && found_->done[task];
  }
  /// Bytes of the disk that the job has already.
  [[nodiscard]] std::uint64_t allocated_bytes() const {
    return found_ ? files_.allocated_bytes() : 0;
  }
  [[nodiscard]] output_files const& files() const noexcept { return files_; }
  [[nodiscard]] std::string const& journal_path() const noexcept { return journal_path_; }

  /// Takes hold of the job and makes its files ready to be written.
  ///   throws: codec_error job_is_running, file_cannot_be_written
  void begin() {
    std::error_code failure;
    std::filesystem::create_directories(std::filesystem::path{journal_path_}.parent_path(),
                                        failure);  // if it fails, so does the next line
    journal_.emplace(journal_path_, who_.inputs,
                     found_ ? journal::start::go_on : journal::start::anew);
    if (found_ && journal_->found().tasks != found_->tasks)
      detail::job_is_running(journal_path_);  // and has ended in the meantime
    if (!found_) files_.create();
    journal_->begin();
    synced_at_ = std::chrono::steady_clock::now();
  }

  /// A task's bytes are written. Called by any thread; one of them may make a sync point.
  ///   written: bytes so far; sync: makes them outlive the machine
  void done(std::uint64_t task, std::uint64_t written, std::function<void()> const& sync) {
    journal_->done(task);
    any_done_ = true;
    if (!options_.durable) return;
    std::unique_lock const guard{sync_mutex_, std::try_to_lock};
    if (!guard.owns_lock()) return;
    auto const now = std::chrono::steady_clock::now();
    if (written - synced_bytes_ < options_.sync_bytes && now - synced_at_ < options_.sync_time)
      return;
    sync_point(sync);
    synced_bytes_ = written;
    synced_at_ = std::chrono::steady_clock::now();
  }

  /// All tasks are done: gives the files their names and ends the journal.
  void publish(std::function<void()> const& sync) {
    if (!is_complete()) {
      files_.fill_fields(options_.crc_of);
      if (options_.durable) {
        files_.sync_fields();
        sync_point(sync);
      }
      journal_->complete(options_.durable ? journal::durability::of_the_machine
                                          : journal::durability::of_the_process);
    }
    if (options_.mode) files_.set_mode(*options_.mode);
    files_.publish(options_.replace);
    if (options_.durable) files_.sync_folders();
    journal_->remove();
  }

  /// The job failed. What is done stays for the next run of the same command, unless that is
  /// nothing.
  ///   returns: whether something stays
  bool stop() noexcept {
    if (!journal_) return false;
    if (any_done_ || tasks_found() > 0 || is_complete()) return true;
    files_.remove_temporaries();
    journal_->remove();
    return false;
  }
  /// The inputs are not what they were: nothing of what is done can be used.
  void discard() noexcept {
    files_.remove_temporaries();
    if (journal_) journal_->remove();
  }

 private:
  [[nodiscard]] std::filesystem::path common_folder() const {
    std::filesystem::path common = std::filesystem::path{files_.files().front().path}.parent_path();
    for (output_file const& file : files_.files()) {
      std::filesystem::path const folder = std::filesystem::path{file.path}.parent_path();
      std::filesystem::path both;
      for (auto a = common.begin(), b = folder.begin();
           a != common.end() && b != folder.end() && *a == *b; ++a, ++b)
        both /= *a;
      common = both;
    }
    return common;
  }

  void sync_point(std::function<void()> const& sync) {
    journal_->sync_point([&] {
      sync();
      if (std::exchange(folders_synced_, true)) return;
      files_.sync_folders();
      sync_folder(std::filesystem::path{journal_path_}.parent_path());
    });
  }

  output_files files_;
  job_identity who_;
  output_options options_;
  std::string journal_path_;
  std::optional<journal_state> found_;
  std::optional<journal> journal_;
  std::atomic<bool> any_done_{false};
  bool folders_synced_ = false;
  std::mutex sync_mutex_;
  std::uint64_t synced_bytes_ = 0;
  std::chrono::steady_clock::time_point synced_at_;
};

}  // namespace v1
}  // namespace reshard
