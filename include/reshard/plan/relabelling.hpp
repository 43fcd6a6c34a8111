#pragma once

#include <reshard/plan/part_holders.hpp>
#include <reshard/plan/parts.hpp>

namespace reshard {
inline namespace v1 {

/// Which name each destination device gets.
///   name_at: per destination device the number of its name, a permutation of 0 .. devices - 1
///   kept:    elements that lie where they are wanted, under these names
///   total:   elements of all destination devices
template <class List> struct relabelling {
  List name_at;
  index_t kept = 0;
  index_t total = 0;
};

namespace detail {

/// A square matrix of gains.
template <class List> class gain_matrix {
 public:
  constexpr explicit gain_matrix(index_t n)
      : n_(n), gains_(static_cast<std::size_t>(n * n), index_t{0}) {}
  [[nodiscard]] constexpr index_t size() const noexcept { return n_; }
  [[nodiscard]] constexpr index_t& at(index_t row, index_t column) noexcept {
    return gains_[static_cast<std::size_t>(row * n_ + column)];
  }
  [[nodiscard]] constexpr index_t at(index_t row, index_t column) const noexcept {
    return gains_[static_cast<std::size_t>(row * n_ + column)];
  }

 private:
  index_t n_;
  List gains_;  // row-major
};

/// The assignment of columns to rows with the largest sum: shortest augmenting paths, row by row,
/// with prices that keep every reduced cost at or above 0 (Kuhn, Munkres; Jonker, Volgenant 1987).
/// Of columns that are equally near a free one ends the path: layouts make many equal gains.
///   cost: O(n^3)
template <class List> class assignment {
 public:
  constexpr explicit assignment(gain_matrix<List> const& gains)
      : gains_(gains),
        n_(static_cast<std::size_t>(gains.size())),
        row_price_(n_, index_t{0}),
        column_price_(n_, max_index),
        row_of_(n_, none),
        column_of_(n_, none),
        distance_(n_, index_t{0}),
        before_(n_, index_t{0}),
        columns_(n_, index_t{0}) {
    for (index_t row = 0; row < gains.size(); ++row)
      for (std::size_t c = 0; c < n_; ++c)
        if (cost(row, c) < column_price_[c]) column_price_[c] = cost(row, c);
    for (index_t row = 0; row < gains.size(); ++row) add(row);
  }

  /// The column of every row.
  [[nodiscard]] constexpr List columns() const { return column_of_; }

 private:
  static constexpr index_t none = -1;

  [[nodiscard]] constexpr index_t cost(index_t row, std::size_t column) const {
    return -gains_.at(row, static_cast<index_t>(column));
  }

  /// Grows a tree of shortest paths from a new row to a free column, then flips the path. columns_:
  /// first those outside of the tree, behind them those within.
  constexpr void add(index_t row) {
    for (std::size_t c = 0; c < n_; ++c) {
      distance_[c] = max_index;
      columns_[c] = static_cast<index_t>(c);
    }
    index_t reached = 0;  // the distance of the column that came last into the tree
    std::size_t outside = n_;
    index_t at = row;
    while (at != none) {
      std::size_t const nearest = scanned(at, reached, outside--);
      std::size_t const column = static_cast<std::size_t>(columns_[nearest]);
      columns_[nearest] = columns_[outside];
      columns_[outside] = static_cast<index_t>(column);
      reached = distance_[column];
      at = row_of_[column];
    }
    row_price_[static_cast<std::size_t>(row)] += reached;
    for (std::size_t k = outside + 1; k < n_; ++k) {
      auto const column = static_cast<std::size_t>(columns_[k]);
      row_price_[static_cast<std::size_t>(row_of_[column])] += reached - distance_[column];
      column_price_[column] -= reached - distance_[column];
    }
    flip(columns_[outside]);
  }
  /// Looks from a row of the tree, whose column is `reached` away, at the columns outside; returns
  /// the position of the nearest one.
  constexpr std::size_t scanned(index_t row, index_t reached, std::size_t outside) {
    index_t const price = row_price_[static_cast<std::size_t>(row)] - reached;
    index_t least = max_index;
    std::size_t nearest = 0;
    for (std::size_t k = 0; k < outside; ++k) {
      auto const c = static_cast<std::size_t>(columns_[k]);
      index_t const along = cost(row, c) - price - column_price_[c];
      if (along < distance_[c]) {
        distance_[c] = along;
        before_[c] = row;
      }
      if (distance_[c] > least || (distance_[c] == least && row_of_[c] != none)) continue;
      least = distance_[c];
      nearest = k;
    }
    return nearest;
  }
  /// Gives every row on the path to a free column the column that it came by.
  constexpr void flip(index_t column) {
    while (column != none) {
      index_t const row = before_[static_cast<std::size_t>(column)];
      row_of_[static_cast<std::size_t>(column)] = row;
      index_t const next = column_of_[static_cast<std::size_t>(row)];
      column_of_[static_cast<std::size_t>(row)] = column;
      column = next;
    }
  }

  gain_matrix<List> const& gains_;
  std::size_t n_;
  List row_price_, column_price_, row_of_, column_of_;  // row_of_: per column
  List distance_, before_, columns_;                    // of the tree that grows
};

}  // namespace detail

/// The names for the destination devices that leave most elements where they are. A name is a
/// number; the device of the source that bears it keeps its storage.
///   List:      constructible from (count, value) and indexed: std::vector<index_t>, which this
///              header need not know
///   source_of: callable, the source device that bears a name, or nobody
///   law:       no permutation keeps more
///   source:    the relabelling of COSTA (Kabic et al., 2021), made exact
///   cost:      O(boxes met x replicas + devices^3)
template <class List, class SourceOf>
[[nodiscard]] constexpr relabelling<List> best_relabelling(layout const& from, layout const& to,
                                                           SourceOf const& source_of) {
  index_t const n = to.devices().devices();
  List name_of(static_cast<std::size_t>(from.devices().devices()), n);
  for (index_t name = 0; name < n; ++name) {
    index_t const source = source_of(name);
    if (source >= 0 && source < from.devices().devices())
      name_of[static_cast<std::size_t>(source)] = name;
  }
  relabelling<List> out;
  detail::gain_matrix<List> kept{n};
  part_holders const holders{from};
  for (index_t device = 0; device < n; ++device)
    for_each_part(from, part_target{to, to.part_on(device)}, [&](met_part const& met) {
      index_t const elements = met.overlap.elements();
      out.total += elements;
      holders.for_each(met.part, [&](index_t source) {
        index_t const name = name_of[static_cast<std::size_t>(source)];
        if (name < n) kept.at(device, name) += elements;
      });
    });
  out.name_at = detail::assignment<List>{kept}.columns();
  for (index_t device = 0; device < n; ++device)
    out.kept += kept.at(device, out.name_at[static_cast<std::size_t>(device)]);
  return out;
}
/// The same where equal numbers are the same device.
template <class List>
[[nodiscard]] constexpr relabelling<List> best_relabelling(layout const& from, layout const& to) {
  return best_relabelling<List>(from, to, [](index_t name) { return name; });
}

}  // namespace v1
}  // namespace reshard
