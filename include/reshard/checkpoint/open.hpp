#pragma once

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/checkpoint/names.hpp>
#include <reshard/checkpoint/rank_folders.hpp>
#include <reshard/checkpoint/strategy_layout.hpp>
#include <reshard/checkpoint/weight_folder.hpp>

#include <optional>
#include <set>
#include <unordered_set>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Pipeline stages of a strategy: devices per stage, and the layouts of each name by stage.
struct stage_table {
  index_t stages = 1;
  index_t devices = 1;
  std::unordered_map<std::string, std::vector<parameter_layout const*>> layouts;
};

inline index_t device_count(parameter_layout const& p) {
  try {
    return device_matrix{p.device_matrix.begin(), p.device_matrix.end()}.devices();
  } catch (layout_error const& e) {
    throw checkpoint_error{e.code(), e.rule(), "parameter '" + p.name + "': " + e.what()};
  }
}

/// More ranks are no checkpoint but a damaged strategy.
inline constexpr index_t most_ranks = index_t{1} << 20;

/// Builds the table of a strategy; the stages of a name ascend.
inline stage_table stages_of(strategy const& s) {
  stage_table table;
  table.devices = s.parameters.empty() ? 1 : device_count(s.parameters.front());
  for (parameter_layout const& p : s.parameters) {
    if (device_count(p) != table.devices)
      layouts_disagree("parameter '" + p.name + "' is laid out over " +
                       std::to_string(device_count(p)) + " devices, '" + s.parameters.front().name +
                       "' over " + std::to_string(table.devices));
    table.stages = std::max(table.stages, p.stage + 1);
    if (table.devices > most_ranks / table.stages)
      layouts_disagree("parameter '" + p.name + "': stage " + std::to_string(p.stage) + " of " +
                       std::to_string(table.devices) + " devices, at most " +
                       std::to_string(most_ranks) + " ranks are accepted");
    table.layouts[p.name].push_back(&p);
  }
  for (auto& [name, list] : table.layouts)
    std::sort(list.begin(), list.end(),
              [](auto const* a, auto const* b) { return a->stage < b->stage; });
  return table;
}

/// A rank of [first, first + n) whose file has the tensor.
inline std::optional<index_t> holder_in(catalog const& c, std::string const& name, index_t first,
                                        index_t n) {
  for (auto at = c.files.lower_bound(first); at != c.files.end() && at->first < first + n; ++at)
    if (at->second.index->find(name) != nullptr) return at->first;
  return std::nullopt;
}

/// Every present rank stores what the layout says; else the first one that does not.
inline std::optional<index_t> misfit(catalog const& c, std::string const& name,
                                     placement const& p) {
  for (auto at = c.files.lower_bound(p.first_rank); at != c.files.end() && p.has(at->first); ++at) {
    indexed_tensor const* const tensor = at->second.index->find(name);
    if (tensor == nullptr) continue;
    if (shape_of(*tensor) != p.where->local_shape(at->first - p.first_rank)) return at->first;
  }
  return std::nullopt;
}

/// The layout under which uneven parts of these sizes join; a part that no present rank holds is an
/// error.
inline layout uneven_layout(catalog const& c, parameter_layout const& p, index_t first_rank,
                            std::size_t rank, tail_rule tail) {
  extents nothing;
  for (std::size_t d = 0; d < rank; ++d) nothing.append(0);
  layout const cuts = strategy_layout(p, nothing, tail);
  return joined_layout(cuts.devices(), cuts.map(), [&](index_t device) {
    replica_group const holders = cuts.replicas_of(device);
    for (index_t k = 0; k < holders.size(); ++k)
      if (auto const* tensor = c.stored(first_rank + holders[k], p.name)) return shape_of(*tensor);
    checkpoint_is_incomplete("tensor '" + p.name + "': no present rank holds the part of rank " +
                             std::to_string(first_rank + device));
  });
}

/// Where one stage keeps a tensor: exact cuts if they fit the stored shapes, else ceil, else
/// balanced.
inline placement source_placement(catalog const& c, parameter_layout const& p, index_t holder) {
  index_t const first_rank = p.stage * c.ranks_per_stage;
  extents const local = shape_of(*c.stored(holder, p.name));
  placement out{first_rank, strategy_layout_of_slice(p, local)};
  std::optional<index_t> const other = misfit(c, p.name, out);
  if (!other) return out;
  for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced}) {
    try {
      placement const uneven{first_rank, uneven_layout(c, p, first_rank, local.rank(), tail)};
      if (!misfit(c, p.name, uneven)) return uneven;  // nor does a copy differ in shape
    } catch (layout_error const&) {                   // these parts were not cut by this rule
    }
  }
  layouts_disagree("tensor '" + p.name + "': rank " + std::to_string(holder) + " stores " +
                   shape_text(local) + ", rank " + std::to_string(*other) + " stores " +
                   shape_text(shape_of(*c.stored(*other, p.name))) + ", which do not fit " +
                   to_string(*out.where));
}

