#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void local_shapes_do_not_join(index_t device, std::size_t dim, index_t found,
                                                  index_t expected) {
  throw layout_error(errc::local_shapes_do_not_join, __func__,
                     {"device ", device, " holds ", found, " of dim ", dim,
                      " where the cuts of the joined tensor give ", expected});
}

/// Sum of the local sizes along one dim over its parts, all other digits at part 0.
template <class LocalShape>
constexpr index_t joined_size(device_matrix const& devices, tensor_map const& map, std::size_t dim,
                              LocalShape const& local_shape) {
  std::size_t const first = map.first(dim);
  index_t parts = 1;
  for (std::size_t c = 0; c < map.cuts_of(dim); ++c) parts *= map.cuts()[first + c].parts();
  index_t sum = 0;
  for (index_t p = 0; p < parts; ++p) {
    part_index part(map.cuts().size(), 0);
    index_t rest = p;
    for (std::size_t c = map.cuts_of(dim); c-- > 0; rest /= map.cuts()[first + c].parts())
      part[first + c] = rest % map.cuts()[first + c].parts();
    index_t const size = local_shape(replica_group{devices, map, part}[0])[dim];
    if (sum > max_index - size) element_count_overflows(dim, size);
    sum += size;
  }
  return sum;
}
}  // namespace detail

/// The layout whose parts on every device have exactly the given shapes: the inverse of
/// layout::local_shape, for maps whose sub-dims are the dims.
///   local_shape: callable, device -> extents
///   throws: layout_error local_shapes_do_not_join, map_length_differs_from_rank,
///           element_count_overflows, and those of layout
///   cost:   O(devices)
template <class LocalShape>
[[nodiscard]] constexpr layout joined_layout(device_matrix const& devices, tensor_map const& map,
                                             LocalShape const& local_shape) {
  inplace_vector<index_t, max_rank> sizes;
  std::size_t const rank = local_shape(index_t{0}).rank();
  if (rank != map.size()) detail::map_length_differs_from_rank(map.size(), rank);
  for (index_t device = 0; device < devices.devices(); ++device)
    if (local_shape(device).rank() != rank)
      detail::map_length_differs_from_rank(map.size(), local_shape(device).rank());
  detail::require_valid_cuts(devices, map);
  for (std::size_t d = 0; d < rank; ++d)
    sizes.push_back(detail::joined_size(devices, map, d, local_shape));
  layout const joined{devices, map, extents{sizes.begin(), sizes.end()}};
  for (index_t device = 0; device < devices.devices(); ++device) {
    extents const expected = joined.local_shape(device);
    for (std::size_t d = 0; d < rank; ++d) {
      index_t const found = local_shape(device)[d];
      if (found != expected[d]) detail::local_shapes_do_not_join(device, d, found, expected[d]);
    }
  }
  return joined;
}

}  // namespace v1
}  // namespace reshard
