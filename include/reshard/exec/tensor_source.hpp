#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/exec/stored_tensor.hpp>

namespace reshard {
inline namespace v1 {

/// The elements of a tensor, wherever they are stored.
///   terms:   partition the tensor; none = it is the first stored tensor as it is
///   partial: the terms leave elements out, whose values do not matter
struct tensor_source {
  extents shape;
  std::size_t item_bytes = 0;
  std::vector<stored_tensor> stored;
  std::vector<view_term> terms;
  bool partial = false;
};

}  // namespace v1
}  // namespace reshard
