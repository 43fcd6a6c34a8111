#pragma once

#include <reshard/algebra/box.hpp>

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

}  // namespace v1
}  // namespace reshard
