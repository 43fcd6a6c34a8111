#pragma once

#include <reshard/checkpoint/convert_report.hpp>
#include <reshard/checkpoint/planned_moves.hpp>
#include <reshard/checkpoint/source_parts.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void terms_do_not_cover_the_tensor(std::string const& tensor, index_t covered,
                                                       index_t elements) {
  throw checkpoint_error{errc::terms_do_not_cover_the_tensor, __func__,
                         "tensor '" + tensor + "': its terms have " + std::to_string(covered) +
                             " elements, it has " + std::to_string(elements)};
}

}  // namespace detail

/// Adds up what moves cost, and proves on the way that every needed piece has a present holder.
class conversion_cost {
 public:
  conversion_cost(planned_moves const& moves, std::size_t files) : moves_(moves) {
    report_.per_file.resize(files);
    used_.resize(moves.sources().size());
  }

  /// Adds one move.
  ///   throws: plan_error piece_has_no_present_holder, checkpoint_error
  ///           terms_do_not_cover_the_tensor
  void add(file_move const& move) {
    require_cover(move.name, move.from);
    for (stage_use const& use : move.stages)
      for (tensor_source const& operand : use.operands) require_cover(move.name, operand);
    for (file_side const& side : move.to) add_side(move, side);
    for (box const& wanted : wanted_boxes(move, box{move.shape()}))
      needed_ += bytes_of(move.from, wanted);
    add_operands(move);
  }

  /// The sums. What a move reads is what is needed of it.
  [[nodiscard]] convert_report report() const {
    convert_report out = report_;
    out.files = report_.per_file.size();
    out.tensors = moves_.size();
    out.lower_bound_bytes = needed_;
    out.read_bytes = needed_;
    for (bool const used : used_) out.source_files += used ? 1 : 0;
    for (file_report const& file : report_.per_file) {
      out.written_bytes += file.written_bytes;
      out.transfers += file.transfers;
    }
    return out;
  }

 private:
  static void require_cover(std::string const& name, tensor_source const& from) {
    if (from.terms.empty() || from.partial) return;
    index_t covered = 0;
    for (view_term const& term : from.terms) covered += term.view.elements();
    if (covered != from.shape.elements())
      detail::terms_do_not_cover_the_tensor(name, covered, from.shape.elements());
  }

  void add_operands(file_move const& move) {
    if (move.stages.empty()) return;
    std::optional<box> const region = wanted_region(move);
    if (!region) return;
    for (stage_use const& use : move.stages) {
      std::vector<box> const boxes = use.stage.operands(move.shape(), *region);
      for (std::size_t i = 0; i < boxes.size(); ++i) needed_ += bytes_of(use.operands[i], boxes[i]);
    }
  }

  std::uint64_t bytes_of(tensor_source const& from, box const& what) {
    std::uint64_t bytes = 0;
    for_each_source_part(
        from, what,
        [&](file_side const& side, index_t device, met_part const& met, view_term const*) {
          file_shard const shard = *side.shard(device);
          used_[shard.file] = true;
          bytes += static_cast<std::uint64_t>(met.overlap.elements()) * shard.stored_item_bytes;
        });
    return bytes;
  }

  void add_side(file_move const& move, file_side const& side) {
    for_each_part(*side.where, box{move.shape()}, [&](met_part const& met) {
      std::optional<file_report> cost;  // of the part, for whoever holds it
      replica_group const holders = side.where->holders_of(met.part);
      for (index_t k = 0; k < holders.size(); ++k) {
        std::optional<file_shard> const shard = side.shard(holders[k]);
        if (!shard) continue;
        if (!cost) cost = cost_of(move, met.overlap);
        file_report& file = report_.per_file[shard->file];
        file.read_bytes += cost->read_bytes;
        file.transfers += cost->transfers;
        file.written_bytes += cost->written_bytes;
      }
    });
  }
  file_report cost_of(file_move const& move, box const& what) {
    file_report out;
    out.written_bytes = static_cast<std::uint64_t>(what.elements()) * move.item_bytes();
    for_each_source_part(
        move.from, what,
        [&](file_side const& side, index_t device, met_part const& met, view_term const*) {
          std::size_t const item = side.shard(device)->stored_item_bytes;
          out.read_bytes += static_cast<std::uint64_t>(met.overlap.elements()) * item;
          ++out.transfers;
        });
    return out;
  }

  planned_moves const& moves_;
  convert_report report_;
  std::vector<bool> used_;
  std::uint64_t needed_ = 0;
};

}  // namespace v1
}  // namespace reshard
