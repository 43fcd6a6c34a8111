#pragma once

#include <reshard/checkpoint/open.hpp>
#include <reshard/checkpoint/verify.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The dim along which the files of a Meta release cut a tensor; nothing: each has all of it.
///   width: of the model; the embedding is cut by vocabulary (Llama 3) or by width, as its shape
///          says
inline std::optional<std::size_t> meta_cut(indexed_tensor const& t, index_t width) {
  auto const ends = [&](std::string_view ending) { return t.name.ends_with(ending); };
  if (t.shape.size() != 2) return std::nullopt;
  if (t.name == "tok_embeddings.weight") return t.shape[1] == width ? 0 : 1;
  if (ends(".wo.weight") || ends(".w2.weight")) return 1;
  for (char const* rows :
       {"output.weight", ".wq.weight", ".wk.weight", ".wv.weight", ".w1.weight", ".w3.weight"})
    if (ends(rows)) return 0;
  return std::nullopt;
}

inline parameter_layout meta_layout(indexed_tensor const& t, index_t files, index_t width) {
  parameter_layout out;
  out.name = t.name;
  out.device_matrix = {files};
  out.tensor_map.resize(t.shape.size());
  if (std::optional<std::size_t> const cut = meta_cut(t, width)) out.tensor_map[*cut] = {0};
  return out;
}
}  // namespace detail

/// The files of a Meta release, folder/consolidated.*.pth in the order of their names: each holds a
/// part of every matrix. Norms are in all files; where they differ the first one's counts, with a
/// warning.
///   width:  "dim" of params.json
///   throws: checkpoint_error checkpoint_is_incomplete, layouts_disagree; codec_error
///   source: llama's model-parallel layers; llama-recipes
[[nodiscard]] inline catalog open_meta_weights(std::string const& folder,
                                               std::span<file_format const> formats,
                                               index_t width) {
  catalog out;
  std::vector<std::shared_ptr<named_index const>> known;
  for (std::string const& path : files_in(folder, {".pth"}))
    if (std::filesystem::path{path}.filename().string().starts_with("consolidated."))
      out.files.emplace(static_cast<index_t>(out.files.size()),
                        detail::indexed(path, formats, known));
  if (out.files.empty()) detail::checkpoint_is_incomplete(folder + " has no consolidated.*.pth");
  out.ranks = out.ranks_per_stage = static_cast<index_t>(out.files.size());
  strategy layouts;
  for (indexed_tensor const& t : out.files.at(0).index->index().tensors)
    layouts.parameters.push_back(detail::meta_layout(t, out.ranks, width));
  detail::list_tensors(out, detail::stages_of(layouts));
  for (catalog_tensor const& t : out.tensors)
    if (t.shape.rank() < 2)
      for (finding const& f : differing_replicas(out, t))
        out.warnings.push_back("'" + f.tensor +
                               "' differs by file, the first one's is taken: " + f.what);
  return out;
}

}  // namespace v1
}  // namespace reshard
