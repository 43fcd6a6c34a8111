#pragma once

#include <reshard/algebra/box.hpp>

namespace reshard {
inline namespace v1 {

/// One dim of a strided copy: how many items, and how many bytes from one to the next on each side.
/// No stride is negative; a from_stride of 0 repeats one item.
struct copy_dim {
  index_t extent = 0;
  index_t to_stride = 0;
  index_t from_stride = 0;
  friend constexpr bool operator==(copy_dim const&, copy_dim const&) = default;
};
using copy_dims = inplace_vector<copy_dim, max_grid>;

namespace detail {
/// A copy_dim in the unsigned bytes that pointers are moved by.
struct copy_loop {
  std::size_t extent = 0;
  std::size_t from = 0;
  std::size_t to = 0;
  friend constexpr bool operator==(copy_loop const&, copy_loop const&) = default;
};

/// A strided copy in the order in which it is done: the loops that are left when dims that lie
/// together on both sides are one, outermost first, falling by the destination's stride, around
/// runs that are contiguous on both sides.
///   law:   the same pairs of source and destination bytes as the dims that were given
///   needs: no destination byte twice, and no byte on both sides
struct copy_loops {
  inplace_vector<copy_loop, max_grid> dims_;
  std::size_t run_bytes_ = 0;  // 0: nothing to copy

  constexpr copy_loops(std::size_t item_bytes, copy_dims const& dims) : run_bytes_(item_bytes) {
    for (copy_dim const& dim : dims) {
      if (dim.extent == 0) run_bytes_ = 0;
      if (dim.extent != 1)
        insert({static_cast<std::size_t>(dim.extent), static_cast<std::size_t>(dim.from_stride),
                static_cast<std::size_t>(dim.to_stride)});
    }
    if (run_bytes_ == 0) dims_ = {};
    while (!dims_.empty() && dims_.back().from == run_bytes_ && dims_.back().to == run_bytes_) {
      run_bytes_ *= dims_.back().extent;
      dims_.pop_back();
    }
    for (std::size_t d = dims_.size(); d-- > 1;) join(dims_[d - 1], d);
  }

  [[nodiscard]] constexpr bool empty() const noexcept { return run_bytes_ == 0; }
  /// Bytes that each side has in all.
  [[nodiscard]] constexpr std::size_t bytes() const noexcept {
    std::size_t product = run_bytes_;
    for (copy_loop const& dim : dims_) product *= dim.extent;
    return product;
  }
  /// The loop whose neighbours are nearest in the source.
  [[nodiscard]] constexpr std::size_t nearest_in_source() const noexcept {
    std::size_t best = dims_.size() - 1;
    for (std::size_t d = 0; d < dims_.size(); ++d)
      if (dims_[d].from != 0 && dims_[d].from < dims_[best].from) best = d;
    return best;
  }

 private:
  constexpr void insert(copy_loop const& dim) {
    std::size_t at = 0;
    while (at < dims_.size() &&
           (dims_[at].to > dim.to || (dims_[at].to == dim.to && dims_[at].from >= dim.from)))
      ++at;
    dims_.insert(at, dim);
  }
  /// One loop in place of two where the outer one goes on from the end of the inner one.
  constexpr void join(copy_loop& outer, std::size_t inner) {
    copy_loop const& dim = dims_[inner];
    if (outer.to != dim.extent * dim.to || outer.from != dim.extent * dim.from) return;
    outer = {outer.extent * dim.extent, dim.from, dim.to};
    dims_.erase(inner);
  }
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
