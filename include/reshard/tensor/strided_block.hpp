#pragma once

#include <reshard/algebra/extents.hpp>
#include <reshard/tensor/strided_copy.hpp>

#include <type_traits>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void items_have_another_size(std::size_t item_bytes, std::size_t wanted) {
  throw layout_error(errc::items_have_another_size, __func__,
                     {"items of ", item_bytes, " bytes, wanted ", wanted});
}
template <class T>
using byte_like = std::conditional_t<std::is_const_v<T>, std::byte const, std::byte>;
}  // namespace detail

/// A box of a row-major storage: where its items lie. Strides are in bytes.
///   Byte: std::byte, or std::byte const
template <class Byte> struct strided_block {
  Byte* first = nullptr;
  grid_index extent;
  grid_index stride;
  std::size_t item_bytes = 0;

  [[nodiscard]] index_t items() const noexcept {
    index_t product = 1;
    for (index_t const size : extent) product *= size;
    return product;
  }
};

/// The box of that extent at an offset in a storage of that shape.
///   needs: the box lies in the storage, or is empty
template <class Byte>
[[nodiscard]] strided_block<Byte> block_at(Byte* storage, extents const& stored,
                                           grid_index const& offset, grid_index const& extent,
                                           std::size_t item_bytes) {
  strided_block<Byte> block{storage, extent, grid_index(stored.rank(), 0), item_bytes};
  auto stride = static_cast<index_t>(item_bytes);
  index_t at = 0;
  for (std::size_t d = stored.rank(); d-- > 0; stride *= stored[d]) {
    block.stride[d] = stride;
    at += offset[d] * stride;
  }
  if (block.items() != 0) block.first += at;  // nothing may be stored nowhere
  return block;
}

/// The block of a view with a type: its first item, sizes, and strides in bytes.
template <class T>
[[nodiscard]] strided_block<detail::byte_like<T>> block_from(T* first, grid_index const& extent,
                                                             grid_index const& stride) {
  return {reinterpret_cast<detail::byte_like<T>*>(first), extent, stride, sizeof(T)};
}

/// The first item of a block, with its type.
///   throws: layout_error items_have_another_size, also if strides are no multiples of it
template <class T, class Byte> [[nodiscard]] T* items_of(strided_block<Byte> const& block) {
  static_assert(std::is_const_v<T> || !std::is_const_v<Byte>, "a block that is only read");
  if (block.item_bytes != sizeof(T)) detail::items_have_another_size(block.item_bytes, sizeof(T));
  for (index_t const stride : block.stride)
    if (stride % static_cast<index_t>(sizeof(T)) != 0)
      detail::items_have_another_size(static_cast<std::size_t>(stride), sizeof(T));
  return reinterpret_cast<T*>(block.first);
}

/// The dims of a copy between two blocks.
///   needs: equal extents
[[nodiscard]] inline copy_dims dims_between(strided_block<std::byte> const& to,
                                            strided_block<std::byte const> const& from) {
  copy_dims dims;
  for (std::size_t d = 0; d < to.extent.size(); ++d)
    dims.push_back({to.extent[d], to.stride[d], from.stride[d]});
  return dims;
}

/// Copies the items of one block to another.
///   needs: equal extents and item sizes; the blocks do not overlap
///   cost:  that of copy_strided
inline void copy_block(strided_block<std::byte> const& to,
                       strided_block<std::byte const> const& from) {
  copy_strided(to.first, from.first, dims_between(to, from), to.item_bytes);
}

}  // namespace v1
}  // namespace reshard
