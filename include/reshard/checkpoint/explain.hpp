#pragma once

#include <reshard/checkpoint/planned_moves.hpp>
#include <reshard/checkpoint/source_parts.hpp>
#include <reshard/exec/source_files.hpp>

namespace reshard {
inline namespace v1 {

/// A box of a stored tensor on its way to one file.
///   what:  in the dims of the stored tensor
///   from_byte, to_byte: where its first element begins in the files
struct explained_transfer {
  std::string from_path;
  std::uint64_t from_byte = 0;
  box what;
  std::uint64_t bytes = 0;
  std::string to_path;
  std::uint64_t to_byte = 0;
  bool rearranged = false;  ///< its elements are not in the same order there
};

namespace detail {
/// Where in its file the element with these indices in a row-major shard begins.
inline std::uint64_t byte_in_file(file_shard const& shard, extents const& sizes,
                                  grid_index const& local) {
  index_t number = 0;
  for (std::size_t d = 0; d < local.size(); ++d) number = number * sizes[d] + local[d];
  std::uint64_t out = 0;
  for_each_range(shard.ranges, static_cast<std::uint64_t>(number) * shard.stored_item_bytes, 1,
                 [&](std::uint64_t offset, std::uint64_t, std::uint64_t) { out = offset; });
  return out;
}

/// Local indices of an element of a part.
inline grid_index local_index(layout const& l, part_index const& part, grid_index const& element) {
  grid_index out;
  for (std::size_t d = 0; d < element.size(); ++d)
    out.push_back(l.dim(d).below(part.begin() + l.map().first(d), element[d]));
  return out;
}
}  // namespace detail

/// Calls sink(explained_transfer const&) for everything that one tensor's files are filled with.
///   throws: plan_error piece_has_no_present_holder
template <class Sink>
void explain(conversion_plan const& plan, planned_moves const& moves, std::size_t tensor,
             Sink const& sink) {
  file_move const move = moves[tensor];
  for (file_side const& side : move.to)
    for_each_part(*side.where, box{move.shape()}, [&](met_part const& wanted) {
      replica_group const holders = side.where->holders_of(wanted.part);
      for (index_t k = 0; k < holders.size(); ++k) {
        std::optional<file_shard> const to = side.shard(holders[k]);
        if (!to) continue;
        for_each_source_part(
            move.from, wanted.overlap,
            [&](file_side const& from_side, index_t device, met_part const& met,
                view_term const* term) {
              file_shard const from = *from_side.shard(device);
              grid_index const first = met.overlap.offset();
              grid_index const target =
                  term == nullptr ? first : source_of(inverse(term->view), first).at;
              grid_index const local = detail::local_index(*side.where, wanted.part, target);
              auto const elements = static_cast<std::uint64_t>(met.overlap.elements());
              sink(explained_transfer{
                  moves.sources()[from.file],
                  detail::byte_in_file(from, from_side.where->local_shape(met.part), met.local),
                  met.overlap, elements * from.stored_item_bytes, plan.files[to->file].path,
                  detail::byte_in_file(*to, side.where->local_shape(wanted.part), local),
                  term != nullptr && !term->view.is_plain()});
            });
      }
    });
}

}  // namespace v1
}  // namespace reshard
