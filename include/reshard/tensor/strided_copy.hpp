#pragma once

#include <reshard/algebra/box.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace detail {
/// The outer dims of a copy, and the run that is contiguous on both sides.
struct copy_shape {
  std::size_t outer = 0;  // dims [0, outer) are stepped through
  index_t run = 1;        // elements of one memcpy
};

constexpr copy_shape copy_shape_of(box const& to, box const& from, box const& what) noexcept {
  copy_shape shape{what.rank(), 1};
  bool whole = true;  // all dims right of `outer` are whole on both sides
  while (shape.outer > 0 && whole) {
    --shape.outer;
    index_t const extent = what.extent()[shape.outer];
    shape.run *= extent;
    whole = extent == to.extent()[shape.outer] && extent == from.extent()[shape.outer];
  }
  return shape;
}
}  // namespace detail

/// Copies the elements of `what` between two storages that hold the boxes `to` and `from`
/// row-major.
///   units: item_bytes is the size of an element; the boxes count elements of one grid
///   needs: `what` lies in both boxes; the storages do not overlap
///   cost:  one memcpy per run that is contiguous on both sides, no allocation
inline void copy_box(std::byte* to_bytes, box const& to, std::byte const* from_bytes,
                     box const& from, box const& what, std::size_t item_bytes) {
  if (what.elements() == 0) return;
  auto const [outer, run] = detail::copy_shape_of(to, from, what);
  piece const to_storage{to};
  piece const from_storage{from};
  std::size_t const run_bytes = static_cast<std::size_t>(run) * item_bytes;
  grid_index at = what.offset();
  while (true) {
    std::memcpy(to_bytes + static_cast<std::size_t>(to_storage.address(at)) * item_bytes,
                from_bytes + static_cast<std::size_t>(from_storage.address(at)) * item_bytes,
                run_bytes);
    std::size_t d = outer;
    for (; d > 0; --d) {
      if (++at[d - 1] < what[d - 1].end()) break;
      at[d - 1] = what[d - 1].offset;
    }
    if (d == 0) return;
  }
}

/// Calls sink(box const&) for parts of `what`, in row-major order, that are each contiguous in the
/// storage of a piece; as few as possible.
template <class Sink> void for_each_run(piece const& stored, box const& what, Sink&& sink) {
  if (what.elements() == 0) return;
  std::size_t outer = what.rank();  // dims before it are stepped through
  index_t run_elements = 1;
  while (outer > 0 && stored.stride()[outer - 1] == run_elements)
    run_elements *= what.extent()[--outer];
  box run = what;
  for (std::size_t d = 0; d < outer; ++d) run.extent_[d] = 1;
  while (true) {
    sink(static_cast<box const&>(run));
    std::size_t d = outer;
    for (; d > 0; --d) {
      if (++run.offset_[d - 1] < what[d - 1].end()) break;
      run.offset_[d - 1] = what[d - 1].offset;
    }
    if (d == 0) return;
  }
}

/// One dim of a strided copy: how many items, and how many bytes from one to the next on each side.
struct copy_dim {
  index_t extent = 0;
  index_t to_stride = 0;
  index_t from_stride = 0;
  friend constexpr bool operator==(copy_dim const&, copy_dim const&) = default;
};
using copy_dims = inplace_vector<copy_dim, max_grid>;

