#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// Most bands that are told apart in one dim.
inline constexpr std::size_t max_bands = 32;

/// Ranges of a dim's indices, one after another, within which nothing changes.
///   rest: the last one stands for all that did not fit
struct band_list {
  inplace_vector<interval, max_bands> bands;
  bool rest = false;

  friend constexpr bool operator==(band_list const&, band_list const&) = default;
};

/// Bands per dim.
using band_table = inplace_vector<band_list, max_rank>;

/// Cuts [0, extent) at every value that next_end returns.
///   next_end: callable, index -> end of the band that begins there
template <class End>
[[nodiscard]] constexpr band_list make_bands(index_t extent, End const& next_end) {
  band_list out;
  for (index_t at = 0; at < extent;) {
    out.rest = out.bands.size() + 1 == max_bands && next_end(at) < extent;
    index_t const end = out.rest ? extent : next_end(at);
    out.bands.push_back({at, end - at});
    at = end;
  }
  return out;
}

/// Where the part that holds index `at` of a dim stops to hold what follows, or another part of the
/// same index begins.
[[nodiscard]] constexpr index_t band_end(layout const& l, std::size_t dim, index_t at) {
  part_index part;
  dim_cuts const along = l.dim(dim);
  index_t const local = along.locate(at, part);
  return at + along.run(part.begin(), local).size;
}

/// The bands of layouts of one shape: within a cell, a product of bands, every element has the same
/// holders.
///   example: devices(2, 4) map((1), (0)) shape(512, 1024): 2 bands of 256 rows, 4 of 256 columns
template <class... Layouts>
[[nodiscard]] constexpr band_table bands_of(layout const& first, Layouts const&... others) {
  band_table out;
  for (std::size_t d = 0; d < first.shape().rank(); ++d)
    out.push_back(make_bands(first.shape()[d], [&](index_t at) {
      index_t end = first.shape()[d];
      for (index_t const next : {band_end(first, d, at), band_end(others, d, at)...})
        end = next < end ? next : end;
      return end;
    }));
  return out;
}

/// The cell is one for all that did not fit in some dim.
[[nodiscard]] constexpr bool is_rest(band_table const& table, box const& cell) {
  for (std::size_t d = 0; d < cell.rank(); ++d)
    if (table[d].rest && cell[d] == table[d].bands.back()) return true;
  return false;
}

/// Calls sink(box const&) for every cell of a table, row-major.
template <class Sink> constexpr void for_each_cell(band_table const& table, Sink&& sink) {
  inplace_vector<std::size_t, max_rank> at(table.size(), 0);
  for (band_list const& along : table)
    if (along.bands.empty()) return;
  while (true) {
    box cell;
    for (std::size_t d = 0; d < table.size(); ++d) cell.push_back(table[d].bands[at[d]]);
    sink(static_cast<box const&>(cell));
    std::size_t d = table.size();
    for (; d > 0; --d) {
      if (++at[d - 1] < table[d - 1].bands.size()) break;
      at[d - 1] = 0;
    }
    if (d == 0) return;
  }
}

}  // namespace v1
}  // namespace reshard
