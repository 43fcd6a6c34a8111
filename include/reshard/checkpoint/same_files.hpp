#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/checkpoint/indexed_file.hpp>
#include <reshard/codec/raw_file.hpp>

#include <set>

namespace reshard {
inline namespace v1 {

/// Files that stand each on its own, numbered in their order: a name may be in several.
///   throws: codec_error
///   cost:   one index per file, shared by those with equal heads
[[nodiscard]] inline catalog open_separately(std::span<std::string const> paths,
                                             std::span<file_format const> formats) {
  catalog out;
  out.complete_weights = true;
  std::vector<std::shared_ptr<named_index const>> known;
  layout_pool layouts;
  for (std::string const& path : paths) {
    auto const number = static_cast<index_t>(out.files.size());
    catalog_file const& file =
        out.files.emplace(number, detail::indexed(path, formats, known)).first->second;
    for (indexed_tensor const& t : file.index->index().tensors) {
      extents const shape = detail::shape_of(t);
      out.tensors.push_back({t.name, t.type, shape, false, {detail::everywhere(shape, 1, number)}});
      share_layouts(out.tensors.back(), layouts);
    }
  }
  out.ranks = static_cast<index_t>(out.files.size());
  return out;
}

/// Files as they are: each is one tensor of bytes.
///   throws: codec_error file_cannot_be_read
[[nodiscard]] inline catalog open_raw(std::span<std::string const> paths) {
  return open_separately(paths, std::span{&raw_format, 1});
}

/// Every tensor stays in the file, or on the ranks, where it is.
[[nodiscard]] inline destination_layout lay_out_alike(catalog const& source) {
  destination_layout out{source.ranks, source.ranks_per_stage, {}, {}};
  for (catalog_tensor const& t : source.tensors) out.routes.push_back({t, t});
  return out;
}

/// How files are written again.
///   folder:   where to; names stay
///   format:   of the files with weights
///   metadata: added to that of files whose tensors change
struct same_file_options {
  std::string folder;
  file_format format;
  text_pairs metadata;
};

namespace detail {
inline std::string path_in(std::string const& folder, std::string const& file) {
  return (std::filesystem::path{folder} / std::filesystem::path{file}.filename()).string();
}
inline planned_tensor on_one_file(catalog const& in, catalog_tensor const& t) {
  tensor_route route{t, t};
  route.to.placements = {everywhere(t.shape, 1)};
  return planned(in, std::move(route));
}
/// Texts of a file with others added; of one name the added one stays.
inline text_pairs with_added(text_pairs texts, text_pairs const& added) {
  for (auto const& pair : added) {
    std::erase_if(texts, [&](auto const& old) { return old.first == pair.first; });
    texts.push_back(pair);
  }
  return texts;
}
}  // namespace detail

/// A plan that writes files of complete weights, and other files, under the names that they have:
/// those with tensors of `changed` anew, with the tensors of the file in their order, the others
/// byte for byte.
///   raw:    open_raw of the weights' files, in the order of their numbers, then of the others
///   throws: checkpoint_error names_do_not_match for a changed tensor that the weights lack
[[nodiscard]] inline conversion_plan plan_same_files(catalog const& weights, catalog const& raw,
                                                     std::set<std::string> const& changed,
                                                     same_file_options const& options) {
  std::map<index_t, std::vector<catalog_tensor const*>> by_file;
  std::set<index_t> touched;
  std::size_t found = 0;
  for (catalog_tensor const& t : weights.tensors) {
    index_t const file = t.placements.front().first_rank;
    by_file[file].push_back(&t);
    if (changed.contains(t.name)) touched.insert(file), ++found;
  }
  if (found != changed.size())
    detail::names_do_not_match("not all of the tensors to be changed are among the weights");
  conversion_plan out;
  for (auto const& [number, file] : raw.files) {
    std::string const path = detail::path_in(options.folder, file.path);
    if (!touched.contains(number)) {
      out.files.push_back({path, {{out.tensors.size(), 0, 0}}, raw_format, {}});
      out.tensors.push_back(
          detail::on_one_file(raw, raw.tensors[static_cast<std::size_t>(number)]));
      continue;
    }
    image_options image;
    image.metadata =
        detail::with_added(weights.files.at(number).index->index().metadata, options.metadata);
    out.files.push_back({path, {}, options.format, std::move(image)});
    for (catalog_tensor const* t : by_file[number]) {
      out.files.back().entries.push_back({out.tensors.size(), 0, 0});
      out.tensors.push_back(detail::on_one_file(weights, *t));
    }
  }
  return out;
}

}  // namespace v1
}  // namespace reshard
