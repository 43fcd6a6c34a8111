#pragma once

#include <reshard/algebra/box_view.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
/// A tensor as one dim, flattened row-major, whose sub-dims are the dims.
constexpr grid_box flattened(extents const& shape) {
  grid over;
  box part;
  for (index_t const extent : shape) {
    over.sizes_.push_back(extent);
    part.push_back({0, extent});
  }
  over.count_.push_back(static_cast<std::uint8_t>(shape.rank()));
  return {box{{0}, {shape.elements()}}, over, part};
}
}  // namespace detail

/// Calls sink(piece const&) for what an interval of a flat buffer holds of the tensor that stands
/// row-major in the buffer from element `first` on: a rank's part of ZeRO's or FSDP's flattened
/// parameters, ragged as it is. Pieces ascend by their place in the interval, to which their
/// addresses count.
///   law:  the pieces partition the elements of both
///   cost: at most 2 x rank - 1 pieces, no allocation
template <class Sink>
constexpr void for_each_flat_piece(extents const& shape, index_t first, interval held,
                                   Sink&& sink) {
  interval const own = intersection({first, shape.elements()}, held);
  if (own.size == 0) return;
  grid_index const stride = row_major_strides(shape);
  for_each_factored_box(detail::flattened(shape), box{{own.offset - first}, {own.size}},
                        [&](box const& where) {
                          piece found{where, stride, where.offset()};
                          found.base_ += first - held.offset;
                          sink(static_cast<piece const&>(found));
                        });
}

}  // namespace v1
}  // namespace reshard
