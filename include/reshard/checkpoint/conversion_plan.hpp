#pragma once

#include <reshard/checkpoint/lay_out.hpp>
#include <reshard/exec/element_stage.hpp>
#include <reshard/exec/tensor_source.hpp>

namespace reshard {
inline namespace v1 {

/// A tensor of a catalog, which outlives the plan.
struct stored_reference {
  catalog const* in = nullptr;
  catalog_tensor tensor;
};

/// The elements of a tensor, as terms of stored ones.
///   terms, partial: as in tensor_source
struct planned_source {
  dtype type = dtype::float32;
  extents shape;
  std::vector<stored_reference> stored;
  std::vector<view_term> terms;
  bool partial = false;
};

/// An element stage and where its operands come from.
///   identity: says all that its results depend on besides elements and operands: "lora scale 0.5"
struct planned_stage {
  any_stage stage;
  std::string identity;
  std::vector<planned_source> operands;
};

/// A tensor of the destination: what it is made of, and where its parts go.
///   to.placements: the layouts that entries of files refer to
struct planned_tensor {
  planned_source from;
  std::vector<planned_stage> stages;
  catalog_tensor to;
};

/// One tensor of one file: the part that a device of a placement holds.
struct planned_entry {
  std::size_t tensor = 0;
  std::size_t placement = 0;
  index_t device = 0;
};

/// A file to be written, with its entries in their order.
struct planned_file {
  std::string path;
  std::vector<planned_entry> entries;
  file_format format;
  image_options image;
};

/// Everything that a conversion does. Parts of a placement that no file has are not moved.
struct conversion_plan {
  std::vector<planned_tensor> tensors;
  std::vector<planned_file> files;
};

/// Adds what another plan does.
inline void append(conversion_plan& to, conversion_plan more) {
  std::size_t const before = to.tensors.size();
  std::move(more.tensors.begin(), more.tensors.end(), std::back_inserter(to.tensors));
  for (planned_file& file : more.files) {
    for (planned_entry& e : file.entries) e.tensor += before;
    to.files.push_back(std::move(file));
  }
}

/// Files by rank: which, where, and of what kind.
struct rank_file_options {
  std::function<std::string(index_t rank)> path_of;
  std::vector<index_t> ranks;  ///< those to write; empty = all
  file_format format;
  image_options image;
};

/// A tensor that moves as it is stored.
[[nodiscard]] inline planned_tensor planned(catalog const& source, tensor_route route) {
  dtype const type = route.from.type;
  extents const shape = route.from.shape;
  return {{type, shape, {{&source, std::move(route.from)}}, {}}, {}, std::move(route.to)};
}

namespace detail {
/// What every rank's file has of a tensor: its part in the first placement that the rank is in.
///   ranks: ascending, those of the files
///   cost:  O(log ranks + entries) per placement
inline void add_entries(std::vector<planned_file>& files, std::span<index_t const> ranks,
                        std::size_t tensor, catalog_tensor const& t) {
  std::span<placement const> const all{t.placements};
  for (std::size_t p = 0; p < all.size(); ++p) {
    std::span<placement const> const earlier = all.first(p);
    auto at = std::lower_bound(ranks.begin(), ranks.end(), all[p].first_rank);
    for (; at != ranks.end() && all[p].has(*at); ++at) {
      if (std::any_of(earlier.begin(), earlier.end(),
                      [&](placement const& other) { return other.has(*at); }))
        continue;
      files[static_cast<std::size_t>(at - ranks.begin())].entries.push_back(
          {tensor, p, *at - all[p].first_rank});
    }
  }
}
}  // namespace detail

/// The plan of a destination with one file per rank, each with all that the rank holds, in the
/// order of the tensors.
///   throws: checkpoint_error arguments_disagree for a rank that the destination does not have
[[nodiscard]] inline conversion_plan plan_rank_files(catalog const& source,
                                                     destination_layout destination,
                                                     rank_file_options const& options) {
  std::vector<index_t> ranks = options.ranks;
  if (ranks.empty())
    for (index_t r = 0; r < destination.ranks; ++r) ranks.push_back(r);
  std::sort(ranks.begin(), ranks.end());
  conversion_plan out;
  for (index_t const r : ranks) {
    if (r < 0 || r >= destination.ranks)
      detail::arguments_disagree("rank " + std::to_string(r) + " is not one of the " +
                                 std::to_string(destination.ranks) + " destination ranks");
    out.files.push_back({options.path_of(r), {}, options.format, options.image});
  }
  for (tensor_route& route : destination.routes) {
    detail::add_entries(out.files, ranks, out.tensors.size(), route.to);
    out.tensors.push_back(planned(source, std::move(route)));
  }
  return out;
}

}  // namespace v1
}  // namespace reshard
