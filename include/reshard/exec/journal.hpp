#pragma once

#include <reshard/exec/fingerprint.hpp>
#include <reshard/exec/open_file.hpp>

#include <sys/file.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void job_is_running(std::string const& journal) {
  throw codec_error{
      errc::job_is_running, __func__, {journal, {}, -1}, "another process is doing the same job"};
}

/// What the machine is until it is started again.
inline std::uint64_t boot_id() {
  std::ifstream in{"/proc/sys/kernel/random/boot_id"};
  std::string text;
  in >> text;
  fingerprint print;
  print.add(text);
  return print.value();
}
}  // namespace detail

/// What a journal says of a job.
///   done:     per task, whether its bytes are written
///   complete: all bytes are; what is left is to give the files their names
struct journal_state {
  std::vector<bool> done;
  std::uint64_t tasks = 0;  ///< that are done
  bool complete = false;
  std::uint64_t bytes = 0;    ///< of the valid records
  std::uint64_t records = 0;  ///< their number
};

/// A file that says which tasks of a job are done. Records are appended after the writes of a task
/// have returned: then its bytes outlive the process. A sync point says that they outlive the
/// machine; after another start of the machine only what is before the last one counts, and without
/// one there is no job: not even the files that it made need have their bytes.
///   format: records of two 64-bit words: kind and value, and a check over them, their number and
///           the job's fingerprint. The first is `begin` with the boot id
class journal {
 public:
  enum class kind : std::uint64_t { begin = 1, done, sync_point, complete, lost };

  /// What a journal file says; nothing if there is none, or if it is of other inputs or options.
  ///   throws: codec_error file_cannot_be_read
  [[nodiscard]] static std::optional<journal_state> read(std::string const& path, std::uint64_t job,
                                                         std::uint64_t boot = detail::boot_id()) {
    if (struct stat facts{}; ::stat(path.c_str(), &facts) != 0) return std::nullopt;
    return replay(random_access_file{path}, job, boot);
  }

  enum class start { go_on, anew };

  /// Takes hold of the journal of that name. One process at a time.
  ///   job:    fingerprint of inputs, options and version; a journal of another one begins anew
  ///   throws: codec_error job_is_running, file_cannot_be_written
  journal(std::string path, std::uint64_t job, start how = start::go_on,
          std::uint64_t boot = detail::boot_id())
      : job_(job), boot_(boot) {
    lock(std::move(path));
    if (how == start::go_on)
      state_ = replay(random_access_file{file_->path()}, job, boot).value_or(journal_state{});
    if (::ftruncate(file_->descriptor(), static_cast<off_t>(state_.bytes)) != 0)
      detail::file_cannot_be_written(file_->path(), static_cast<std::int64_t>(state_.bytes),
                                     std::strerror(errno));
  }

  /// What earlier runs of this job did.
  [[nodiscard]] journal_state const& found() const noexcept { return state_; }
  [[nodiscard]] std::string const& path() const noexcept { return file_->path(); }

  /// The files of the job are there, with all that no task writes.
  void begin() { append(kind::begin, boot_); }
  /// The bytes of a task are written.
  void done(std::uint64_t task) { append(kind::done, task); }

  /// Calls sync(), which makes everything written before outlive the machine, and says so. If it
  /// cannot, the tasks since the last sync point are lost: the system may have dropped their bytes.
  void sync_point(std::function<void()> const& sync) {
    std::uint64_t const before = records();
    try {
      sync();
    } catch (...) {
      append(kind::lost, 0);
      throw;
    }
    append(kind::sync_point, before);
    file_->sync();
  }

  /// Nothing is left but to rename the files.
  ///   durable: their bytes outlive the machine
  enum class durability : std::uint64_t { of_the_process, of_the_machine };
  void complete(durability how) {
    append(kind::complete, static_cast<std::uint64_t>(how));
    if (how == durability::of_the_machine) file_->sync();
  }

  /// Ends the job: there is no journal any more.
  void remove() { ::unlink(file_->path().c_str()); }

 private:
  static constexpr std::uint64_t record_bytes = 16;
  static constexpr int value_bits = 56;
  static constexpr std::uint64_t most_tasks = std::uint64_t{1} << 32;

  struct record {
    std::uint64_t word;
    std::uint64_t check;
  };

