#pragma once

#include <reshard/tensor/strided_block.hpp>

#include <xtensor/xadapt.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// A block as a tensor of xtensor, without a copy.
///   throws: layout_error items_have_another_size
template <class T, class Byte> [[nodiscard]] auto as_xtensor(strided_block<Byte> const& block) {
  T* first = items_of<T>(block);
  std::vector<std::size_t> shape;
  std::vector<std::ptrdiff_t> strides;
  for (std::size_t d = 0; d < block.extent.size(); ++d) {
    shape.push_back(static_cast<std::size_t>(block.extent[d]));
    strides.push_back(block.stride[d] / static_cast<index_t>(sizeof(T)));
  }
  // moved: of a pointer variable, xtensor keeps a reference. Items, not the bytes they span:
  // another number makes it resize what it does not own
  return xt::adapt(std::move(first), static_cast<std::size_t>(block.items()), xt::no_ownership(),
                   std::move(shape), std::move(strides));
}

/// The block that a tensor or a strided view of xtensor lies in, without a copy.
template <class Tensor>
requires requires(Tensor& t) {
  t.data(), t.data_offset(), t.strides();
}
[[nodiscard]] auto block_of(Tensor& tensor) {
  auto* const first = tensor.data() + tensor.data_offset();
  grid_index extent;
  grid_index stride;
  for (std::size_t d = 0; d < tensor.dimension(); ++d) {
    extent.push_back(static_cast<index_t>(tensor.shape()[d]));
    stride.push_back(static_cast<index_t>(tensor.strides()[d]) *
                     static_cast<index_t>(sizeof(*first)));
  }
  return block_from(first, extent, stride);
}

}  // namespace v1
}  // namespace reshard
