#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/checkpoint/holders.hpp>
#include <reshard/codec/dcp_info.hpp>

namespace reshard {
inline namespace v1 {

/// How the offsets of the shards in a file are read; nothing if the file has none: dcp_info_of of
/// codec/dcp_info_json.hpp.
using shard_reader = std::optional<dcp_info> (*)(file_index const& index, std::string const& path);

/// The folder that torch's distributed checkpoint writes with save_distributed: every file has
/// shards of tensors and says where they begin; nothing says how large a tensor is or who else has
/// it. Outlives the plans that are made of its tensors.
///   source: torch/distributed/checkpoint/hf_storage.py
class shard_folder {
 public:
  /// Reads the heads of all .safetensors files.
  ///   throws: checkpoint_error checkpoint_is_incomplete (no files, a file without offsets, parts
  ///   of
  ///           a tensor that no file has), layouts_disagree (shards overlap, or differ in type or
  ///           number of dims); codec_error
  shard_folder(std::string const& dir, std::span<file_format const> formats, shard_reader read) {
    if (!std::filesystem::is_directory(dir))
      detail::checkpoint_is_incomplete(dir + " is not a folder");
    std::vector<std::shared_ptr<named_index const>> known;
    in_.complete_weights = true;
    for (std::string const& path : files_in(dir, {".safetensors"})) {
      in_.files.emplace(in_.ranks = static_cast<index_t>(in_.files.size()),
                        detail::indexed(path, formats, known));
      add_shards(in_.ranks, read);
    }
    in_.ranks = static_cast<index_t>(in_.files.size());
    if (in_.files.empty()) detail::checkpoint_is_incomplete(dir + " has no .safetensors file");
    detail::grouped_findings missing;
    for (std::string const& name : order_) check(name, missing);
    if (!missing.empty()) detail::checkpoint_is_incomplete(dir + ": " + missing.text());
    warn_of_gaps();
  }
  shard_folder(shard_folder const&) = delete;
  shard_folder& operator=(shard_folder const&) = delete;

  [[nodiscard]] catalog const& files() const noexcept { return in_; }

  /// The whole tensors, in the order of the files, made of one copy of each shard.
  [[nodiscard]] std::vector<planned_tensor> tensors() const {
    std::vector<planned_tensor> out;
    for (std::string const& name : order_) out.push_back(whole(name, shards_.at(name)));
    return out;
  }

 private:
  struct shard {
    index_t file;
    box where;
    dtype type;
  };

  void add_shards(index_t number, shard_reader read) {
    catalog_file const& file = in_.files.at(number);
    std::optional<dcp_info> const info = read(file.index->index(), file.path);
    if (!info)
      detail::checkpoint_is_incomplete(file.path +
                                       " does not say where its shards begin (DCP_SHARDING_INFO)");
    for (dcp_shard const& s : info->shards) {
      indexed_tensor const& stored = *file.index->find(s.name);
      shard found{number, {}, stored.type};
      for (std::size_t d = 0; d < stored.shape.size(); ++d)
        found.where.push_back({s.saved_offsets[d], stored.shape[d]});
      std::vector<shard>& all = shards_[s.name];
      if (all.empty()) order_.push_back(s.name);
      all.push_back(found);
    }
  }

  /// The files are called shard-<number>-..., and a process without a shard writes none. Whoever
  /// lost the last rows of a tensor cannot know it from the rest.
  void warn_of_gaps() {
    std::set<index_t> numbers;
    for (auto const& [number, file] : in_.files) {
      std::string const name = std::filesystem::path{file.path}.filename().string();
      std::size_t const dash = name.find('-', 6);
      if (name.starts_with("shard-") && dash != name.npos)
        if (auto const n = detail::number_in(name.substr(0, dash), 6)) numbers.insert(*n);
    }
    std::vector<index_t> gaps;
    for (index_t n = 1; !numbers.empty() && n < *numbers.rbegin() && gaps.size() < 20; ++n)
      if (!numbers.contains(n)) gaps.push_back(n);
    if (!gaps.empty())
      in_.warnings.push_back("there is no file of shard " + detail::list_of(gaps) +
                             ": right if these processes had nothing to write");
  }

  [[nodiscard]] std::string place_of(shard const& s) const { return in_.files.at(s.file).path; }

  [[nodiscard]] static extents shape_of(std::vector<shard> const& all) {
    extents shape;
    for (std::size_t d = 0; d < all.front().where.rank(); ++d) {
      index_t end = 0;
      for (shard const& s : all) end = std::max(end, s.where[d].end());
      shape.append(end);
    }
    return shape;
  }

  /// Drops the second copies of shards and the empty ones, and proves that the rest make up the
  /// tensor.
  void check(std::string const& name, detail::grouped_findings& missing) {
    std::vector<shard>& all = shards_.at(name);
    for (shard const& s : all)
      if (s.type != all.front().type || s.where.rank() != all.front().where.rank())
        detail::layouts_disagree("tensor '" + name + "': " + place_of(s) + " and " +
                                 place_of(all.front()) + " differ in type or number of dims");
    extents const shape = shape_of(all);
    std::vector<shard> once;
    index_t elements = 0;
    for (shard const& s : all) {
      bool const again = std::any_of(once.begin(), once.end(), [&](shard const& earlier) {
        box const both = intersection(earlier.where, s.where);
        if (earlier.where != s.where && both.elements() != 0)
          detail::layouts_disagree("tensor '" + name + "': the shards in " + place_of(earlier) +
                                   " and " + place_of(s) + " overlap");
        return earlier.where == s.where;
      });
      if (again || s.where.elements() == 0) continue;
      elements += s.where.elements();
      once.push_back(s);
    }
    if (elements != shape.elements())
      missing.add(name, "the shards have " + std::to_string(elements) + " elements of " +
                            std::to_string(shape.elements()) + ", shape " + shape_text(shape));
    if (!once.empty()) all = std::move(once);
  }

  [[nodiscard]] planned_tensor whole(std::string const& name, std::vector<shard> const& all) const {
    extents const shape = shape_of(all);
    catalog_tensor to{name, all.front().type, shape, true, {detail::everywhere(shape, 1)}};
    planned_source from{to.type, shape, {}, {}};
    for (shard const& s : all) {
      extents const size = shape.elements() == 0 ? shape : detail::extents_of(s.where);
      from.stored.push_back(
          {&in_, {name, to.type, size, true, {detail::everywhere(size, 1, s.file)}}});
      if (all.size() > 1)
        from.terms.push_back({from.stored.size() - 1, box_view{grid_box{s.where}, grid_box{size}}});
    }
    return {std::move(from), {}, std::move(to)};
  }

  catalog in_;
  std::vector<std::string> order_;
  std::map<std::string, std::vector<shard>> shards_;
};

}  // namespace v1
}  // namespace reshard