  static record make(kind what, std::uint64_t value, std::uint64_t number, std::uint64_t job) {
    std::uint64_t const mask = (std::uint64_t{1} << value_bits) - 1;
    std::uint64_t const word = static_cast<std::uint64_t>(what) << value_bits | (value & mask);
    fingerprint print;
    print.add_number(job);
    print.add_number(number);
    print.add_number(word);
    return {word, print.value()};
  }

  /// Replays records up to the first that is not valid.
  class replaying {
   public:
    explicit replaying(std::uint64_t boot) : boot_(make(kind::begin, boot, 0, 0).word) {}

    void take(std::uint64_t word, std::uint64_t number) {
      std::uint64_t const value = word & ((std::uint64_t{1} << value_bits) - 1);
      switch (static_cast<kind>(word >> value_bits)) {
        case kind::begin:
          if (current_ != 0 && current_ != word) lose();
          current_ = word;
          break;
        case kind::done:
          tasks_.push_back({number, value});
          break;
        case kind::sync_point:
          durable_ = value;
          break;
        case kind::complete:
          complete_ = value != 0 ? 2 : 1;
          break;
        case kind::lost:
          lose();
          break;
      }
    }
    std::optional<journal_state> state() {
      if (current_ != boot_) lose();
      if (nothing_) return std::nullopt;
      journal_state out;
      out.complete = complete_ != 0;
      for (task const& t : tasks_) {
        if (t.number >= most_tasks) continue;
        if (out.done.size() <= t.number) out.done.resize(t.number + 1);
        if (!out.done[t.number]) ++out.tasks;
        out.done[t.number] = true;
      }
      return out;
    }

   private:
    struct task {
      std::uint64_t record;
      std::uint64_t number;
    };
    /// Drops what a sync point does not cover.
    void lose() {
      nothing_ = nothing_ || (durable_ == 0 && complete_ != 2);
      while (!tasks_.empty() && tasks_.back().record >= durable_) tasks_.pop_back();
      if (complete_ == 1) complete_ = 0;
    }

    std::uint64_t boot_;
    std::uint64_t current_ = 0;
    std::uint64_t durable_ = 0;  // records before this one
    bool nothing_ = false;       // the files may lack what was written when they were made
    int complete_ = 0;           // 1 of the process, 2 of the machine
    std::vector<task> tasks_;
  };

  static std::optional<journal_state> replay(random_access_file const& file, std::uint64_t job,
                                             std::uint64_t boot) {
    std::vector<record> block(4096);
    replaying play{boot};
    std::uint64_t number = 0;
    for (bool valid = true; valid;) {
      std::uint64_t const left = file.size() / record_bytes - number;
      std::size_t const n = std::min<std::uint64_t>(left, block.size());
      if (n == 0) break;
      file.read(number * record_bytes, std::as_writable_bytes(std::span{block}.first(n)));
      for (std::size_t i = 0; i < n && valid; ++i) {
        valid = block[i].check == check_of(block[i].word, number, job);
        if (valid) play.take(block[i].word, number++);
      }
    }
    if (number == 0) return std::nullopt;
    std::optional<journal_state> out = play.state();
    if (!out) return std::nullopt;
    out->bytes = number * record_bytes;
    out->records = number;
    return out;
  }
  static std::uint64_t check_of(std::uint64_t word, std::uint64_t number, std::uint64_t job) {
    return make(static_cast<kind>(word >> value_bits), word, number, job).check;
  }

  /// Opens and locks the file; if its owner removes it meanwhile, the next one.
  void lock(std::string path) {
    while (true) {
      file_ = std::make_unique<open_file>(path, O_RDWR | O_CREAT);
      if (::flock(file_->descriptor(), LOCK_EX | LOCK_NB) != 0) detail::job_is_running(path);
      struct stat held {};
      struct stat named {};
      if (::fstat(file_->descriptor(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
          held.st_ino == named.st_ino && held.st_dev == named.st_dev)
        return;
    }
  }

  [[nodiscard]] std::uint64_t records() {
    std::lock_guard const guard{mutex_};
    return state_.records;
  }
  void append(kind what, std::uint64_t value) {
    std::lock_guard const guard{mutex_};
    record const r = make(what, value, state_.records, job_);
    file_->write(state_.records * record_bytes, std::as_bytes(std::span{&r, 1}));
    ++state_.records;
  }

  std::uint64_t job_;
  std::uint64_t boot_;
  std::unique_ptr<open_file> file_;
  journal_state state_;
  std::mutex mutex_;
};

}  // namespace v1
}  // namespace reshard
