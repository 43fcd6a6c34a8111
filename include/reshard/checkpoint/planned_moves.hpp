#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/exec/file_move.hpp>

namespace reshard {
inline namespace v1 {

/// The files of a plan with all their bytes in place, and the moves that fill them. The plan
/// outlives this.
class planned_moves {
 public:
  /// Plans the images of all files; those with equal entries share one.
  ///   throws: codec_error of the formats; checkpoint_error arguments_disagree for a plan without
  ///           files, an entry of nothing, or a part that is planned twice
  explicit planned_moves(conversion_plan const& plan) : plan_(plan) {
    if (plan.files.empty()) detail::arguments_disagree("the plan has no files");
    for (planned_file const& file : plan.files)
      for (planned_entry const& e : file.entries) require_part(file, e);
    std::map<std::string, std::shared_ptr<file_image const>> known;
    for (planned_file const& file : plan.files) images_.push_back(image_of(file, known));
    place_entries();
    for (planned_tensor const& tensor : plan.tensors) {
      add_files(tensor.from);
      for (planned_stage const& stage : tensor.stages)
        for (planned_source const& operand : stage.operands) add_files(operand);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return plan_.tensors.size(); }
  /// The move that makes tensor i.
  [[nodiscard]] file_move operator[](std::size_t i) const {
    planned_tensor const& tensor = plan_.tensors[i];
    file_move move{tensor.to.name, source_of(tensor.from), {}, {}};
    for (planned_stage const& use : tensor.stages) {
      move.stages.push_back({use.stage, {}});
      for (planned_source const& operand : use.operands)
        move.stages.back().operands.push_back(source_of(operand));
    }
    for (std::size_t p = 0; p < tensor.to.placements.size(); ++p)
      move.to.push_back(target_of(i, p));
    return move;
  }

  [[nodiscard]] std::vector<std::shared_ptr<file_image const>> const& images() const noexcept {
    return images_;
  }
  /// Memory of the tables that lead from tensors to files.
  [[nodiscard]] std::size_t held_bytes() const noexcept {
    return places_.capacity() * sizeof(place) + first_place_.capacity() * sizeof(std::size_t);
  }
  /// Those that tensors are stored in, in the order of their files in sources().
  [[nodiscard]] std::vector<catalog const*> const& catalogs() const noexcept { return catalogs_; }
  /// The paths of all files that may be read; file_shard::file counts them.
  [[nodiscard]] std::vector<std::string> const& sources() const noexcept { return sources_; }

 private:
  /// Where a part of a tensor goes.
  struct place {
    std::size_t placement;
    index_t device;
    std::size_t file;
    std::size_t entry;
  };

  std::shared_ptr<file_image const> image_of(
      planned_file const& file, std::map<std::string, std::shared_ptr<file_image const>>& known) {
    std::vector<image_entry> entries;
    std::string key{file.format.name};
    for (auto const& [name, value] : file.image.metadata) key += '\n' + name + '\n' + value;
    key += file.image.crc ? "\ncrc" : "";
    key += '\n' + std::to_string(file.image.chunk_bytes) + '\n' + file.image.text;
    for (planned_entry const& e : file.entries) {
      catalog_tensor const& t = plan_.tensors[e.tensor].to;
      extents const local = t.placements[e.placement].where->local_shape(e.device);
      entries.push_back({t.name, t.type, detail::stated_shape(t.type, local)});
      key += '\n' + std::to_string(e.tensor) + shape_text(local);
    }
    std::shared_ptr<file_image const>& image = known[std::move(key)];
    if (image == nullptr)
      image = std::make_shared<file_image const>(file.format.image(entries, file.image));
    return image;
  }

  /// There is what an entry names.
  void require_part(planned_file const& file, planned_entry const& e) const {
    if (e.tensor >= plan_.tensors.size())
      detail::arguments_disagree(file.path + ": tensor " + std::to_string(e.tensor) + " of " +
                                 std::to_string(plan_.tensors.size()) + " is planned");
    catalog_tensor const& t = plan_.tensors[e.tensor].to;
    if (e.placement >= t.placements.size() || e.device < 0 ||
        e.device >= t.placements[e.placement].devices())
      detail::arguments_disagree(file.path + ": tensor '" + t.name + "' has no device " +
                                 std::to_string(e.device) + " of placement " +
                                 std::to_string(e.placement));
  }

  /// Sorts the entries of all files by tensor, placement and device.
  void place_entries() {
    first_place_.assign(plan_.tensors.size() + 1, 0);
    for (planned_file const& file : plan_.files)
      for (planned_entry const& e : file.entries) ++first_place_[e.tensor + 1];
    for (std::size_t i = 1; i < first_place_.size(); ++i) first_place_[i] += first_place_[i - 1];
    places_.resize(first_place_.back());
    std::vector<std::size_t> next{first_place_.begin(), first_place_.end() - 1};
    for (std::size_t f = 0; f < plan_.files.size(); ++f)
      for (std::size_t e = 0; e < plan_.files[f].entries.size(); ++e) {
        planned_entry const& entry = plan_.files[f].entries[e];
        places_[next[entry.tensor]++] = {entry.placement, entry.device, f, e};
      }
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i)
      std::sort(places_.begin() + static_cast<std::ptrdiff_t>(first_place_[i]),
                places_.begin() + static_cast<std::ptrdiff_t>(first_place_[i + 1]), is_before);
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i)
      for (std::size_t k = first_place_[i] + 1; k < first_place_[i + 1]; ++k)
        if (!is_before(places_[k - 1], places_[k])) is_planned_twice(i, places_[k - 1], places_[k]);
  }
  [[noreturn]] void is_planned_twice(std::size_t tensor, place const& a, place const& b) const {
    detail::arguments_disagree("the same part of tensor '" + plan_.tensors[tensor].to.name +
                               "' is planned for " + plan_.files[a.file].path + " and " +
                               plan_.files[b.file].path +
                               ": it needs a device of its own for each");
  }
  static bool is_before(place const& a, place const& b) noexcept {
    return std::pair{a.placement, a.device} < std::pair{b.placement, b.device};
  }

  void add_files(planned_source const& source) {
    for (stored_reference const& stored : source.stored) {
      auto const [at, fresh] = first_file_.emplace(stored.in, std::map<index_t, std::size_t>{});
      if (!fresh) continue;
      catalogs_.push_back(stored.in);
      for (auto const& [rank, file] : stored.in->files) {
        at->second.emplace(rank, sources_.size());
        sources_.push_back(file.path);
      }
    }
  }

  [[nodiscard]] tensor_source source_of(planned_source const& source) const {
    tensor_source out{source.shape, group_of(source.type).bytes, {}, source.terms, source.partial};
    for (stored_reference const& stored : source.stored) {
      out.stored.emplace_back();
      for (placement const& p : stored.tensor.placements)
        out.stored.back().sides.push_back(stored_side(stored, p));
    }
    return out;
  }
  [[nodiscard]] file_side stored_side(stored_reference const& stored, placement const& p) const {
    std::map<index_t, std::size_t> const& files = first_file_.at(stored.in);
    return {p.where,
            [&stored, &files, first = p.first_rank](index_t device) -> std::optional<file_shard> {
              indexed_tensor const* const t = stored.in->stored(first + device, stored.tensor.name);
              if (t == nullptr) return std::nullopt;
              return file_shard{files.at(first + device), t->ranges, t->stored_item_bytes,
                                t->stored_item_offset};
            }};
  }
  [[nodiscard]] file_side target_of(std::size_t tensor, std::size_t p) const {
    catalog_tensor const& t = plan_.tensors[tensor].to;
    auto const item = static_cast<std::uint32_t>(group_of(t.type).bytes);
    auto const begin = places_.begin() + static_cast<std::ptrdiff_t>(first_place_[tensor]);
    auto const end = places_.begin() + static_cast<std::ptrdiff_t>(first_place_[tensor + 1]);
    return {t.placements[p].where,
            [this, begin, end, p, item](index_t device) -> std::optional<file_shard> {
              auto const at = std::lower_bound(begin, end, place{p, device, 0, 0}, is_before);
              if (at == end || at->placement != p || at->device != device) return std::nullopt;
              return file_shard{at->file, images_[at->file]->ranges[at->entry], item, 0, at->entry};
            }};
  }

  conversion_plan const& plan_;
  std::vector<std::shared_ptr<file_image const>> images_;
  std::vector<place> places_;
  std::vector<std::size_t> first_place_;  // per tensor, and the end
  std::vector<std::string> sources_;
  std::vector<catalog const*> catalogs_;
  std::map<catalog const*, std::map<index_t, std::size_t>> first_file_;
};

}  // namespace v1
}  // namespace reshard
