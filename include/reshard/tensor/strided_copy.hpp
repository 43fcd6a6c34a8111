#pragma once

#include <reshard/algebra/box.hpp>
#include <reshard/tensor/transpose_kernels.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace detail {
/// The elements of a box follow one another in the row-major storage of another.
constexpr bool lies_together(box const& stored, box const& what) noexcept {
  std::size_t d = 0;
  while (d < what.rank() && what.extent()[d] == 1) ++d;
  for (++d; d < what.rank(); ++d)
    if (what.extent()[d] != stored.extent()[d]) return false;
  return true;
}
}  // namespace detail

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

namespace detail {
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

/// Does the loops of a copy: all but the last two dims are counted here, these by a kernel.
class copy_runner {
 public:
  explicit copy_runner(copy_loops const& loops)
      : loops_(loops), streamed_(loops.bytes() >= streamed_bytes) {
    std::size_t const rank = loops.dims_.size();
    if (rank > 0) along_ = loops.dims_[rank - 1];
    across_at_ = rank > 0 ? loops.nearest_in_source() : 0;
    transposes_ = rank > 1 && across_at_ + 1 != rank;
    if (rank > 1 && !transposes_) across_at_ = rank - 2;
    if (rank > 1) across_ = loops.dims_[across_at_];
    for (std::size_t d = 0; d + 1 < rank; ++d)
      if (d != across_at_) outer_.push_back(dim_of(loops.dims_[d]));
  }

  void run(std::byte* to, std::byte const* from) const noexcept {
    if (loops_.empty()) return;
    for_each_position(outer_, outer_.size(), [&](index_t to_offset, index_t from_offset) {
      inner(to + to_offset, from + from_offset);
    });
    if (streamed_) finish_streaming();
  }

 private:
  static copy_dim dim_of(copy_loop const& loop) noexcept {
    return {static_cast<index_t>(loop.extent), static_cast<index_t>(loop.to),
            static_cast<index_t>(loop.from)};
  }
  void inner(std::byte* to, std::byte const* from) const noexcept {
    switch (loops_.run_bytes_) {
      case 1:
        return items<1>(to, from);
      case 2:
        return items<2>(to, from);
      case 4:
        return items<4>(to, from);
      case 8:
        return items<8>(to, from);
      case 16:
        return items<16>(to, from);
      default:
        return runs(to, from);
    }
  }
  template <std::size_t Bytes> void items(std::byte* to, std::byte const* from) const noexcept {
    constexpr std::size_t least = line_bytes / Bytes / 4;  // else most of a square is empty
    if (!transposes_) {
      copy_rows(to, from, across_, along_, item_run<Bytes>{});
    } else if (along_.extent < least || across_.extent < least) {
      copy_blocks(to, from, along_, across_, item_run<Bytes>{});
    } else {
      copy_transposed<Bytes>(to, from, along_, across_, streamed_);
    }
  }
  void runs(std::byte* to, std::byte const* from) const noexcept {
    std::size_t const bytes = loops_.run_bytes_;
    if (streamed_ && bytes >= 1024) return stream(to, from, streamed_long_run{bytes});
    if (streamed_ && fills_lines(to)) return stream(to, from, streamed_run{bytes});
    if (transposes_ && bytes < prefetched_run_bytes)
      return copy_blocks(to, from, along_, across_, short_run{bytes});
    if (bytes <= prefetched_run_bytes)
      return copy_rows(to, from, across_, along_, short_run{bytes});
    copy_rows(to, from, across_, along_, long_run{bytes});
  }
  /// Lines that go around the caches may be stored anywhere, so the source is read in its order: as
  /// many runs in a row as the address translation has pages for in the destination.
  template <class Run>
  void stream(std::byte* to, std::byte const* from, Run const run) const noexcept {
    if (!transposes_) return copy_rows(to, from, across_, along_, run);
    constexpr std::size_t most = 256;
    for (std::size_t j = 0; j < across_.extent; j += most)
      copy_rows(to + j * across_.to, from + j * across_.from, along_,
                {smaller(most, across_.extent - j), across_.from, across_.to}, run);
  }
  /// Runs make whole lines of the destination, alone or one after another.
  [[nodiscard]] bool fills_lines(std::byte const* to) const noexcept {
    bool const packed = !transposes_ && along_.to == loops_.run_bytes_;
    std::size_t const unit = packed ? 16 : line_bytes;
    return is_aligned(to, unit) && loops_.run_bytes_ % unit == 0 && along_.to % unit == 0 &&
           across_.to % unit == 0;
  }

  copy_loops const& loops_;
  bool streamed_;
  bool transposes_ = false;
  std::size_t across_at_ = 0;
  copy_loop along_{1, 0, 0};   // nearest in the destination
  copy_loop across_{1, 0, 0};  // if transposes_, nearest in the source; else the next loop
  copy_dims outer_;
};
}  // namespace detail

/// Copies items between two storages with strides in bytes, transposing if their order differs.
///   needs: the storages do not overlap; no stride is negative, and none of the destination is 0
///   cost:  the longest runs that are contiguous on both sides, in the destination's order; where
///          the source's order is another, in squares of one cache line a side. Copies beyond the
///          caches are stored around them. No allocation
inline void copy_strided(std::byte* to, std::byte const* from, copy_dims const& dims,
                         std::size_t item_bytes) noexcept {
  detail::copy_loops const loops{item_bytes, dims};
  detail::copy_runner{loops}.run(to, from);
}

/// Copies the elements of `what` between two storages that hold the boxes `to` and `from`
/// row-major.
///   units: item_bytes is the size of an element; the boxes count elements of one grid
///   needs: `what` lies in both boxes; the storages do not overlap
///   cost:  that of copy_strided
inline void copy_box(std::byte* to_bytes, box const& to, std::byte const* from_bytes,
                     box const& from, box const& what, std::size_t item_bytes) {
  if (what.elements() == 0) return;
  piece const to_storage{to};
  piece const from_storage{from};
  auto const item = static_cast<index_t>(item_bytes);
  copy_dims dims;
  for (std::size_t d = 0; d < what.rank(); ++d)
    dims.push_back(
        {what.extent()[d], to_storage.stride()[d] * item, from_storage.stride()[d] * item});
  copy_strided(to_bytes + to_storage.address(what.offset()) * item,
               from_bytes + from_storage.address(what.offset()) * item, dims, item_bytes);
}

}  // namespace v1
}  // namespace reshard
