#pragma once

#include <reshard/algebra/box.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Elements of a box in memory.
///   stride: elements from one index of a dim to the next; the last dim is contiguous
struct stage_tile {
  std::byte* data = nullptr;
  box where;
  grid_index stride;

  /// The address of an element of the tensor.
  [[nodiscard]] std::byte* at(grid_index const& element, std::size_t item_bytes) const noexcept {
    index_t offset = 0;
    for (std::size_t d = 0; d < element.size(); ++d)
      offset += (element[d] - where.offset()[d]) * stride[d];
    return data + static_cast<std::size_t>(offset) * item_bytes;
  }
};

/// One application of a stage.
///   operands: what operands() asked for, or more of it: row-major boxes of the operand tensors
struct stage_call {
  extents const& shape;
  stage_tile in;
  std::span<stage_tile const> operands;
  std::span<std::byte> scratch;
  stage_tile out;
};

/// Bytes of an element before and after a stage.
struct stage_items {
  std::size_t in = 0;
  std::size_t out = 0;
};

/// A stage computes every element from those of the same tile and from boxes of other tensors.
///   grain:      tile sizes per dim, anchored at the tensor's origin; 1 = an element does not
///   depend
///               on how far the tile reaches along this dim, so any size may come
///   whole_dims: dims that a tile must not cut
///   operands:   the box of each operand tensor that a tile needs
///   apply:      writes the elements of call.out.where, which is call.in.where: a tile, clipped by
///               the tensor only. It is called by several threads at once
///   law:        a value depends on its tile and the operands only, never on units or workers
template <class S>
concept element_stage = requires(S const& s, extents const& shape, box const& tile,
                                 stage_call const& call) {
  { s.items() } -> std::convertible_to<stage_items>;
  { s.grain(shape) } -> std::convertible_to<grid_index>;
  { s.whole_dims(shape) } -> std::convertible_to<inplace_vector<tensor_dim, max_rank>>;
  { s.operands(shape, tile) } -> std::convertible_to<std::vector<box>>;
  { s.scratch_bytes(tile) } -> std::convertible_to<std::size_t>;
  {s.apply(call)};
};

/// Any element stage as a value.
class any_stage {
 public:
  template <element_stage S>
  any_stage(S stage) : stage_(std::make_shared<model<S> const>(std::move(stage))) {}

  [[nodiscard]] stage_items items() const { return stage_->items(); }
  /// Tile sizes per dim, whole dims included.
  [[nodiscard]] grid_index grain(extents const& shape) const {
    grid_index sizes = stage_->grain(shape);
    for (tensor_dim const d : stage_->whole_dims(shape))
      sizes[static_cast<std::size_t>(d)] = shape[static_cast<std::size_t>(d)];
    return sizes;
  }
  [[nodiscard]] inplace_vector<tensor_dim, max_rank> whole_dims(extents const& shape) const {
    return stage_->whole_dims(shape);
  }
  [[nodiscard]] std::vector<box> operands(extents const& shape, box const& tile) const {
    return stage_->operands(shape, tile);
  }
  [[nodiscard]] std::size_t scratch_bytes(box const& tile) const {
    return stage_->scratch_bytes(tile);
  }
  void apply(stage_call const& call) const { stage_->apply(call); }

 private:
  struct interface {
    virtual ~interface() = default;
    virtual stage_items items() const = 0;
    virtual grid_index grain(extents const&) const = 0;
    virtual inplace_vector<tensor_dim, max_rank> whole_dims(extents const&) const = 0;
    virtual std::vector<box> operands(extents const&, box const&) const = 0;
    virtual std::size_t scratch_bytes(box const&) const = 0;
    virtual void apply(stage_call const&) const = 0;
  };
  template <class S> struct model final : interface {
    explicit model(S s) : stage(std::move(s)) {}
    stage_items items() const override { return stage.items(); }
    grid_index grain(extents const& shape) const override { return stage.grain(shape); }
    inplace_vector<tensor_dim, max_rank> whole_dims(extents const& shape) const override {
      return stage.whole_dims(shape);
    }
    std::vector<box> operands(extents const& shape, box const& tile) const override {
      return stage.operands(shape, tile);
    }
    std::size_t scratch_bytes(box const& tile) const override { return stage.scratch_bytes(tile); }
    void apply(stage_call const& call) const override { stage.apply(call); }
    S stage;
  };

  std::shared_ptr<interface const> stage_;
};

namespace detail {
template <class Sink>
void for_each_stage_tile(box const& part, grid_index const& grain, std::size_t d, box& tile,
                         Sink const& sink) {
  if (d == part.rank()) return sink(static_cast<box const&>(tile));
  index_t const size = grain[d] > 1 ? grain[d] : std::max<index_t>(1, part.extent()[d]);
  for (index_t at = 0; at < part.extent()[d]; at += size) {
    tile.offset_[d] = part.offset()[d] + at;
    tile.extent_[d] = std::min(size, part.extent()[d] - at);
    for_each_stage_tile(part, grain, d + 1, tile, sink);
  }
}
}  // namespace detail

/// Calls sink(box) for the tiles of a union of whole tiles: as long as the grain where that is more
/// than 1, else as the part.
template <class Sink>
void for_each_stage_tile(box const& part, grid_index const& grain, Sink const& sink) {
  box tile = part;
  detail::for_each_stage_tile(part, grain, 0, tile, sink);
}

}  // namespace v1
}  // namespace reshard
