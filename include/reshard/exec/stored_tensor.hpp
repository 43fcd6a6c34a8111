#pragma once

#include <reshard/plan/coverage.hpp>
#include <reshard/tensor/shared_layout.hpp>
#include <reshard/tensor/storage.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Where one device keeps its part of a tensor: in which file, and in which ranges of it. The
/// ranges hold the row-major elements of the device's part.
///   entry: which one of the file; only files that are written need it
///   stored_item_bytes, stored_item_offset: an element may be stored in a wider item (a bfloat16 in
///   the upper half of a float32)
struct file_shard {
  std::size_t file = 0;
  std::span<byte_range const> ranges;
  std::uint32_t stored_item_bytes = 0;
  std::uint32_t stored_item_offset = 0;
  std::size_t entry = 0;
};

/// A tensor laid out over files.
///   shard: of a device of the layout; nothing if the device is not present
struct file_side {
  shared_layout where;
  std::function<std::optional<file_shard>(index_t device)> shard;

  [[nodiscard]] bool present(index_t device) const { return shard(device).has_value(); }
};

/// A tensor in files. Several sides are alternatives, each complete or not: the first one that has
/// a part serves it.
struct stored_tensor {
  std::vector<file_side> sides;

  [[nodiscard]] extents const& shape() const { return sides.front().where->shape(); }
};

namespace detail {
template <class Target, class Sink>
void for_each_source_from(stored_tensor const& tensor, std::size_t alternative,
                          Target const& target, grid_index const& at, Sink const& sink) {
  file_side const& side = tensor.sides[alternative];
  for_each_part(*side.where, target, [&](met_part met) {
    for (std::size_t d = 0; d < at.size(); ++d) met.target[d] += at[d];
    index_t const device =
        serving_holder(*side.where, met.part, nobody, [&](index_t d) { return side.present(d); });
    if (device != nobody) return sink(side, device, static_cast<met_part const&>(met));
    if (alternative + 1 < tensor.sides.size())
      return for_each_source_from(tensor, alternative + 1, box_target{met.overlap}, met.target,
                                  sink);
    replica_group const holders = side.where->holders_of(met.part);
    piece_has_no_present_holder(*side.where, holders[0], holders.size());
  });
}
}  // namespace detail

/// Calls sink(side, device, met_part) for the sources of wanted elements: every element exactly
/// once, from the lowest present holder of the first alternative that has it.
///   throws: plan_error piece_has_no_present_holder
template <class Target, class Sink>
void for_each_source(stored_tensor const& tensor, Target const& target, Sink const& sink) {
  detail::for_each_source_from(tensor, 0, target, grid_index(tensor.shape().rank(), 0), sink);
}

}  // namespace v1
}  // namespace reshard
