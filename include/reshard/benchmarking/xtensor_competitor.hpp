#pragma once

#include <reshard/benchmarking/competitor.hpp>

#include <xtensor/xadapt.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xstrided_view.hpp>

namespace reshard {
inline namespace v1 {
namespace benchmarking {
namespace detail {
template <class T> auto xtensor_of(T* data, extents const& sizes) {
  std::vector<std::size_t> shape;
  for (index_t const size : sizes) shape.push_back(static_cast<std::size_t>(size));
  // moved: of a pointer variable, xtensor keeps a reference
  return xt::adapt(std::move(data), static_cast<std::size_t>(sizes.elements()), xt::no_ownership(),
                   shape);
}

inline xt::xstrided_slice_vector slices_of(grid_index const& offset, grid_index const& extent) {
  xt::xstrided_slice_vector slices;
  for (std::size_t d = 0; d < extent.size(); ++d)
    slices.emplace_back(xt::range(offset[d], offset[d] + extent[d]));
  return slices;
}
}  // namespace detail

/// Strided views of xtensor, over transfers made in advance.
inline void run_xtensor(plan_run& run) {
  with_item_type(run.item_bytes(), [&]<class T>(T) {
    for (transfer const& t : run.transfers()) {
      auto to = detail::xtensor_of(reinterpret_cast<T*>(run.destination(t.destination).data()),
                                   run.to().local_shape(t.destination));
      auto const from = detail::xtensor_of(reinterpret_cast<T const*>(run.source(t.source).data()),
                                           run.from().local_shape(t.source));
      auto view = xt::strided_view(to, detail::slices_of(t.destination_offset, t.extent));
      xt::noalias(view) = xt::strided_view(from, detail::slices_of(t.source_offset, t.extent));
    }
  });
}

inline constexpr competitor xtensor_competitor{"xtensor", role::rival, run_xtensor};

}  // namespace benchmarking
}  // namespace v1
}  // namespace reshard
