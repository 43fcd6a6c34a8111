#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/algebra/joined_dim.hpp>
#include <reshard/algebra/reshape.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void dims_are_no_permutation(std::size_t given, std::size_t rank) {
  throw layout_error(errc::dims_are_no_permutation, __func__,
                     {given, " dims are given, the tensor has ", rank, "; each must stand once"});
}
[[noreturn]] inline void layouts_do_not_join(layout const& a, layout const& b, std::size_t dim) {
  throw layout_error(
      errc::layouts_do_not_join, __func__,
      {printed(a).c_str(), " and ", printed(b).c_str(), " differ in more than dim ", dim});
}
[[noreturn]] inline void no_rule_deals_out_the_dim(std::size_t dim, index_t size,
                                                   layout const& like) {
  throw layout_error(errc::no_rule_deals_out_the_dim, __func__,
                     {"dim ", dim, " of size ", size, " as it comes from ", printed(like).c_str()});
}

/// Appends a joined dim to a map; the error names a layout that it comes from.
template <class Windows>
constexpr void append_joined(tensor_map& map, extents& shape, layout const& like, std::size_t dim,
                             Windows const& windows) {
  joined_dim<Windows> const joined{like, dim, windows};
  if (!joined.append_to(map)) no_rule_deals_out_the_dim(dim, joined.size(), like);
  shape.append(joined.size());
}

constexpr bool join_along(layout const& a, layout const& b, std::size_t dim) {
  if (a.devices() != b.devices() || a.shape().rank() != b.shape().rank()) return false;
  for (std::size_t d = 0; d < a.shape().rank(); ++d)
    if (d != dim && dims_of(a, d, d + 1) != dims_of(b, d, d + 1)) return false;
  return true;
}
}  // namespace detail

/// Dims of a tensor in another order, each once.
using dim_order = inplace_vector<index_t, max_rank>;

/// The layout of the tensor with its dims in another order: dim i of the result is dim order[i].
///   law:    permuted(permuted(l, order), inverse order) == l
///   throws: layout_error dims_are_no_permutation
[[nodiscard]] constexpr layout permuted(layout const& l, dim_order const& order) {
  extents shape;
  tensor_map map;
  inplace_vector<bool, max_rank> seen(l.shape().rank(), false);
  for (index_t const d : order) {
    bool const exists = d >= 0 && d < static_cast<index_t>(l.shape().rank());
    if (!exists || seen[static_cast<std::size_t>(d)])
      detail::dims_are_no_permutation(order.size(), l.shape().rank());
    seen[static_cast<std::size_t>(d)] = true;
    shape.append(l.shape()[static_cast<std::size_t>(d)]);
    map.append_dim(l.map(), static_cast<std::size_t>(d));
  }
  if (order.size() != l.shape().rank())
    detail::dims_are_no_permutation(order.size(), l.shape().rank());
  return {l.devices(), map, shape};
}

/// The layout of a box of the tensor, in which every device keeps what it has of the box.
///   example: rows 4 .. 12 of 16 rows over 4 devices: 0, 4, 4 and 0 rows, cut_rule::parts
///   throws:  layout_error box_leaves_its_grid, no_rule_deals_out_the_dim
///   cost:    O(parts x runs) per rule that is tried, no allocation
[[nodiscard]] constexpr layout sliced(layout const& l, box const& window) {
  static_cast<void>(grid_box{box{l.shape()}, grid{l.shape()}, window});
  extents shape;
  tensor_map map;
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    auto const one = [&](auto const& sink) { sink(l, window[d]); };
    if (window[d].size != l.shape()[d]) {
      detail::append_joined(map, shape, l, d, one);
    } else {
      map.append_dim(l.map(), d);
      shape.append(l.shape()[d]);
    }
  }
  return {l.devices(), map, shape};
}

/// The layout of tensors put one after another along a dim, in which every device keeps what it has
/// of each: fused q/k/v of three layouts. Layouts: any range of layouts.
///   example: 8 and 4 rows over 2 devices: 12 rows under cut_rule::sections({8, 4})
///   throws:  layout_error dim_does_not_exist, layouts_do_not_join, no_rule_deals_out_the_dim
///   cost:    O(parts x runs) per rule that is tried, no allocation
template <class Layouts>
[[nodiscard]] constexpr layout concatenated(Layouts const& layouts, tensor_dim dim) {
  auto const along = static_cast<std::size_t>(dim);
  if (layouts.begin() == layouts.end()) detail::dim_does_not_exist(along, 0);
  layout const& first = *layouts.begin();
  detail::require_dim(along, first.shape().rank());
  for (layout const& l : layouts)
    if (!detail::join_along(first, l, along)) detail::layouts_do_not_join(first, l, along);
  auto const all = [&](auto const& sink) {
    for (layout const& l : layouts) sink(l, interval{0, l.shape()[along]});
  };
  extents shape;
  tensor_map map;
  for (std::size_t d = 0; d < first.shape().rank(); ++d) {
    if (d == along) {
      detail::append_joined(map, shape, first, d, all);
    } else {
      map.append_dim(first.map(), d);
      shape.append(first.shape()[d]);
    }
  }
  return {first.devices(), map, shape};
}
[[nodiscard]] constexpr layout concatenated(std::initializer_list<layout> layouts, tensor_dim dim) {
  return concatenated<std::initializer_list<layout>>(layouts, dim);
}

/// The layout of n tensors of one layout, stacked along a new dim `dim`: experts.
///   throws: layout_error dim_does_not_exist, extent_is_negative, too_many_entries
[[nodiscard]] constexpr layout stacked(layout const& l, index_t n, tensor_dim dim) {
  auto const at = static_cast<std::size_t>(dim);
  detail::require_dim(at, l.shape().rank() + 1);
  extents shape;
  tensor_map map;
  for (std::size_t d = 0; d <= l.shape().rank(); ++d) {
    if (d == at) {
      shape.append(n);
      map.append(l.devices(), {});
    }
    if (d == l.shape().rank()) break;
    shape.append(l.shape()[d]);
    map.append_dim(l.map(), d);
  }
  return {l.devices(), map, shape};
}

/// The layout of n tensors of one layout whose indices of a dim alternate: index i of tensor k
/// becomes index i * n + k (gate and up projections).
///   throws: those of stacked and reshaped
[[nodiscard]] constexpr layout interleaved(layout const& l, index_t n, tensor_dim dim) {
  auto const at = static_cast<std::size_t>(dim);
  detail::require_dim(at, l.shape().rank());
  layout const side_by_side = stacked(l, n, static_cast<tensor_dim>(at + 1));
  extents shape;
  for (std::size_t d = 0; d < l.shape().rank(); ++d)
    shape.append(d == at ? l.shape()[d] * n : l.shape()[d]);
  return reshaped(side_by_side, shape);
}

}  // namespace v1
}  // namespace reshard
