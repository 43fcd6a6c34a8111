#pragma once

#include <reshard/algebra/cut_range.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void block_is_cut(std::size_t dim, index_t block, interval run) {
  throw layout_error(errc::block_is_cut, __func__,
                     {"a device holds indices ", run.offset, " to ", run.end(), " of dim ", dim,
                      ", which is made of blocks of ", block});
}

/// Calls sink(part_index const&) for the numbers of all parts of a dim.
template <class Sink>
constexpr void for_each_part_of(dim_cuts const& along, part_index& part, Sink const& sink) {
  if (part.size() == along.cuts()) return sink(part);
  for (index_t number = 0; number < along.begin()[part.size()].parts(); ++number) {
    part.push_back(number);
    for_each_part_of(along, part, sink);
    part.pop_back();
  }
}

/// The first run of a dim that begins or ends within a block; {0, 0} if none does.
constexpr interval cut_block(dim_cuts const& along, index_t block) {
  interval found;
  part_index part;
  for_each_part_of(along, part, [&](part_index const& numbers) {
    along.for_each_segment(numbers.begin(), {0, along.extent()}, [&](segment const& s) {
      bool const ends = s.end() % block == 0 || s.end() == along.extent();
      if (found.size == 0 && (s.offset % block != 0 || !ends)) found = {s.offset, s.size};
    });
  });
  return found;
}

/// The rule with its ends moved to blocks, where the largest range that it deals out has `size`
/// indices.
constexpr cut_rule with_whole_blocks(cut_rule rule, index_t parts, index_t size, index_t block) {
  if (rule.kind_ == cut_kind::cyclic)
    return cut_rule::cyclic(rounded_up(rule.block_, block) * block);
  if (rule.kind_ == cut_kind::contiguous)
    return cut_rule::cyclic(rounded_up(rounded_up(size, block), parts) * block);
  if (rule.kind_ != cut_kind::listed) return rule;
  index_t end = 0;
  index_t moved = 0;
  for (index_t& stated : rule.sizes_) {
    end += stated;
    index_t const nearest = (end + block / 2) / block * block;
    index_t const next = end == size || nearest > size ? size : nearest;
    stated = next - moved;
    moved = next;
  }
  return rule;
}

constexpr void append_with_whole_blocks(tensor_map& out, layout const& l, std::size_t dim,
                                        index_t block) {
  dim_cuts const along = l.dim(dim);
  if (cut_block(along, block).size == 0) return out.append_dim(l.map(), dim);
  out.count_.push_back(0);
  for (std::size_t i = 0; i < along.cuts(); ++i) {
    index_t size = 0;
    tensor_map const before = out;
    dim_cuts const range{before, dim, l.shape()[dim]};
    part_index part;
    for_each_part_of(range, part, [&](part_index const& numbers) {
      index_t const own = range.size(numbers.begin());
      size = own > size ? own : size;
    });
    digit const& by = along.begin()[i].by();
    out.add_cut(dim, by,
                with_whole_blocks(l.map().rule(l.map().first(dim) + i), by.modulo(), size, block));
  }
}
}  // namespace detail

/// Refuses a layout that cuts a block of block-scaled data (fp8 weights with one scale per 128 x
/// 128 elements). Blocks are counted from index 0; the last of a dim may be short.
///   blocks: per dim
///   throws: layout_error block_is_cut, block_is_not_positive, map_length_differs_from_rank
///   cost:   O(parts x runs) per dim
constexpr void require_whole_blocks(layout const& l, extents const& blocks) {
  if (blocks.rank() != l.shape().rank())
    detail::map_length_differs_from_rank(blocks.rank(), l.shape().rank());
  for (std::size_t d = 0; d < blocks.rank(); ++d) {
    interval const cut = detail::cut_block(l.dim(d), detail::require_block(blocks[d]));
    if (cut.size != 0) detail::block_is_cut(d, blocks[d], cut);
  }
}

/// The layout with its cuts moved to the ends of blocks. A dim that cuts none stays as it is; of
/// the others, contiguous cuts give ceil(blocks / parts) blocks to a part (as torch.chunk deals out
/// the blocks), cyclic ones deal out whole blocks, stated sizes end at the nearest block.
///   law:     require_whole_blocks(aligned_to_blocks(l, blocks), blocks)
///   example: 1,000 rows over 4 devices, blocks of 128: 256, 256, 256 and 232 rows
///   throws:  layout_error block_is_cut for sections whose shares are no whole blocks
[[nodiscard]] constexpr layout aligned_to_blocks(layout const& l, extents const& blocks) {
  if (blocks.rank() != l.shape().rank())
    detail::map_length_differs_from_rank(blocks.rank(), l.shape().rank());
  tensor_map map;
  for (std::size_t d = 0; d < blocks.rank(); ++d)
    detail::append_with_whole_blocks(map, l, d, detail::require_block(blocks[d]));
  layout const out{l.devices(), map, l.shape()};
  require_whole_blocks(out, blocks);
  return out;
}

}  // namespace v1
}  // namespace reshard
