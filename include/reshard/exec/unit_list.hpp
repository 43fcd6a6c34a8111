#pragma once

#include <reshard/algebra/box.hpp>

#include <algorithm>

namespace reshard {
inline namespace v1 {

/// A region of a tensor cut into tiles of one size, in row-major order; those at its end may be
/// smaller. Tiles are the units of work: they do not depend on the number of workers.
class unit_list {
 public:
  unit_list() = default;
  /// tile: sizes per dim, at least 1
  unit_list(box const& region, grid_index const& tile) : region_(region), tile_(tile) {
    for (std::size_t d = 0; d < region.rank(); ++d)
      along_.push_back((region.extent()[d] + tile[d] - 1) / tile[d]);
    for (index_t const n : along_) count_ *= n;
  }

  [[nodiscard]] index_t size() const noexcept { return count_; }
  [[nodiscard]] box const& region() const noexcept { return region_; }
  [[nodiscard]] grid_index const& tile() const noexcept { return tile_; }
  [[nodiscard]] box operator[](index_t i) const {
    box unit = region_;
    for (std::size_t d = along_.size(); d-- > 0; i /= along_[d]) {
      index_t const first = i % along_[d] * tile_[d];
      unit.offset_[d] = region_.offset()[d] + first;
      unit.extent_[d] = std::min(tile_[d], region_.extent()[d] - first);
    }
    return unit;
  }

 private:
  box region_;
  grid_index tile_;
  grid_index along_;  // tiles per dim
  index_t count_ = 1;
};

}  // namespace v1
}  // namespace reshard
