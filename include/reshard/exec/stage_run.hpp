#pragma once

#include <reshard/exec/file_move.hpp>
#include <reshard/exec/gather.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void stage_operand_exceeds_its_plan(std::size_t needed, std::size_t reserved) {
  throw plan_error(
      errc::stage_operand_exceeds_its_plan, __func__,
      {"the operands of a unit need ", static_cast<index_t>(needed), " bytes, ",
       static_cast<index_t>(reserved), " are reserved for those of the tensor's first unit"});
}
}  // namespace detail

/// A buffer that holds a box row-major.
struct box_buffer {
  std::byte* data = nullptr;
  box where;
  grid_index stride;  ///< elements

  box_buffer(std::byte* at, box const& what)
      : data(at), where(what), stride(row_major_strides(what.extent())) {}
};

/// Runs the stages of a move over units. One per worker.
///   operands: each kept from one unit to the next as long as the same box of it is wanted
class stage_runner {
 public:
  stage_runner(gatherer& gather, std::span<std::byte> operands, std::span<std::byte> scratch)
      : gather_(gather), memory_(operands), scratch_(scratch) {}

  /// Runs all stages on parts of a unit, each a union of whole tiles.
  ///   in, out: buffers of the whole unit; every stage reads one and writes the other
  ///   returns: the buffer that holds the result
  std::byte* run(file_move const& move, box const& unit, std::span<box const> parts, std::byte* in,
                 std::byte* out) {
    gather_operands(move, unit);
    std::size_t first = 0;
    for (stage_use const& use : move.stages) {
      std::span<stage_tile const> const own = std::span{tiles_}.subspan(first, use.operands.size());
      for (box const& part : parts)
        for_each_stage_tile(part, use.stage.grain(move.shape()), [&](box const& tile) {
          use.stage.apply({move.shape(), view(in, unit, tile, use.stage.items().in), own, scratch_,
                           view(out, unit, tile, use.stage.items().out)});
        });
      first += use.operands.size();
      std::swap(in, out);
    }
    return in;
  }

  /// Forgets the operands: the next unit is of another tensor.
  void forget() {
    slots_.clear();
    tiles_.clear();
  }

 private:
  static stage_tile view(std::byte* buffer, box const& unit, box const& tile,
                         std::size_t item_bytes) {
    stage_tile const whole{buffer, unit, row_major_strides(unit.extent())};
    return {whole.at(tile.offset(), item_bytes), tile, whole.stride};
  }

  void gather_operands(file_move const& move, box const& unit) {
    std::vector<tensor_source const*> sources;
    std::vector<box> wanted;
    for (stage_use const& use : move.stages) {
      for (box const& what : use.stage.operands(move.shape(), unit)) wanted.push_back(what);
      for (tensor_source const& operand : use.operands) sources.push_back(&operand);
    }
    std::vector<std::size_t> bytes;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      bytes.push_back(static_cast<std::size_t>(wanted[i].elements()) * sources[i]->item_bytes);
    if (!fits(bytes)) lay_out(bytes);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (tiles_[i].data != nullptr && tiles_[i].where == wanted[i]) continue;
      box_buffer const to{slots_[i].data(), wanted[i]};
      gather_.gather(*sources[i], wanted[i], {to.data, to.stride});
      tiles_[i] = {to.data, to.where, to.stride};
    }
  }
  [[nodiscard]] bool fits(std::vector<std::size_t> const& bytes) const {
    return std::ranges::equal(bytes, slots_, [](std::size_t needed, std::span<std::byte> slot) {
      return needed <= slot.size();
    });
  }
  /// Operands lie one after another; a smaller one leaves the others where they are.
  void lay_out(std::vector<std::size_t> const& bytes) {
    forget();
    std::size_t used = 0;
    for (std::size_t const needed : bytes) {
      if (used + needed > memory_.size())
        detail::stage_operand_exceeds_its_plan(used + needed, memory_.size());
      slots_.push_back(memory_.subspan(used, needed));
      used += needed;
    }
    tiles_.resize(slots_.size());
  }

  gatherer& gather_;
  std::span<std::byte> memory_;
  std::span<std::byte> scratch_;
  std::vector<std::span<std::byte>> slots_;
  std::vector<stage_tile> tiles_;  // what the slots hold
};

}  // namespace v1
}  // namespace reshard
