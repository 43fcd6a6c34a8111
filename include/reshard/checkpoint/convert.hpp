#pragma once

#include <reshard/checkpoint/lay_out.hpp>
#include <reshard/checkpoint/verify.hpp>
#include <reshard/exec.hpp>

#include <sys/statvfs.h>

namespace reshard {
inline namespace v1 {

/// How copies of a tensor that is in no strategy are reconciled.
enum class replica_rule { agree, first };

struct convert_options {
  std::function<std::string(index_t rank)> path_of;  ///< where the file of a rank goes
  std::vector<index_t> ranks;                        ///< the ranks to write; empty = all
  replica_rule replicas = replica_rule::agree;
  std::size_t workers = 1;
  std::size_t memory_bytes = std::size_t{256} << 20;  ///< for buffers, of all workers together
  bool replace_existing = false;
  std::optional<mode_t> mode;  ///< permission bits of the files; by umask if there are none
  image_options image;
  crc_function checksum;  ///< for image.crc
  std::stop_token stop;
  std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

/// What a conversion moves, in bytes. Before it runs: what it will move.
///   lower_bound: source bytes that some destination needs, each once
struct convert_report {
  std::uint64_t files = 0;
  std::uint64_t tensors = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t lower_bound_bytes = 0;
  std::uint64_t written_bytes = 0;

  [[nodiscard]] double ratio() const noexcept {
    return lower_bound_bytes == 0
               ? 1.0
               : static_cast<double>(read_bytes) / static_cast<double>(lower_bound_bytes);
  }
};

/// One conversion, prepared: everything that can be known before the first byte is written.
class conversion {
 public:
  /// Plans the files, proves that every needed piece has a present holder, and that copies agree.
  ///   throws: checkpoint_error, codec_error; nothing is written
  conversion(catalog const& source, destination_layout destination, file_format const& format,
             convert_options options)
      : source_(source),
        destination_(std::move(destination)),
        format_(format),
        options_(std::move(options)) {
    if (options_.ranks.empty())
      for (index_t r = 0; r < destination_.ranks; ++r) options_.ranks.push_back(r);
    for (index_t const r : options_.ranks)
      if (r < 0 || r >= destination_.ranks)
        detail::arguments_disagree("rank " + std::to_string(r) + " is not one of the " +
                                   std::to_string(destination_.ranks) + " destination ranks");
    plan_files();
    for (auto const& [rank, file] : source_.files) {
      source_files_.emplace(rank, sources_.size());
      sources_.push_back(file.path);
    }
    for (std::size_t i = 0; i < destination_.routes.size(); ++i) prove(i);
    require_agreement();
  }

  [[nodiscard]] convert_report const& plan() const noexcept { return plan_; }
  [[nodiscard]] destination_layout const& destination() const noexcept { return destination_; }

  /// Writes the files. On an error nothing is left under a final name or a temporary one.
  ///   throws: checkpoint_error destination_exists, not_enough_space; codec_error
  convert_report run() {
    require_free_targets();
    require_space();
    std::vector<output_file> files;
    for (planned_file const& file : files_) files.push_back({file.path, file.image});
    output_files out{std::move(files), "reshard-" + std::to_string(::getpid())};
    mover_files const paths{sources_, out.temporaries()};
    file_mover mover{paths, mover_settings()};
    mover_report const moved =
        mover.run(destination_.routes.size(), [this](std::size_t i) { return move_of(i); });
    out.publish(options_.mode, options_.checksum);
    convert_report done = plan_;
    done.read_bytes = moved.read_bytes;
    done.written_bytes = moved.written_bytes;
    return done;
  }

  /// Compares what was written with the source, element for element, from the files alone.
  [[nodiscard]] std::vector<finding> verify_written() const {
    catalog written;
    written.ranks = destination_.ranks;
    std::vector<std::shared_ptr<named_index const>> known;
    std::array<file_format, 1> const formats{format_};
    for (planned_file const& file : files_)
      written.files.emplace(file.rank, detail::indexed(file.path, formats, known));
    std::vector<finding> out;
    for (tensor_route const& route : destination_.routes) {
      catalog_tensor from = route.from;
      if (!from.listed && options_.replicas == replica_rule::first) keep_first_holder(from);
      for (finding& f : reshard::verify(source_, from, written, route.to))
        out.push_back(std::move(f));
    }
    return out;
  }

 private:
  struct planned_file {
    index_t rank;
    std::string path;
    std::vector<std::size_t> routes;  // of the entries, ascending
    std::shared_ptr<file_image const> image;
  };

  [[nodiscard]] static placement const* placement_on(catalog_tensor const& t, index_t rank) {
    for (placement const& p : t.placements)
      if (p.has(rank)) return &p;
    return nullptr;
  }

  /// Entries and image of every file; ranks with equal entries share an image.
  void plan_files() {
    std::map<std::vector<std::string>, std::shared_ptr<file_image const>> images;
    for (index_t const rank : options_.ranks) {
      planned_file file{rank, options_.path_of(rank), {}, nullptr};
      std::vector<image_entry> entries;
      std::vector<std::string> key;
      for (std::size_t i = 0; i < destination_.routes.size(); ++i) {
        catalog_tensor const& t = destination_.routes[i].to;
        placement const* const p = placement_on(t, rank);
        if (p == nullptr) continue;
        extents const local = p->where.local_shape(rank - p->first_rank);
        file.routes.push_back(i);
        entries.push_back({t.name, t.type, {local.begin(), local.end()}});
        key.push_back(t.name + shape_text(local));
      }
      auto& image = images[std::move(key)];
      if (image == nullptr)
        image = std::make_shared<file_image const>(format_.image(entries, options_.image));
      file.image = image;
      file_of_.emplace(rank, files_.size());
      files_.push_back(std::move(file));
    }
    plan_.files = files_.size();
    plan_.tensors = destination_.routes.size();
  }

  [[nodiscard]] file_side source_side(catalog_tensor const& t, placement const& p) const {
    return {p.where, [this, &t, first = p.first_rank](index_t device) -> std::optional<file_shard> {
              indexed_tensor const* const stored = source_.stored(first + device, t.name);
              if (stored == nullptr) return std::nullopt;
              return file_shard{source_files_.at(first + device), stored->ranges,
                                stored->stored_item_bytes, stored->stored_item_offset};
            }};
  }

  [[nodiscard]] file_side destination_side(std::size_t i, placement const& p,
                                           std::size_t item) const {
    return {p.where,
            [this, i, item, first = p.first_rank](index_t device) -> std::optional<file_shard> {
              auto const at = file_of_.find(first + device);
              if (at == file_of_.end()) return std::nullopt;
              planned_file const& file = files_[at->second];
              auto const entry = std::lower_bound(file.routes.begin(), file.routes.end(), i);
              return file_shard{
                  at->second,
                  file.image->ranges[static_cast<std::size_t>(entry - file.routes.begin())],
                  static_cast<std::uint32_t>(item), 0};
            }};
  }

  [[nodiscard]] file_move move_of(std::size_t i) const {
    tensor_route const& route = destination_.routes[i];
    file_move move{route.to.name, item_bytes(route.to.type), {}, {}};
    for (placement const& p : route.from.placements)
      move.from.push_back(source_side(route.from, p));
    for (placement const& p : route.to.placements)
      move.to.push_back(destination_side(i, p, move.item_bytes));
    return move;
  }

  /// Proves that the pieces of a route have present holders, and adds its bytes to the plan.
  void prove(std::size_t i) {
    file_move const move = move_of(i);
    std::optional<box> const target = wanted(move, box{move.shape()});
    if (!target) return;
    auto const bytes = [&](index_t elements) {
      return static_cast<std::uint64_t>(elements) * move.item_bytes;
    };
    plan_.lower_bound_bytes += bytes(target->elements());
    try {
      for_each_source(move, *target, [&](file_side const&, index_t, met_part const& met) {
        plan_.read_bytes += bytes(met.overlap.elements());
      });
    } catch (plan_error const& e) {
      detail::checkpoint_is_incomplete("tensor '" + move.name + "': " + e.what() + missing_ranks());
    }
    for (file_side const& side : move.to)
      for (index_t d = 0; d < side.where.devices().devices(); ++d)
        if (side.present(d)) plan_.written_bytes += bytes(side.where.local_shape(d).elements());
  }

  [[nodiscard]] std::string missing_ranks() const {
    std::string out;
    for (index_t r = 0; r < source_.ranks; ++r)
      if (!source_.files.contains(r)) out += (out.empty() ? "" : ", ") + std::to_string(r);
    return out.empty() ? "" : "; there is no file of ranks " + out;
  }

  /// Copies of tensors that no strategy lists must agree, unless the first is to be taken.
  void require_agreement() const {
    if (options_.replicas == replica_rule::first) return;
    for (tensor_route const& route : destination_.routes) {
      if (route.from.listed || route.from.placements.front().devices() == 1) continue;
      for (finding const& f : differing_replicas(source_, route.from))
        detail::replicas_differ("tensor '" + f.tensor +
                                "' is in no strategy and its copies differ: " + f.what +
                                " (--replicas first takes the lowest rank's)");
    }
  }

  void keep_first_holder(catalog_tensor& t) const {
    for (auto const& [rank, file] : source_.files)
      if (file.index->find(t.name) != nullptr && t.placements.front().has(rank)) {
        t.placements = {detail::everywhere(t.shape, 1)};
        t.placements.front().first_rank = rank;
        return;
      }
  }

  void require_free_targets() const {
    if (options_.replace_existing) return;
    for (planned_file const& file : files_)
      if (std::filesystem::exists(std::filesystem::symlink_status(file.path)))
        detail::destination_exists(file.path + " exists (--force replaces it)");
  }

  void require_space() const {
    std::uint64_t needed = 0;
    for (planned_file const& file : files_) needed += file.image->size;
    std::filesystem::path folder = std::filesystem::absolute(files_.front().path).parent_path();
    while (!std::filesystem::exists(folder)) folder = folder.parent_path();
    struct statvfs facts {};
    if (::statvfs(folder.c_str(), &facts) != 0) return;
    std::uint64_t const free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    if (free < needed)
      detail::not_enough_space(folder.string() + " has " + std::to_string(free) + " bytes free, " +
                               std::to_string(needed) + " are needed");
  }

  [[nodiscard]] mover_options mover_settings() {
    constexpr std::size_t least = std::size_t{64} << 10;
    std::size_t const share = options_.memory_bytes / (2 * options_.workers);
    if (share < least)
      detail::arguments_disagree("a budget of " + std::to_string(options_.memory_bytes) +
                                 " bytes for " + std::to_string(options_.workers) +
                                 " workers: at least " +
                                 std::to_string(2 * options_.workers * least) + " are needed");
    mover_options settings;
    settings.workers = options_.workers;
    settings.unit_bytes = std::min(settings.unit_bytes, share);
    settings.stop = options_.stop;
    if (options_.progress)
      settings.progress = [this](std::uint64_t bytes) {
        options_.progress(progress_ += bytes, plan_.written_bytes);
      };
    return settings;
  }

  catalog const& source_;
  destination_layout destination_;
  file_format format_;
  convert_options options_;
  std::vector<planned_file> files_;
  std::map<index_t, std::size_t> file_of_;  // rank -> position in files_
  std::vector<std::string> sources_;
  std::map<index_t, std::size_t> source_files_;  // rank -> position in sources_
  convert_report plan_;
  std::atomic<std::uint64_t> progress_{0};
};

}  // namespace v1
}  // namespace reshard
