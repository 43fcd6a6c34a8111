#pragma once

#include <reshard/exec/file_move.hpp>
#include <reshard/exec/gathered_box.hpp>
#include <reshard/exec/unit_list.hpp>

#include <numeric>

namespace reshard {
inline namespace v1 {

/// What a worker holds while it does one unit, in bytes.
struct unit_memory {
  std::size_t unit = 0;      ///< the elements as gathered, and after every second stage
  std::size_t staged = 0;    ///< the elements after the other stages
  std::size_t turned = 0;    ///< elements of a term in the order of their storage
  std::size_t packed = 0;    ///< pieces on their way between a file and a buffer
  std::size_t operands = 0;  ///< of all stages
  std::size_t scratch = 0;   ///< of the stage that needs most

  [[nodiscard]] std::size_t all() const noexcept {
    return unit + staged + turned + packed + operands + scratch;
  }
};

/// The most of each of two needs.
[[nodiscard]] inline unit_memory most_of(unit_memory const& a, unit_memory const& b) noexcept {
  return {std::max(a.unit, b.unit),         std::max(a.staged, b.staged),
          std::max(a.turned, b.turned),     std::max(a.packed, b.packed),
          std::max(a.operands, b.operands), std::max(a.scratch, b.scratch)};
}

/// Sizes of units.
///   unit_bytes:   what a unit should have, before and after a stage together: it stays in the
///                 cache. A tile of a transposed tensor has up to four times as much
///   worker_bytes: what a worker may hold in all
struct unit_limits {
  std::size_t unit_bytes = std::size_t{4} << 20;
  std::size_t worker_bytes = std::size_t{64} << 20;
};

/// How one tensor is cut into units, and what a unit needs. The smallest tile that is allowed may
/// need more than the limits; whoever runs the plan refuses it.
struct unit_plan {
  unit_list units;
  unit_memory memory;
  grid_index grain;  ///< tile sizes of all stages together
};

namespace detail {
inline constexpr std::size_t pack_bytes = std::size_t{256} << 10;
inline constexpr index_t good_run_bytes = 4096;

/// Dims of the target from the one along which the stored elements are contiguous outwards.
inline inplace_vector<std::uint8_t, max_grid> source_order(box_view const& view) {
  inplace_vector<std::uint8_t, max_grid> dims;
  for (std::size_t s = view.along().size(); s-- > 0;) {
    std::size_t const sub_dim = view.along()[s];
    if (sub_dim == box_view::fixed || view.from().part()[s].size == 1) continue;
    std::size_t d = 0;
    while (view.to().over().first(d) + view.to().over().sub_dims(d) <= sub_dim) ++d;
    if (!dims.contains(static_cast<std::uint8_t>(d))) dims.push_back(static_cast<std::uint8_t>(d));
  }
  return dims;
}

/// How many times as many elements as needed may be gathered where single ones lie close together.
inline index_t spread_of(box_view const& view) {
  index_t product = 1;
  grid const& over = view.from().over();
  for (std::size_t d = 0; d < over.dims(); ++d)
    for (std::size_t i = 1; i < over.sub_dims(d); ++i) {
      index_t const some = view.from().part().extent()[over.first(d) + i];
      product *= some == 0 ? 1 : (over[over.first(d) + i] + some - 1) / some;
    }
  return std::min<index_t>(product, good_run_bytes);
}

/// The most of all terms of a source; 0 if none is rearranged.
inline index_t widest_spread(tensor_source const& from) {
  index_t widest = 0;
  for (view_term const& term : from.terms)
    if (!term.view.is_plain()) widest = std::max(widest, spread_of(term.view));
  return widest;
}

/// Looks for the tile of a move.
class unit_search {
 public:
  unit_search(file_move const& move, unit_limits const& limits, box const& region)
      : move_(move), limits_(limits), grain_(grid_index(move.shape().rank(), 1)), region_(region) {
    spread_ = widest_spread(move.from);
    for (stage_use const& use : move.stages)
      for (tensor_source const& operand : use.operands)
        operand_spreads_.push_back(widest_spread(operand));
    for (stage_use const& use : move.stages) add_grain(use.stage.grain(move.shape()));
    align_region();
  }

  unit_plan find() {
    tile_ = grain_;
    for (std::size_t d = 0; d < tile_.size(); ++d) tile_[d] = at_most(d, tile_[d]);
    for (view_term const& term : move_.from.terms)
      if (!term.view.is_plain() && term.view.along().size() > 1) lengthen_runs(term.view);
    for (std::size_t d = tile_.size(); d-- > 0;) {
      grow(d, region_.extent()[d], limits_.unit_bytes);
      if (tile_[d] < region_.extent()[d]) break;
    }
    return {unit_list{region_, tile_}, memory_of(tile_), grain_};
  }

 private:
  void add_grain(grid_index const& sizes) {
    for (std::size_t d = 0; d < grain_.size(); ++d)
      grain_[d] = std::lcm(grain_[d], std::max<index_t>(1, sizes[d]));
  }
  /// Tiles are anchored at the origin of the tensor and clipped by nothing else.
  void align_region() {
    for (std::size_t d = 0; d < grain_.size(); ++d) {
      index_t const first = region_.offset()[d] / grain_[d] * grain_[d];
      index_t const end = (region_[d].end() + grain_[d] - 1) / grain_[d] * grain_[d];
      region_.offset_[d] = first;
      region_.extent_[d] = std::min(end, move_.shape()[d]) - first;
    }
  }
  [[nodiscard]] index_t at_most(std::size_t d, index_t size) const {
    return std::max<index_t>(1, std::min(size, region_.extent()[d]));
  }

  /// A tile whose rows and columns are both long enough for the disk.
  void lengthen_runs(box_view const& view) {
    inplace_vector<std::uint8_t, max_grid> const order = source_order(view);
    if (order.empty() || order[0] + std::size_t{1} == tile_.size()) return;
    auto const item = static_cast<index_t>(move_.from.item_bytes);
    auto const lengthen = [&](auto const& dim_number, std::size_t dims) {
      index_t run = item;
      for (std::size_t k = 0; k < dims && run < good_run_bytes; ++k) {
        std::size_t const d = dim_number(k);
        grow(d, (good_run_bytes + run - 1) / run, 4 * limits_.unit_bytes);
        run *= tile_[d];
        if (tile_[d] < region_.extent()[d]) return;
      }
    };
    lengthen([&](std::size_t k) { return tile_.size() - 1 - k; }, tile_.size());
    lengthen([&](std::size_t k) { return std::size_t{order[k]}; }, order.size());
  }

  /// Makes the tile longer along a dim, up to `size`, as far as the limits allow.
  void grow(std::size_t d, index_t size, std::size_t unit_bytes) {
    index_t steps = (at_most(d, size) + grain_[d] - 1) / grain_[d];
    index_t least = (tile_[d] + grain_[d] - 1) / grain_[d];
    while (least < steps) {  // the largest number of grains that fits
      index_t const middle = least + (steps - least + 1) / 2;
      grid_index longer = tile_;
      longer[d] = at_most(d, middle * grain_[d]);
      unit_memory const needed = memory_of(longer);
      bool const fits =
          needed.unit + needed.staged <= unit_bytes && needed.all() <= limits_.worker_bytes;
      (fits ? least : steps) = fits ? middle : middle - 1;
    }
    tile_[d] = std::max(tile_[d], at_most(d, least * grain_[d]));
  }

  [[nodiscard]] unit_memory memory_of(grid_index const& tile) const {
    unit_memory out;
    std::size_t elements = 1;
    for (index_t const size : tile) elements *= static_cast<std::size_t>(size);
    out.unit = elements * move_.from.item_bytes;
    out.packed = std::min(out.unit, pack_bytes);
    out.turned = out.unit * static_cast<std::size_t>(spread_);
    box const at_origin{grid_index(tile.size(), 0), tile};
    std::size_t operand = 0;
    bool second = true;
    for (stage_use const& use : move_.stages) {
      std::size_t& result = second ? out.staged : out.unit;
      result = std::max(result, elements * use.stage.items().out);
      second = !second;
      std::vector<box> const boxes = use.stage.operands(move_.shape(), at_origin);
      for (std::size_t i = 0; i < boxes.size(); ++i)
        add_operand(out, use.operands[i].item_bytes, operand_spreads_[operand++], boxes[i]);
      out.scratch = std::max(out.scratch, use.stage.scratch_bytes(at_origin));
    }
    return out;
  }
  static void add_operand(unit_memory& memory, std::size_t item, index_t spread, box const& what) {
    std::size_t const bytes = static_cast<std::size_t>(what.elements()) * item;
    memory.operands += bytes;
    memory.packed = std::max(memory.packed, std::min(bytes, pack_bytes));
    memory.turned = std::max(memory.turned, bytes * static_cast<std::size_t>(spread));
  }

  file_move const& move_;
  unit_limits const& limits_;
  grid_index grain_;
  box region_;
  grid_index tile_;
  index_t spread_ = 0;                    // 0: no term is rearranged
  std::vector<index_t> operand_spreads_;  // of all stages; looked at once, terms may be hundreds
};
}  // namespace detail

/// How a tensor is cut into units: by default ranges of leading rows of what is wanted; where a
/// term turns the order of the elements, tiles with runs of at least 4 KiB at both ends when the
/// limits allow; always whole tiles of the stages.
///   cost: O(parts of the destinations), O(rank) stage queries
[[nodiscard]] inline unit_plan plan_units(file_move const& move, unit_limits const& limits) {
  std::optional<box> const region = wanted_region(move);
  if (!region || region->elements() == 0) {
    box const nothing{grid_index{0}, grid_index{0}};
    return {unit_list{nothing, grid_index{1}}, {}, {1}};
  }
  return detail::unit_search{move, limits, *region}.find();
}

}  // namespace v1
}  // namespace reshard
