#pragma once

#include <reshard/checkpoint/conversion_cost.hpp>
#include <reshard/checkpoint/explain.hpp>
#include <reshard/checkpoint/holders.hpp>
#include <reshard/checkpoint/job_inputs.hpp>
#include <reshard/checkpoint/memory_use.hpp>
#include <reshard/checkpoint/preflight.hpp>
#include <reshard/checkpoint/read_back.hpp>
#include <reshard/checkpoint/verify_plan.hpp>
#include <reshard/exec.hpp>

namespace reshard {
inline namespace v1 {

namespace detail {
[[noreturn]] inline void memory_budget_is_too_small(std::size_t budget, memory_split const& split,
                                                    std::size_t worker) {
  throw checkpoint_error{errc::memory_budget_is_too_small, __func__,
                         "a budget of " + std::to_string(budget) +
                             " bytes: the index of the sources has " + std::to_string(split.index) +
                             ", the plan " + std::to_string(split.plan) + ", one worker needs " +
                             std::to_string(worker) + "; the least that works is " +
                             std::to_string(split.index + split.plan + worker)};
}
[[noreturn]] inline void source_has_changed(std::string const& path) {
  throw codec_error{errc::source_has_changed,
                    __func__,
                    {path, {}, -1},
                    "was changed while it was read; nothing was written"};
}
}  // namespace detail

/// How far a conversion is, in bytes of elements.
struct convert_progress {
  std::uint64_t done_bytes = 0;
  std::uint64_t all_bytes = 0;
  std::string const& tensor;
  target_files const& targets;
  std::vector<file_report> const& files;

  /// How many files have all their bytes.
  ///   cost: O(files)
  [[nodiscard]] std::size_t files_done() const {
    std::size_t n = 0;
    for (std::size_t f = 0; f < files.size(); ++f)
      n += targets.done(f) >= files[f].written_bytes ? 1 : 0;
    return n;
  }
};

struct convert_options {
  replica_rule replicas = replica_rule::agree;
  std::size_t workers = 0;       ///< 0 = one per processor
  std::size_t memory_bytes = 0;  ///< of all that the job holds; 0 = default_memory_bytes()
  bool replace_existing = false;
  output_options output;
  std::optional<linear_checksum> checksum;  ///< of every entry; what is written is read back
  std::stop_token stop;
  std::function<void(convert_progress const&)> progress;
};

/// One conversion, prepared: everything that can be known before the first byte is written.
class conversion {
 public:
  /// Plans the bytes of all files, proves that every needed piece has a present holder, that copies
  /// agree, and that the memory suffices. The catalogs of the plan outlive this.
  ///   throws: checkpoint_error, also for a plan that contradicts itself; codec_error;
  ///           nothing is written
  conversion(conversion_plan plan, convert_options options)
      : plan_(std::move(plan)), options_(std::move(options)), moves_(plan_) {
    options_.workers = worker_count(options_.workers);
    if (options_.memory_bytes == 0) options_.memory_bytes = default_memory_bytes();
    require_separate_files(plan_, moves_);
    for (std::string const& path : moves_.sources()) sources_.push_back(state_of(path));
    prove();
    require_agreement();
  }
  conversion(conversion const&) = delete;
  conversion& operator=(conversion const&) = delete;

  [[nodiscard]] convert_report const& report() const noexcept { return report_; }
  [[nodiscard]] conversion_plan const& plan() const noexcept { return plan_; }

  /// Calls sink(explained_transfer const&) for everything that a tensor's files are filled with.
  ///   throws: checkpoint_error names_do_not_match for a name that the destination does not have
  template <class Sink> void explain(std::string const& name, Sink const& sink) const {
    bool known = false;
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      if (plan_.tensors[i].to.name != name) continue;
      reshard::explain(plan_, moves_, i, sink);
      known = true;
    }
    if (!known) detail::names_do_not_match("no tensor of the destination is called '" + name + "'");
  }
  /// Seconds that the job will take, from how fast a part of it goes.
  ///   throws: codec_error
  [[nodiscard]] double estimated_seconds() const {
    if (moves_.sources().empty()) return 0;
    std::filesystem::path const folder = detail::existing_folder(plan_.files.front().path);
    return static_cast<double>(std::max(report_.read_bytes, report_.written_bytes)) /
           probed_rate(moves_.sources().front(), folder.string());
  }

  /// Writes the files. On an error nothing partial is under a final name; what is done stays for
  /// the next run of the same job.
  ///   throws: checkpoint_error destination_exists, not_enough_space; codec_error
  convert_report run() {
    output_options output = options_.output;
    output.replace = options_.replace_existing;
    output_job job{output_list(), {job_name(plan_), inputs()}, std::move(output)};
    if (!options_.replace_existing && !job.is_complete()) require_free_targets(plan_);
    require_writable_folders(plan_);
    if (!job.is_complete()) require_space(job);
    try {
      job.begin();
      return run(job);
    } catch (codec_error const& e) {
      if (e.code() == errc::source_has_changed || e.code() == errc::file_reads_back_differently)
        job.discard();
      else
        is_kept_ = job.stop();
      throw;
    } catch (...) {
      is_kept_ = job.stop();
      throw;
    }
  }
  /// After run() failed: what it did is there for the next run of the same job.
  [[nodiscard]] bool is_kept() const noexcept { return is_kept_; }

  /// Compares what was written with the source, element for element, from the files alone; what
  /// stages computed on a sample.
  [[nodiscard]] std::vector<finding> verify_written() const {
    return verify_plan(plan_, {options_.replicas, options_.workers});
  }

 private:
  /// Proves that the pieces of all tensors have present holders, and adds up what that costs.
  void prove() {
    conversion_cost cost{moves_, plan_.files.size()};
    std::size_t least = least_worker_bytes;
    detail::grouped_findings missing;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      file_move const move = moves_[i];
      try {
        cost.add(move);
        least = std::max(least, plan_units(move, {1, 1}).memory.all());
      } catch (plan_error const& e) {
        missing.add(move.name, unheld_text(plan_.tensors[i], e));
      }
    }
    if (!missing.empty())
      detail::checkpoint_is_incomplete("needed parts are in no file: " + missing.text());
    report_ = cost.report();
    for (std::size_t f = 0; f < plan_.files.size(); ++f) {
      report_.per_file[f].path = plan_.files[f].path;
      report_.per_file[f].size = moves_.images()[f]->size;
    }
    share_memory(least);
  }