inline void require_one_dtype(catalog const& c, catalog_tensor const& t, index_t first, index_t n) {
  for (auto at = c.files.lower_bound(first); at != c.files.end() && at->first < first + n; ++at) {
    indexed_tensor const* const tensor = at->second.index->find(t.name);
    if (tensor != nullptr && tensor->type != t.type)
      replicas_differ("tensor '" + t.name + "': rank " + std::to_string(at->first) + " stores " +
                      std::string{name_of(tensor->type)} + ", another rank " +
                      std::string{name_of(t.type)});
  }
}

/// A tensor with a layout in the strategy; nothing if no stage that lists it has it in a file.
inline std::optional<catalog_tensor> listed_tensor(
    catalog const& c, std::string const& name, std::span<parameter_layout const* const> stages) {
  catalog_tensor out;
  out.name = name;
  out.listed = true;
  for (parameter_layout const* p : stages) {
    index_t const first = p->stage * c.ranks_per_stage;
    std::optional<index_t> const holder = holder_in(c, name, first, c.ranks_per_stage);
    if (!holder) continue;
    placement const at = [&] {
      try {
        return source_placement(c, *p, *holder);
      } catch (layout_error const& e) {
        layouts_disagree("tensor '" + name + "': " + e.what());
      }
    }();
    if (out.placements.empty()) {
      out.type = c.stored(*holder, name)->type;
      out.shape = at.where->shape();
    } else if (out.shape != at.where->shape()) {
      layouts_disagree("tensor '" + name + "' has shape " + shape_text(out.shape) +
                       " and, in stage " + std::to_string(p->stage) + ", " +
                       shape_text(at.where->shape()));
    }
    require_one_dtype(c, out, first, c.ranks_per_stage);
    out.placements.push_back(at);
  }
  if (out.placements.empty()) return std::nullopt;
  return out;
}

/// A tensor that every rank which has it has whole.
inline catalog_tensor whole_tensor(catalog const& c, indexed_tensor const& stored) {
  extents const shape = shape_of(stored);
  catalog_tensor out{stored.name, stored.type, shape, false, {everywhere(shape, c.ranks)}};
  require_one_dtype(c, out, 0, c.ranks);
  if (auto const other = misfit(c, stored.name, out.placements.front()))
    layouts_disagree("tensor '" + stored.name + "' is in no strategy and differs by rank: rank " +
                     std::to_string(*other) + " stores " +
                     shape_text(shape_of(*c.stored(*other, stored.name))) + ", another rank " +
                     shape_text(shape));
  return out;
}

/// As above, with the name in every error.
inline catalog_tensor unlisted_tensor(catalog const& c, indexed_tensor const& stored) {
  try {
    return whole_tensor(c, stored);
  } catch (layout_error const& e) {
    layouts_disagree("tensor '" + stored.name + "': " + e.what());
  }
}

/// Fills c.tensors from the files: names in the order of the lowest rank that has them.
inline void list_tensors(catalog& c, stage_table const& table) {
  std::unordered_set<std::string> seen;
  std::set<named_index const*> done;
  std::vector<std::string> elsewhere;
  layout_pool pool;
  for (auto const& [rank, file] : c.files) {
    if (!done.insert(file.index.get()).second) continue;  // the same names as an earlier rank
    for (indexed_tensor const& stored : file.index->index().tensors) {
      if (!seen.insert(stored.name).second) continue;
      auto const listed = table.layouts.find(stored.name);
      if (listed == table.layouts.end()) {
        c.tensors.push_back(unlisted_tensor(c, stored));
      } else if (auto tensor = listed_tensor(c, stored.name, listed->second)) {
        c.tensors.push_back(std::move(*tensor));
      } else {
        elsewhere.push_back(stored.name);
        continue;
      }
      share_layouts(c.tensors.back(), pool);
    }
  }
  if (!elsewhere.empty())
    c.warnings.push_back("only in ranks of stages that do not list them: ignored: " +
                         grouped(elsewhere));
  std::vector<std::string> missing;
  for (auto const& [name, layouts] : table.layouts)
    if (!seen.contains(name)) missing.push_back(name);
  std::sort(missing.begin(), missing.end());
  if (!missing.empty())
    c.warnings.push_back("in the source strategy, but in no file: " + grouped(missing));
}
}  // namespace detail

