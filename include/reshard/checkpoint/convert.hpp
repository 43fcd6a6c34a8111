#pragma once

#include <reshard/checkpoint/conversion_cost.hpp>
#include <reshard/checkpoint/preflight.hpp>
#include <reshard/checkpoint/verify.hpp>
#include <reshard/exec.hpp>

namespace reshard {
inline namespace v1 {

/// How copies of a tensor that is in no strategy are reconciled.
enum class replica_rule { agree, first };

/// How far a conversion is.
struct convert_progress {
  std::uint64_t done_bytes = 0;
  std::uint64_t all_bytes = 0;
  std::string const& tensor;
};

struct convert_options {
  replica_rule replicas = replica_rule::agree;
  std::size_t workers = 0;       ///< 0 = one per processor
  std::size_t memory_bytes = 0;  ///< of all that the job holds; 0 = default_memory_bytes()
  bool replace_existing = false;
  std::optional<mode_t> mode;  ///< permission bits of the files; by umask if there are none
  crc_function checksum;       ///< for images with a CRC field
  std::stop_token stop;
  std::function<void(convert_progress const&)> progress;
};

/// One conversion, prepared: everything that can be known before the first byte is written.
class conversion {
 public:
  /// Plans the bytes of all files, proves that every needed piece has a present holder, that copies
  /// agree, and that the memory suffices. The catalogs of the plan outlive this.
  ///   throws: checkpoint_error, codec_error; nothing is written
  conversion(conversion_plan plan, convert_options options)
      : plan_(std::move(plan)), options_(std::move(options)), moves_(plan_) {
    if (options_.workers == 0)
      options_.workers = std::max<std::size_t>(1, std::thread::hardware_concurrency());
    if (options_.memory_bytes == 0) options_.memory_bytes = default_memory_bytes();
    require_separate_files(plan_, moves_);
    prove();
    require_agreement();
  }
  conversion(conversion const&) = delete;
  conversion& operator=(conversion const&) = delete;

  [[nodiscard]] convert_report const& report() const noexcept { return report_; }
  [[nodiscard]] conversion_plan const& plan() const noexcept { return plan_; }

  /// Writes the files. On an error nothing is left under a final name or a temporary one.
  ///   throws: checkpoint_error destination_exists, not_enough_space; codec_error
  convert_report run() {
    if (!options_.replace_existing) require_free_targets(plan_);
    require_writable_folders(plan_);
    require_space();
    std::vector<output_file> files;
    for (std::size_t f = 0; f < plan_.files.size(); ++f)
      files.push_back({plan_.files[f].path, moves_.images()[f]});
    output_files out{std::move(files), "reshard-" + std::to_string(::getpid())};
    mover_files const paths{moves_.sources(), out.temporaries()};
    file_mover mover{paths, mover_settings()};
    mover_report const moved =
        mover.run(moves_.size(), [this](std::size_t i) { return moves_[i]; });
    out.publish(options_.mode, options_.checksum);
    convert_report done = report_;
    done.read_bytes = moved.read_bytes;
    done.written_bytes = moved.written_bytes;
    done.tasks = moved.tasks;
    return done;
  }

  /// Compares what was written with the source, element for element, from the files alone.
  [[nodiscard]] std::vector<finding> verify_written() const {
    std::vector<std::shared_ptr<named_index const>> known;
    std::vector<catalog_file> written;
    for (planned_file const& file : plan_.files)
      written.push_back(detail::indexed(file.path, std::span{&file.format, 1}, known));
    std::vector<std::map<std::size_t, catalog>> parts(plan_.tensors.size());
    for (std::size_t f = 0; f < plan_.files.size(); ++f)
      for (planned_entry const& e : plan_.files[f].entries) {
        placement const& p = plan_.tensors[e.tensor].to.placements[e.placement];
        parts[e.tensor][e.placement].files.emplace(p.first_rank + e.device, written[f]);
      }
    std::vector<finding> out;
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (auto const& [p, files] : parts[i])
        for (finding& f : verify_part(plan_.tensors[i], p, files)) out.push_back(std::move(f));
    return out;
  }

 private:
  /// Proves that the pieces of all tensors have present holders, and adds up what that costs.
  void prove() {
    conversion_cost cost{moves_, plan_.files.size()};
    limits_.worker_bytes = options_.memory_bytes / options_.workers;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      file_move const move = moves_[i];
      try {
        cost.add(move);
      } catch (plan_error const& e) {
        detail::checkpoint_is_incomplete("tensor '" + move.name + "': " + e.what() +
                                         missing_ranks(i));
      }
      memory_ = most_of(memory_, plan_units(move, limits_).memory);
    }
    report_ = cost.report();
    for (std::size_t f = 0; f < plan_.files.size(); ++f) {
      report_.per_file[f].path = plan_.files[f].path;
      report_.per_file[f].size = moves_.images()[f]->size;
    }
    require_memory();
  }

  [[nodiscard]] std::string missing_ranks(std::size_t tensor) const {
    std::string out;
    for (stored_reference const& stored : plan_.tensors[tensor].from.stored)
      for (index_t r = 0; r < stored.in->ranks; ++r)
        if (!stored.in->files.contains(r)) out += (out.empty() ? "" : ", ") + std::to_string(r);
    return out.empty() ? "" : "; there is no file of ranks " + out;
  }

  void require_memory() const {
    if (memory_.all() > limits_.worker_bytes)
      detail::arguments_disagree("a budget of " + std::to_string(options_.memory_bytes) +
                                 " bytes for " + std::to_string(options_.workers) +
                                 " workers: at least " +
                                 std::to_string(memory_.all() * options_.workers) + " are needed");
  }

  /// Copies of tensors that no strategy lists must agree, unless the first is to be taken.
  void require_agreement() const {
    if (options_.replicas == replica_rule::first) return;
    for (planned_tensor const& tensor : plan_.tensors)
      for (stored_reference const& stored : tensor.from.stored) {
        catalog_tensor const& t = stored.tensor;
        if (t.listed || t.placements.front().devices() == 1) continue;
        for (finding const& f : differing_replicas(*stored.in, t))
          detail::replicas_differ("tensor '" + f.tensor +
                                  "' is in no strategy and its copies differ: " + f.what +
                                  " (--replicas first takes the lowest rank's)");
      }
  }

  [[nodiscard]] std::vector<finding> verify_part(planned_tensor const& tensor, std::size_t p,
                                                 catalog const& written) const {
    stored_reference const& stored = tensor.from.stored.front();
    catalog_tensor from = stored.tensor;
    if (!from.listed && options_.replicas == replica_rule::first)
      keep_first_holder(*stored.in, from);
    catalog_tensor to = tensor.to;
    to.placements = {tensor.to.placements[p]};
    return reshard::verify(*stored.in, from, written, to);
  }

  static void keep_first_holder(catalog const& in, catalog_tensor& t) {
    for (auto const& [rank, file] : in.files)
      if (file.index->find(t.name) != nullptr && t.placements.front().has(rank)) {
        t.placements = {detail::everywhere(t.shape, 1)};
        t.placements.front().first_rank = rank;
        return;
      }
  }

  void require_space() const {
    std::uint64_t needed = 0;
    for (file_report const& file : report_.per_file) needed += file.size;
    std::uint64_t const free = free_bytes(plan_);
    if (free < needed)
      detail::not_enough_space("the destination has " + std::to_string(free) + " bytes free, " +
                               std::to_string(needed) + " are needed");
  }

  [[nodiscard]] mover_options mover_settings() {
    mover_options settings;
    settings.workers = options_.workers;
    settings.limits = limits_;
    settings.memory = memory_;
    settings.stop = options_.stop;
    if (options_.progress)
      settings.progress = [this](mover_progress const& p) {
        options_.progress({p.written_bytes, report_.written_bytes, p.tensor});
      };
    return settings;
  }

  conversion_plan plan_;
  convert_options options_;
  planned_moves moves_;
  unit_limits limits_;
  unit_memory memory_;
  convert_report report_;
};

}  // namespace v1
}  // namespace reshard
