#pragma once

#include <reshard/algebra/strided_complement.hpp>
#include <reshard/algebra/strided_composition.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// A divided layout before its tiles and what moves between tiles are put in order.
struct divided_modes {
  mapped_modes tile;
  mapped_modes rest;
};

/// All tiles, and all rests with the modes past the tiler.
constexpr divided_modes division(strided_layout const& a, tiler const& by, outer_layouts& outers) {
  if (by.is_leaf()) {
    strided_layout const& tile = by.leaves()[0];
    outers.push_back(a);
    return {in_space(tile, outers.size()), in_space(complement(tile, a.size()), outers.size())};
  }
  require_modes(by, a);
  divided_modes divided;
  for (std::size_t i = 0; i < by.rank(); ++i) {
    divided_modes const mode = division(a[i], by[i], outers);
    divided.tile.append(mode.tile);
    divided.rest.append(mode.rest);
  }
  for (std::size_t i = by.rank(); i < a.rank(); ++i) divided.rest.append(in_space(a[i], 0));
  return divided;
}

/// Each mode with its tile and its rest.
constexpr mapped_modes division_by_mode(strided_layout const& a, tiler const& by,
                                        outer_layouts& outers) {
  if (by.is_leaf()) {
    divided_modes const divided = division(a, by, outers);
    return {divided.tile, divided.rest};
  }
  require_modes(by, a);
  mapped_modes modes;
  for (std::size_t i = 0; i < a.rank(); ++i)
    modes.append(i < by.rank() ? division_by_mode(a[i], by[i], outers) : in_space(a[i], 0));
  return modes;
}
}  // namespace detail

// A tiler <TileM, TileN> divides a layout (M, N, L) into tiles and what moves from tile to tile:
//   logical_divide  ((TileM, RestM), (TileN, RestN), L)
//   zipped_divide   ((TileM, TileN), (RestM, RestN, L))
//   tiled_divide    ((TileM, TileN), RestM, RestN, L)
//   flat_divide     (TileM, TileN, RestM, RestN, L)
// They throw what composition and complement throw.

/// a o (b, complement(b, a.size())). By mode if b is a list; modes past the list stay.
///   law:    logical_divide(a, b) == composition(a, (b, complement(b, a.size())))
///   example: (4,2,3):(2,1,8) over 4:2 -> ((2,2),(2,3)):((4,1),(2,8))
[[nodiscard]] constexpr strided_layout logical_divide(strided_layout const& a, tiler const& by) {
  detail::outer_layouts outers;
  detail::mapped_modes const modes = detail::division_by_mode(a, by, outers);
  return detail::composed(modes, outers);
}

/// The modes of logical_divide, all tiles first.
///   law:    zipped_divide(a, by)(i) == composition(a, by)(i)   for i within the tile
[[nodiscard]] constexpr strided_layout zipped_divide(strided_layout const& a, tiler const& by) {
  detail::outer_layouts outers;
  detail::divided_modes const divided = detail::division(a, by, outers);
  return detail::composed({divided.tile, divided.rest}, outers);
}

/// zipped_divide with the rests side by side.
///   law:    the function of zipped_divide
[[nodiscard]] constexpr strided_layout tiled_divide(strided_layout const& a, tiler const& by) {
  detail::outer_layouts outers;
  detail::divided_modes const divided = detail::division(a, by, outers);
  detail::mapped_modes modes;
  modes.append(divided.tile);
  modes.append_entries(divided.rest);
  return detail::composed(modes, outers);
}

/// zipped_divide with tiles and rests side by side.
///   law:    the function of zipped_divide
[[nodiscard]] constexpr strided_layout flat_divide(strided_layout const& a, tiler const& by) {
  detail::outer_layouts outers;
  detail::divided_modes const divided = detail::division(a, by, outers);
  detail::mapped_modes modes;
  modes.append_entries(divided.tile);
  modes.append_entries(divided.rest);
  return detail::composed(modes, outers);
}

}  // namespace v1
}  // namespace reshard
