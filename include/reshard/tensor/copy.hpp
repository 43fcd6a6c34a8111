#pragma once

#include <reshard/tensor/transpose_kernels.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

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
      if (d != across_at_) outer_.push_back(loops.dims_[d]);
  }

  void run(std::byte* to, std::byte const* from) const noexcept {
    if (loops_.empty()) return;
    inplace_vector<std::size_t, max_grid> at(outer_.size(), 0);
    while (true) {
      inner(to, from);
      std::size_t d = outer_.size();
      for (; d > 0; --d) {
        copy_dim const& dim = outer_[d - 1];
        to += dim.to;
        from += dim.from;
        if (++at[d - 1] < dim.extent) break;
        to -= dim.extent * dim.to;
        from -= dim.extent * dim.from;
        at[d - 1] = 0;
      }
      if (d == 0) break;
    }
    if (streamed_) finish_streaming();
  }

 private:
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
    if (transposes_ && bytes < prefetched_run_bytes)
      return copy_blocks(to, from, along_, across_, short_run{bytes});
    if (streamed_ && bytes >= 1024)
      return copy_rows(to, from, across_, along_, streamed_long_run{bytes});
    if (streamed_ && fills_lines(to))
      return copy_rows(to, from, across_, along_, streamed_run{bytes});
    if (bytes <= prefetched_run_bytes)
      return copy_rows(to, from, across_, along_, short_run{bytes});
    copy_rows(to, from, across_, along_, long_run{bytes});
  }
  /// Runs make whole lines of the destination, alone or one after another.
  [[nodiscard]] bool fills_lines(std::byte const* to) const noexcept {
    bool const packed = along_.to == loops_.run_bytes_;
    std::size_t const unit = packed ? 16 : line_bytes;
    return is_aligned(to, unit) && loops_.run_bytes_ % unit == 0 && along_.to % unit == 0 &&
           across_.to % unit == 0;
  }

  copy_loops const& loops_;
  bool streamed_;
  bool transposes_ = false;
  std::size_t across_at_ = 0;
  copy_dim along_{1, 0, 0};   // nearest in the destination
  copy_dim across_{1, 0, 0};  // if transposes_, nearest in the source; else the next loop
  copy_dims outer_;
};
}  // namespace detail

/// Copies an N-d array between two strided storages.
///   units: strides and item size are bytes
///   needs: what copy_loops needs: the storages do not overlap, strides count forward
///   cost:  the longest runs that are contiguous on both sides, in the destination's order; where
///          the source's order is another, in squares of one cache line a side. Copies beyond the
///          caches are stored around them. No allocation
inline void copy_strided(std::byte* to, std::byte const* from, copy_loops const& loops) noexcept {
  detail::copy_runner{loops}.run(to, from);
}

}  // namespace v1
}  // namespace reshard
