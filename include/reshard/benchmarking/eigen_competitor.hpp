#pragma once

#include <reshard/benchmarking/competitor.hpp>

#include <Eigen/Core>

namespace reshard {
inline namespace v1 {
namespace benchmarking {
namespace detail {
/// The last two dims are a block of a row-major matrix, the dims before are loops.
template <class T>
void copy_blocks(T* to, extents const& to_sizes, T const* from, extents const& from_sizes,
                 transfer const& t) {
  using matrix = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  std::size_t const rank = t.extent.size();
  auto const last = [&](auto const& list, std::size_t back, index_t otherwise) {
    return rank >= back ? list[rank - back] : otherwise;
  };
  index_t const to_plane = last(to_sizes, 2, 1) * last(to_sizes, 1, 1);
  index_t const from_plane = last(from_sizes, 2, 1) * last(from_sizes, 1, 1);
  auto const copy = [&](auto const& self, std::size_t d, index_t to_at, index_t from_at) -> void {
    if (d + 2 < rank) {
      for (index_t i = 0; i < t.extent[d]; ++i)
        self(self, d + 1, to_at * to_sizes[d] + t.destination_offset[d] + i,
             from_at * from_sizes[d] + t.source_offset[d] + i);
      return;
    }
    Eigen::Map<matrix const> const source{from + from_at * from_plane, last(from_sizes, 2, 1),
                                          last(from_sizes, 1, 1)};
    Eigen::Map<matrix> destination{to + to_at * to_plane, last(to_sizes, 2, 1),
                                   last(to_sizes, 1, 1)};
    index_t const rows = last(t.extent, 2, 1);
    index_t const columns = last(t.extent, 1, 1);
    destination.block(last(t.destination_offset, 2, 0), last(t.destination_offset, 1, 0), rows,
                      columns) =
        source.block(last(t.source_offset, 2, 0), last(t.source_offset, 1, 0), rows, columns);
  };
  copy(copy, 0, 0, 0);
}
}  // namespace detail

/// Blocks of Eigen maps, over transfers made in advance.
inline void run_eigen(plan_run& run) {
  with_item_type(run.item_bytes(), [&]<class T>(T) {
    for (transfer const& t : run.transfers())
      detail::copy_blocks(reinterpret_cast<T*>(run.destination(t.destination).data()),
                          run.to().local_shape(t.destination),
                          reinterpret_cast<T const*>(run.source(t.source).data()),
                          run.from().local_shape(t.source), t);
  });
}

inline constexpr competitor eigen_competitor{"eigen", role::rival, run_eigen};

}  // namespace benchmarking
}  // namespace v1
}  // namespace reshard