struct open_options {
  file_pick pick{};
  index_reader read_index = nullptr;  ///< of folders of weights; without it they are refused
};

/// A distributed checkpoint: dir/rank_<N>/<file> under a strategy. Ranks may be missing as long as
/// nobody needs what only they hold; folders beyond the strategy's ranks are ignored with a
/// warning.
///   throws: checkpoint_error, codec_error (a damaged file), layout_error
///   cost:   one index per file; heads are read, contents are not
[[nodiscard]] inline catalog open_ranks(std::string const& dir, strategy const& source,
                                        std::span<file_format const> formats,
                                        open_options options = {}) {
  rank_files found = find_rank_files(dir, options.pick);
  detail::stage_table const table = detail::stages_of(source);
  catalog out;
  out.ranks_per_stage = table.devices;
  out.ranks = table.devices * table.stages;
  out.warnings = std::move(found.warnings);
  std::vector<std::shared_ptr<named_index const>> known;
  for (auto const& [rank, path] : found.paths) {
    if (rank < out.ranks)
      out.files.emplace(rank, detail::indexed(path, formats, known));
    else
      out.warnings.push_back(path + " is beyond the " + std::to_string(out.ranks) +
                             " ranks of the source strategy: ignored");
  }
  if (out.files.empty())
    detail::checkpoint_is_incomplete(dir + " has no rank folder with a checkpoint");
  detail::list_tensors(out, table);
  return out;
}

/// The files of dir/rank_<N>/ when nobody knows the strategy. Of each name that several ranks store
/// with one type and one shape, they may hold copies or shards: it is listed as copies. Names of
/// one rank, or of several types or shapes, are left out.
///   throws: checkpoint_error, codec_error, layout_error
[[nodiscard]] inline catalog open_possible_copies(std::string const& dir,
                                                  std::span<file_format const> formats,
                                                  open_options options = {}) {
  rank_files found = find_rank_files(dir, options.pick);
  catalog out;
  out.warnings = std::move(found.warnings);
  std::vector<std::shared_ptr<named_index const>> known;
  for (auto const& [rank, path] : found.paths) {
    if (rank >= detail::most_ranks)
      detail::layouts_disagree(path + ": at most " + std::to_string(detail::most_ranks) +
                               " ranks are accepted");
    out.files.emplace(rank, detail::indexed(path, formats, known));
    out.ranks = rank + 1;
  }
  std::map<std::string, std::vector<indexed_tensor const*>> holders;
  for (auto const& [rank, file] : out.files)
    for (indexed_tensor const& t : file.index->index().tensors) holders[t.name].push_back(&t);
  for (auto const& holder : holders) {
    std::vector<indexed_tensor const*> const& stored = holder.second;
    bool const alike = std::all_of(stored.begin(), stored.end(), [&](indexed_tensor const* t) {
      return t->type == stored[0]->type && t->shape == stored[0]->shape;
    });
    if (alike && stored.size() > 1) out.tensors.push_back(detail::unlisted_tensor(out, *stored[0]));
  }
  return out;
}

/// Complete weights: a file, a folder with rank_0 only, a folder of weights with an index, or a
/// folder with one checkpoint file.
///   throws: checkpoint_error arguments_disagree for several ranks, which need a strategy;
///           checkpoint_is_incomplete with all in which an index and its files disagree
[[nodiscard]] inline catalog open_weights(std::string const& path,
                                          std::span<file_format const> formats,
                                          open_options options = {}) {
  namespace fs = std::filesystem;
  catalog out;
  std::string file = path;
  if (fs::is_directory(path)) {
    rank_files found = find_rank_files(path, options.pick);
    std::string_view const index = detail::index_name_in(path);
    if (found.paths.empty() && !index.empty())
      return detail::open_weight_folder(path, index, formats, options.read_index);
    out.warnings = std::move(found.warnings);
    if (found.paths.size() > 1)
      detail::arguments_disagree(path + " has " + std::to_string(found.paths.size()) +
                                 " rank folders: a distributed checkpoint needs --src_strategy");
    if (found.paths.size() == 1 && found.paths.begin()->first != 0)
      detail::checkpoint_is_incomplete(path + " has rank " +
                                       std::to_string(found.paths.begin()->first) +
                                       " only: complete weights are those of rank 0");
    file = found.paths.empty() ? detail::only_weight_file(path, out) : found.paths.begin()->second;
  } else if (!fs::exists(path)) {
    detail::checkpoint_is_incomplete(path + " does not exist");
  }
  std::vector<std::shared_ptr<named_index const>> known;
  out.files.emplace(0, detail::indexed(file, formats, known));
  detail::list_tensors(out, {});
  return out;
}

}  // namespace v1
}  // namespace reshard
