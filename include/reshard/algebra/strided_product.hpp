#pragma once

#include <reshard/algebra/strided_complement.hpp>
#include <reshard/algebra/strided_composition.hpp>
#include <reshard/algebra/strided_order.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void block_does_not_divide_the_target(std::size_t mode, index_t block,
                                                          index_t target) {
  throw layout_error(errc::block_does_not_divide_the_target, __func__,
                     {"mode ", mode, " of the block has size ", block, ", the target ", target});
}

/// Where the copies of a block may stand that are arranged by a layout.
constexpr strided_layout room_for(strided_layout const& block, strided_layout const& copies) {
  return complement(block, times(block.size(), copies.cosize()));
}

/// A product before blocks and copies are put in order; modes past the tiler are with the copies.
struct product_modes {
  nested<strided_mode, max_leaves> block;
  nested<strided_mode, max_leaves> copies;
};

constexpr product_modes multiplication(strided_layout const& block, tiler const& by) {
  if (by.is_leaf()) {
    strided_layout const& copies = by.leaves()[0];
    return {block.modes(), composition(room_for(block, copies), copies).modes()};
  }
  require_modes(by, block);
  product_modes product;
  for (std::size_t i = 0; i < by.rank(); ++i) {
    product_modes const mode = multiplication(block[i], by[i]);
    product.block.append(mode.block);
    product.copies.append(mode.copies);
  }
  for (std::size_t i = by.rank(); i < block.rank(); ++i) product.copies.append(block.modes()[i]);
  return product;
}

/// Mode i of a layout; 1:0 past its rank.
constexpr strided_layout mode_or_one(strided_layout const& a, std::size_t i) {
  return i < a.rank() ? a[i] : strided_layout{};
}
}  // namespace detail

// A block of modes (M, N, L) is repeated as <TileM, TileN> say:
//   logical_product  ((M, TileM), (N, TileN), L)
//   zipped_product   ((M, N), (TileM, TileN, L))
//   tiled_product    ((M, N), TileM, TileN, L)
//   flat_product     (M, N, TileM, TileN, L)
// They throw what composition and complement throw.

/// (block, complement(block, size(block) * cosize(b)) o b): the block once per element of b, the
/// copies ordered as b is. By mode if b is a list; modes past the list stay.
///   law:    logical_product(a, b) == (a, composition(complement(a, a.size() * b.cosize()), b))
///   example: (2,2):(4,1) by 6:1 -> ((2,2),(2,3)):((4,1),(2,8))
[[nodiscard]] constexpr strided_layout logical_product(strided_layout const& block,
                                                       tiler const& by) {
  if (by.is_leaf()) {
    detail::product_modes const product = detail::multiplication(block, by);
    return strided_layout({product.block, product.copies});
  }
  detail::require_modes(by, block);
  nested<strided_mode, max_leaves> modes;
  for (std::size_t i = 0; i < block.rank(); ++i)
    modes.append(i < by.rank() ? logical_product(block[i], by[i]).modes() : block.modes()[i]);
  return strided_layout(modes);
}

/// The modes of logical_product, all blocks first.
[[nodiscard]] constexpr strided_layout zipped_product(strided_layout const& block,
                                                      tiler const& by) {
  detail::product_modes const product = detail::multiplication(block, by);
  return strided_layout({product.block, product.copies});
}

/// zipped_product with the copies side by side.
///   law:    the function of zipped_product
[[nodiscard]] constexpr strided_layout tiled_product(strided_layout const& block, tiler const& by) {
  detail::product_modes const product = detail::multiplication(block, by);
  nested<strided_mode, max_leaves> modes;
  modes.append(product.block);
  modes.append_entries(product.copies);
  return strided_layout(modes);
}

/// zipped_product with blocks and copies side by side.
///   law:    the function of zipped_product
[[nodiscard]] constexpr strided_layout flat_product(strided_layout const& block, tiler const& by) {
  detail::product_modes const product = detail::multiplication(block, by);
  nested<strided_mode, max_leaves> modes;
  modes.append_entries(product.block);
  modes.append_entries(product.copies);
  return strided_layout(modes);
}

namespace detail {
enum class faster_mode : std::uint8_t { block, copies };

/// Mode i of the block beside mode i of the copies; the shorter list goes on with 1:0.
constexpr strided_layout product_by_mode(strided_layout const& block, strided_layout const& copies,
                                         faster_mode faster) {
  outer_layouts const outers{room_for(block, copies)};
  mapped_modes modes;
  for (std::size_t i = 0; i < block.rank() || i < copies.rank(); ++i) {
    mapped_modes const of_block = in_space(mode_or_one(block, i), 0);
    mapped_modes const of_copies = in_space(mode_or_one(copies, i), 1);
    if (faster == faster_mode::block) modes.append({of_block, of_copies});
    if (faster == faster_mode::copies) modes.append({of_copies, of_block});
  }
  return composed(modes, outers);
}
}  // namespace detail

/// The block once per element of `copies`, blocks side by side along each mode.
///   law:    mode i is (block's mode i, mode i of the copies in logical_product)
///   example: (2,5):(5,1) by (3,4):(1,3) -> ((2,3),(5,4)):((5,10),(1,30))
[[nodiscard]] constexpr strided_layout blocked_product(strided_layout const& block,
                                                       strided_layout const& copies) {
  return detail::product_by_mode(block, copies, detail::faster_mode::block);
}

/// The block once per element of `copies`, blocks interleaved along each mode.
///   law:    mode i is (mode i of the copies in logical_product, block's mode i)
///   example: (2,5):(5,1) by (3,4):(1,3) -> ((3,2),(4,5)):((10,5),(30,1))
[[nodiscard]] constexpr strided_layout raked_product(strided_layout const& block,
                                                     strided_layout const& copies) {
  return detail::product_by_mode(block, copies, detail::faster_mode::copies);
}

/// The block repeated until each mode has the size of the target's; the copies are compact, in the
/// stated order.
///   law:    blocked_product(block, make_ordered_layout(target / block, order))
///   throws: layout_error block_does_not_divide_the_target, tiler_has_too_many_modes, those of
///           make_ordered_layout and of blocked_product
///   example: (2,5):(5,1) to (6,20) -> ((2,3),(5,4)):((5,10),(1,30))
[[nodiscard]] constexpr strided_layout tile_to_shape(strided_layout const& block,
                                                     int_tuple const& target,
                                                     int_tuple const& order) {
  if (block.rank() > target.rank()) detail::tiler_has_too_many_modes(block.rank(), target.rank());
  int_tuple copies;
  for (std::size_t i = 0; i < target.rank(); ++i) {
    index_t const size = product(target[i]);
    index_t const part = detail::mode_or_one(block, i).size();
    if (part == 0 || size % part != 0) detail::block_does_not_divide_the_target(i, part, size);
    copies.append(size / part);
  }
  return blocked_product(block, make_ordered_layout(target.is_leaf() ? copies[0] : copies, order));
}

/// The copies along the first mode first.
///   throws: as above
[[nodiscard]] constexpr strided_layout tile_to_shape(strided_layout const& block,
                                                     int_tuple const& target) {
  return tile_to_shape(block, target, 0);
}

}  // namespace v1
}  // namespace reshard
