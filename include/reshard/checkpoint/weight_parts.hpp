#pragma once

#include <reshard/checkpoint/open.hpp>

namespace reshard {
inline namespace v1 {

/// Complete weights in several files that no index describes: each tensor is in one of them.
///   throws: checkpoint_error names_do_not_match with the names that are in two; codec_error
[[nodiscard]] inline catalog open_parts(std::span<std::string const> paths,
                                        std::span<file_format const> formats) {
  catalog out;
  out.complete_weights = true;
  std::vector<std::shared_ptr<named_index const>> known;
  std::set<std::string> seen;
  std::vector<std::string> twice;
  for (std::string const& path : paths) {
    auto const number = static_cast<index_t>(out.files.size());
    catalog_file const& file =
        out.files.emplace(number, detail::indexed(path, formats, known)).first->second;
    for (indexed_tensor const& t : file.index->index().tensors) {
      if (!seen.insert(t.name).second) twice.push_back(path + ": " + t.name);
      extents const shape = detail::shape_of(t);
      out.tensors.push_back({t.name, t.type, shape, false, {detail::everywhere(shape, 1, number)}});
    }
  }
  out.ranks = static_cast<index_t>(out.files.size());
  if (!twice.empty()) {
    std::string list;
    for (std::string const& name : twice) list += (list.empty() ? "" : ", ") + name;
    detail::names_do_not_match("tensors that an earlier file has too: " + list);
  }
  return out;
}

/// The files of dir/rank_<N>/, each of which is the whole checkpoint. Whether the copies are equal
/// is for the conversion to check.
///   throws: checkpoint_error replicas_differ if a rank has other names, types or shapes
[[nodiscard]] inline catalog open_copies(std::string const& dir,
                                         std::span<file_format const> formats,
                                         open_options options = {}) {
  catalog out = open_possible_copies(dir, formats, options);
  for (auto const& [rank, file] : out.files)
    if (file.index->index().tensors.size() != out.tensors.size())
      detail::replicas_differ(file.path +
                              " has other tensors, or of other types or shapes, than another rank; "
                              "without a strategy the ranks are copies");
  return out;
}

}  // namespace v1
}  // namespace reshard
