#pragma once

#include <reshard/exec/direct_copy.hpp>
#include <reshard/exec/scatter.hpp>
#include <reshard/exec/stage_run.hpp>
#include <reshard/exec/worker_memory.hpp>

namespace reshard {
inline namespace v1 {

/// Does units: gathers what is wanted of one, runs the stages, writes the result to all files that
/// want parts of it. One per thread.
class unit_worker {
 public:
  /// sums: of what is written, or null
  unit_worker(source_files& from, target_files& to, entry_sums* sums, unit_memory const& most)
      : memory_(most),
        gather_(from, memory_.turned(), memory_.packed()),
        scatter_(to, sums, memory_.packed()),
        stages_(gather_, memory_.operands(), memory_.scratch()),
        direct_(from, to),
        is_direct_(sums == nullptr) {}

  /// Does one unit of a move.
  ///   throws: codec_error with file, tensor and byte; plan_error piece_has_no_present_holder
  void run(file_move const& move, grid_index const& grain, box const& unit, unit_task task) {
    try {
      scatter_.begin(task);
      if (!is_direct_ || !direct_.copy(move, unit)) run_buffered(move, grain, unit);
    } catch (codec_error const& e) {
      throw codec_error{e.code(), e.rule(), {e.path(), move.name, e.byte()}, e.message()};
    }
  }
  /// The next units are of this move; operands stay if it is the one of before.
  void begin_move(std::shared_ptr<void const> const& move) {
    if (move_ != move) stages_.forget();
    move_ = move;
  }

 private:
  void run_buffered(file_move const& move, grid_index const& grain, box const& unit) {
    std::vector<box> parts = wanted_boxes(move, unit);
    if (parts.empty()) return;
    if (!move.stages.empty()) parts = whole_tiles(parts, grain, unit);
    std::byte* data = memory_.unit().data();
    grid_index const stride = row_major_strides(unit.extent());
    for (box const& part : parts) {
      index_t first = 0;
      for (std::size_t d = 0; d < part.rank(); ++d)
        first += (part.offset()[d] - unit.offset()[d]) * stride[d];
      gather_.gather(move.from, part,
                     {data + static_cast<std::size_t>(first) * move.from.item_bytes, stride});
    }
    if (!move.stages.empty()) data = stages_.run(move, unit, parts, data, memory_.staged().data());
    for (file_side const& side : move.to)
      scatter_.scatter(side, unit, data, stride, move.item_bytes());
  }

  /// The parts made longer to whole tiles, still disjoint.
  static std::vector<box> whole_tiles(std::vector<box> const& parts, grid_index const& grain,
                                      box const& unit) {
    std::vector<box> out;
    for (box part : parts) {
      for (std::size_t d = 0; d < part.rank(); ++d) {
        interval const here = part[d];
        index_t const origin = unit.offset()[d];  // a multiple of the grain
        index_t const first = origin + (here.offset - origin) / grain[d] * grain[d];
        index_t const tiles = (here.end() - first + grain[d] - 1) / grain[d];
        part.offset_[d] = first;
        part.extent_[d] = std::min(first + tiles * grain[d], unit[d].end()) - first;
      }
      detail::add_disjoint(out, part);
    }
    return out;
  }

  std::shared_ptr<void const> move_;
  worker_memory memory_;
  gatherer gather_;
  scatterer scatter_;
  stage_runner stages_;
  direct_copier direct_;
  bool is_direct_;
};

}  // namespace v1
}  // namespace reshard
