#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/exec/stored_tensor.hpp>

namespace reshard {
inline namespace v1 {

/// A box of a tensor that is, rearranged, a box of a stored one.
///   stored: which one of the source's
struct view_term {
  std::size_t stored = 0;
  box_view view;
};

/// The elements of a tensor, wherever they are stored.
///   terms: partition the tensor; none = it is the first stored tensor as it is
struct tensor_source {
  extents shape;
  std::size_t item_bytes = 0;
  std::vector<stored_tensor> stored;
  std::vector<view_term> terms;
};

}  // namespace v1
}  // namespace reshard