  /// Splits the budget: index and plan are there, the rest is for as many workers as it serves.
  void share_memory(std::size_t least) {
    memory_split& split = report_.memory;
    split.index = index_bytes(moves_.catalogs());
    split.plan = plan_bytes(plan_, moves_);
    std::size_t const fixed = split.index + split.plan;
    if (options_.memory_bytes < fixed + least)
      detail::memory_budget_is_too_small(options_.memory_bytes, split, least);
    std::size_t const rest = options_.memory_bytes - fixed;
    split.workers = std::min(options_.workers, rest / least);
    limits_.worker_bytes = rest / split.workers;
    fingerprint tiles;  // what the numbers of tasks depend on
    lanes_ = work_queue::lanes_for(report_.written_bytes, limits_);
    tiles.add_number(lanes_);
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      unit_plan const units = plan_units(moves_[i], limits_);
      memory_ = most_of(memory_, units.memory);
      for (index_t const size : units.units.tile()) tiles.add_number(size);
    }
    split.worker = memory_.all();
    tiles_ = tiles.value();
  }

  /// Why a needed part of a tensor has no holder.
  [[nodiscard]] static std::string unheld_text(planned_tensor const& tensor, plan_error const& e) {
    std::vector<planned_source const*> sources{&tensor.from};
    for (planned_stage const& stage : tensor.stages)
      for (planned_source const& operand : stage.operands) sources.push_back(&operand);
    std::string out;
    for (planned_source const* source : sources)
      for (stored_reference const& stored : source->stored)
        if (out.empty()) out = detail::unheld_text(*stored.in, stored.tensor);
    return out.empty() ? e.what() : out;
  }

  /// Copies of tensors that no strategy lists must agree, unless the first is to be taken.
  void require_agreement() const {
    if (options_.replicas == replica_rule::first) return;
    for (planned_tensor const& tensor : plan_.tensors) {
      require_agreement(tensor.from);
      for (planned_stage const& stage : tensor.stages)
        for (planned_source const& operand : stage.operands) require_agreement(operand);
    }
  }
  static void require_agreement(planned_source const& source) {
    for (stored_reference const& stored : source.stored) {
      catalog_tensor const& t = stored.tensor;
      if (t.listed || t.placements.front().devices() == 1) continue;
      for (finding const& f : differing_replicas(*stored.in, t))
        detail::replicas_differ("tensor '" + f.tensor +
                                "' is in no strategy and its copies differ: " + f.what +
                                " (--replicas first takes the lowest rank's)");
    }
  }

  void require_space(output_job const& job) const {
    std::uint64_t needed = 0;
    for (file_report const& file : report_.per_file) needed += file.size;
    needed -= std::min(needed, job.allocated_bytes());
    std::uint64_t const free = free_bytes(plan_);
    if (free < needed)
      detail::not_enough_space("the destination has " + std::to_string(free) + " bytes free, " +
                               std::to_string(needed) + " are needed");
  }

  [[nodiscard]] std::vector<output_file> output_list() const {
    std::vector<output_file> files;
    for (std::size_t f = 0; f < plan_.files.size(); ++f)
      files.push_back({plan_.files[f].path, moves_.images()[f]});
    return files;
  }
  [[nodiscard]] std::uint64_t inputs() const { return job_inputs(plan_, moves_, sources_, tiles_); }

  convert_report run(output_job& job) {
    mover_files const paths{moves_.sources(), job.files().temporaries()};
    convert_report done = report_;
    done.resumed_tasks = job.tasks_found();
    std::unique_ptr<file_mover> mover;
    auto const sync = [&] { mover->targets().sync(); };
    mover_options settings = mover_settings();
    std::optional<entry_sums> sums = sums_if_wanted();
    settings.sums = sums ? &*sums : nullptr;
    settings.was_done = [&](std::uint64_t task) { return job.found(task); };
    settings.done = [&](std::uint64_t task) { job.done(task, mover->targets().bytes(), sync); };
    mover = std::make_unique<file_mover>(paths, std::move(settings));
    if (!job.is_complete()) {
      mover_report const moved =
          mover->run(moves_.size(), [this](std::size_t i) { return moves_[i]; });
      done.read_bytes = moved.read_bytes;
      done.written_bytes = moved.written_bytes;
      done.tasks = moved.tasks;
      require_unchanged_sources();
      if (sums)
        read_back{plan_, moves_, *sums, job.files().temporaries()}.run(
            report_.memory.workers, options_.stop, done.per_file);
    }
    job.publish(sync);
    return done;
  }

  [[nodiscard]] std::optional<entry_sums> sums_if_wanted() const {
    if (!options_.checksum) return std::nullopt;
    std::vector<std::size_t> entries;
    for (planned_file const& file : plan_.files) entries.push_back(file.entries.size());
    return std::optional<entry_sums>{std::in_place, *options_.checksum, entries};
  }

  void require_unchanged_sources() const {
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (state_of(moves_.sources()[i]) != sources_[i])
        detail::source_has_changed(moves_.sources()[i]);
  }

  [[nodiscard]] mover_options mover_settings() {
    mover_options settings;
    settings.workers = report_.memory.workers;
    settings.lanes = lanes_;
    settings.limits = limits_;
    settings.memory = memory_;
    settings.stop = options_.stop;
    if (options_.progress)
      settings.progress = [this](mover_progress const& p) {
        options_.progress(
            {p.done_bytes, report_.written_bytes, p.tensor, p.files, report_.per_file});
      };
    return settings;
  }

  /// With less, system calls take longer than the copying.
  static constexpr std::size_t least_worker_bytes = std::size_t{64} << 10;

  conversion_plan plan_;
  convert_options options_;
  planned_moves moves_;
  unit_limits limits_;
  unit_memory memory_;
  std::size_t lanes_ = 1;
  std::uint64_t tiles_ = 0;  // fingerprint of the units
  convert_report report_;
  bool is_kept_ = false;
  std::vector<file_state> sources_;  // as they were when the plan was made
};

}  // namespace v1
}  // namespace reshard