namespace detail {
/// The dims by falling to_stride, without those of one item, neighbours that are one joined.
constexpr copy_dims coalesced(copy_dims const& dims) {
  copy_dims sorted;
  for (copy_dim const& d : dims) {
    if (d.extent == 1) continue;
    std::size_t at = sorted.size();
    while (at > 0 && sorted[at - 1].to_stride < d.to_stride) --at;
    sorted.insert(at, d);
  }
  copy_dims out;
  for (std::size_t i = sorted.size(); i-- > 0;) {
    copy_dim const& d = sorted[i];
    if (!out.empty() && d.to_stride == out[0].to_stride * out[0].extent &&
        d.from_stride == out[0].from_stride * out[0].extent)
      out[0].extent *= d.extent;
    else
      out.insert(0, d);
  }
  return out;
}

/// Items of a size known to the compiler, or of any size (0).
template <std::size_t Item>
void copy_item(std::byte* to, std::byte const* from, std::size_t item_bytes) noexcept {
  if constexpr (Item == 0)
    std::memcpy(to, from, item_bytes);
  else
    std::memcpy(to, from, Item);
}

/// Two dims, each contiguous on one side only, block by block so that both sides stay in the cache.
template <std::size_t Item>
void copy_transposed(std::byte* to, std::byte const* from, copy_dim const& outer,
                     copy_dim const& inner, std::size_t item_bytes) noexcept {
  constexpr index_t block = 32;
  for (index_t i = 0; i < outer.extent; i += block)
    for (index_t j = 0; j < inner.extent; j += block)
      for (index_t a = i; a < std::min(i + block, outer.extent); ++a)
        for (index_t b = j; b < std::min(j + block, inner.extent); ++b)
          copy_item<Item>(to + a * outer.to_stride + b * inner.to_stride,
                          from + a * outer.from_stride + b * inner.from_stride, item_bytes);
}

/// Calls sink(to offset, from offset) for all positions of the dims [0, count).
template <class Sink>
void for_each_position(copy_dims const& dims, std::size_t count, Sink const& sink) {
  grid_index at(count, 0);
  index_t to = 0;
  index_t from = 0;
  while (true) {
    sink(to, from);
    std::size_t d = count;
    for (; d > 0; --d) {
      copy_dim const& dim = dims[d - 1];
      to += dim.to_stride;
      from += dim.from_stride;
      if (++at[d - 1] < dim.extent) break;
      to -= dim.extent * dim.to_stride;
      from -= dim.extent * dim.from_stride;
      at[d - 1] = 0;
    }
    if (d == 0) return;
  }
}

/// The two innermost dims of a copy item by item; a pair that is contiguous on one side each comes
/// last.
template <std::size_t Item>
void copy_items(std::byte* to, std::byte const* from, copy_dims dims, std::size_t item_bytes) {
  while (dims.size() < 2) dims.insert(0, {1, 0, 0});
  std::size_t const last = dims.size() - 1;
  for (std::size_t d = 0; d < last; ++d)
    if (dims[d].from_stride == static_cast<index_t>(item_bytes)) std::swap(dims[d], dims[last - 1]);
  for_each_position(dims, last - 1, [&](index_t to_offset, index_t from_offset) {
    copy_transposed<Item>(to + to_offset, from + from_offset, dims[last - 1], dims[last],
                          item_bytes);
  });
}
}  // namespace detail

/// Copies items between two storages with strides in bytes, transposing if their order differs.
///   needs: the storages do not overlap; no stride is negative
///   cost:  one memcpy per run that is contiguous on both sides; blocks of 32 x 32 items where the
///          two sides are contiguous along different dims; no allocation
inline void copy_strided(std::byte* to, std::byte const* from, copy_dims const& given,
                         std::size_t item_bytes) {
  for (copy_dim const& d : given)
    if (d.extent == 0) return;
  copy_dims const dims = detail::coalesced(given);
  auto const item = static_cast<index_t>(item_bytes);
  bool const runs =
      dims.empty() || (dims.back().to_stride == item && dims.back().from_stride == item);
  if (runs) {
    std::size_t const outer = dims.empty() ? 0 : dims.size() - 1;
    std::size_t const bytes =
        item_bytes * static_cast<std::size_t>(dims.empty() ? 1 : dims.back().extent);
    return detail::for_each_position(dims, outer, [&](index_t to_offset, index_t from_offset) {
      std::memcpy(to + to_offset, from + from_offset, bytes);
    });
  }
  switch (item_bytes) {
    case 1:
      return detail::copy_items<1>(to, from, dims, item_bytes);
    case 2:
      return detail::copy_items<2>(to, from, dims, item_bytes);
    case 4:
      return detail::copy_items<4>(to, from, dims, item_bytes);
    case 8:
      return detail::copy_items<8>(to, from, dims, item_bytes);
    case 16:
      return detail::copy_items<16>(to, from, dims, item_bytes);
    default:
      return detail::copy_items<0>(to, from, dims, item_bytes);
  }
}

}  // namespace v1
}  // namespace reshard
