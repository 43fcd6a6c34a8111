#pragma once

#include <reshard/algebra/strided_mapping.hpp>

namespace reshard {
inline namespace v1 {

/// What selects from a layout: a layout, or a list with a tiler per leading mode.
///   example: tiler{strided_layout{3, 4}, strided_layout{8, 2}} is <3:4, 8:2>
using tiler = nested<strided_layout, max_rank>;

namespace detail {
/// The layout of the sum of outer layouts over the modes of their indices; nested like those where
/// a layout nested like those has the function, else flat.
constexpr strided_layout composed(mapped_modes const& inner, outer_layouts const& outers) {
  int_tuple const shape = transform_leaf(inner, [](mapped_mode const& m) { return m.extent; });
  index_t const size = product(shape);
  if (size == 0) return {shape, transform_leaf(shape, [](index_t) { return index_t{0}; })};
  mapped_function f(coalesced(inner), outers);
  found_modes found = f.closed_form();
  if (!found.found) found = modes_of(f, size);
  if (!found.found) no_layout_has_this_function(size);
  mode_list fewest;
  for (strided_mode const& m : found.modes) push_coalesced(fewest, m);
  return split_along(fewest, shape) ? strided_layout(refined(fewest, shape)) : layout_of(fewest);
}

constexpr void require_modes(tiler const& by_mode, strided_layout const& a) {
  if (by_mode.rank() > a.rank()) tiler_has_too_many_modes(by_mode.rank(), a.rank());
}

/// The tiler as modes of indices into the modes of `a`, which become outer layouts.
constexpr mapped_modes selection(strided_layout const& a, tiler const& by, outer_layouts& outers) {
  if (by.is_leaf()) {
    outers.push_back(a);
    return in_space(by.leaves()[0], outers.size());
  }
  require_modes(by, a);
  mapped_modes modes;
  for (std::size_t i = 0; i < a.rank(); ++i)
    modes.append(i < by.rank() ? selection(a[i], by[i], outers) : in_space(a[i], 0));
  return modes;
}
}  // namespace detail

/// a o b. By mode if b is a list; modes past the list stay.
///   law:    composition(a, b)(i) == a(b(i))   for 0 <= i < b.size()
///           compatible(b.shape(), result.shape()) if any layout of that form has the function
///   throws: layout_error no_layout_has_this_function    only if no shape:stride layout has it
///           layout_error layout_is_too_large_to_enumerate  if no closed form applies to a domain
///           too large to try
///           layout_error index_is_outside_the_layout    where a has no mode to go on in
///           layout_error integer_overflows, tiler_has_too_many_modes, too_many_entries
///   cost:   O(modes of a * modes of the result) where digits do not carry, else O(b.size())
///   example: (6,2):(8,2) o (4,3):(3,1) -> ((2,2),3):((24,2),8)
[[nodiscard]] constexpr strided_layout composition(strided_layout const& a, tiler const& b) {
  detail::outer_layouts outers;
  detail::mapped_modes const inner = detail::selection(a, b, outers);
  return detail::composed(inner, outers);
}

}  // namespace v1
}  // namespace reshard
