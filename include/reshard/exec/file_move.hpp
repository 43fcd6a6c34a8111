#pragma once

#include <reshard/exec/element_stage.hpp>
#include <reshard/exec/tensor_source.hpp>

#include <string>

namespace reshard {
inline namespace v1 {

/// A stage and the tensors that are its operands.
struct stage_use {
  any_stage stage;
  std::vector<tensor_source> operands;
};

/// One tensor to be moved: its elements, what is computed of them, and where they go. Every
/// destination is written.
struct file_move {
  std::string name;
  tensor_source from;
  std::vector<stage_use> stages;  ///< first to last
  std::vector<file_side> to;

  [[nodiscard]] extents const& shape() const noexcept { return from.shape; }
  /// Bytes of an element in the destination.
  [[nodiscard]] std::size_t item_bytes() const {
    return stages.empty() ? from.item_bytes : stages.back().stage.items().out;
  }
};

namespace detail {
inline bool has_writer(file_side const& side, part_index const& part) {
  replica_group const holders = side.where->holders_of(part);
  for (index_t k = 0; k < holders.size(); ++k)
    if (side.present(holders[k])) return true;
  return false;
}

/// Adds a box to disjoint ones; those that it overlaps are joined with it.
inline void add_disjoint(std::vector<box>& boxes, box added) {
  for (std::size_t i = 0; i < boxes.size();) {
    index_t const common = intersection(boxes[i], added).elements();
    if (common == added.elements() && common > 0) return;
    if (common > 0) {
      added = enclosing(boxes[i], added);
      boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(i));
      i = 0;
    } else {
      ++i;
    }
  }
  boxes.push_back(added);
}
}  // namespace detail

/// What present destinations want of a box, as disjoint boxes: exactly that, unless two sides want
/// overlapping boxes neither of which holds the other.
///   cost: O(parts met x holders); all of it if every part has a present holder
inline std::vector<box> wanted_boxes(file_move const& move, box const& within) {
  std::vector<box> out;
  for (file_side const& side : move.to) {
    std::vector<box> parts;
    std::optional<box> around;
    index_t elements = 0;
    for_each_part(*side.where, within, [&](met_part const& met) {
      if (!detail::has_writer(side, met.part)) return;
      elements += met.overlap.elements();
      around = around ? enclosing(*around, met.overlap) : met.overlap;
      parts.push_back(met.overlap);
    });
    if (!around) continue;
    if (around->elements() == elements) parts.assign(1, *around);
    if (out.empty())
      out = std::move(parts);
    else
      for (box const& part : parts) detail::add_disjoint(out, part);
  }
  return out;
}

/// The smallest box around what present destinations want of the tensor; nothing if none wants any.
inline std::optional<box> wanted_region(file_move const& move) {
  std::optional<box> around;
  for (file_side const& side : move.to)
    for_each_part(*side.where, box{move.shape()}, [&](met_part const& met) {
      if (detail::has_writer(side, met.part))
        around = around ? enclosing(*around, met.overlap) : met.overlap;
    });
  return around;
}

}  // namespace v1
}  // namespace reshard
