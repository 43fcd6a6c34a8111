#pragma once

#include <reshard/algebra/int_tuple.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The integer solutions of linear equations that are added one by one: a point, and directions of
/// which any integer combination may be added to it.
///   throws: layout_error integer_overflows
///   cost:   O(unknowns * directions) per equation
class integer_equations {
 public:
  using row = inplace_vector<index_t, 64>;

  constexpr explicit integer_equations(std::size_t unknowns) : point_(unknowns, 0) {
    for (std::size_t u = 0; u < unknowns; ++u) {
      directions_.push_back(row(unknowns, 0));
      directions_[u][u] = 1;
    }
  }
  /// One solution.
  [[nodiscard]] constexpr row const& point() const noexcept { return point_; }

  /// Adds sum(factors * unknowns) == value. False if no integers do it.
  constexpr bool require(row const& factors, index_t value) {
    std::size_t pivot = directions_.size();  // the only direction along which the sum changes
    index_t change = 0;
    for (std::size_t d = 0; d < directions_.size(); ++d) {
      index_t other = dot(factors, directions_[d]);
      if (other == 0) continue;
      if (pivot == directions_.size()) {
        pivot = d;
        change = other;
      }
      while (d != pivot && other != 0) {  // Euclid's algorithm on directions
        add(directions_[pivot], times(change / other, -1), directions_[d]);
        index_t const rest = change % other;
        swap(directions_[pivot], directions_[d]);
        change = other;
        other = rest;
      }
    }
    index_t const missing = plus(value, times(dot(factors, point_), -1));
    if (pivot == directions_.size()) return missing == 0;
    if (missing % change != 0) return false;
    add(point_, missing / change, directions_[pivot]);
    directions_.erase(pivot);
    return true;
  }

 private:
  static constexpr index_t dot(row const& a, row const& b) {
    index_t sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum = plus(sum, times(a[i], b[i]));
    return sum;
  }
  static constexpr void add(row& to, index_t factor, row const& what) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = plus(to[i], times(factor, what[i]));
  }
  static constexpr void swap(row& a, row& b) {
    row const kept = a;
    a = b;
    b = kept;
  }

  row point_;
  inplace_vector<row, 64> directions_;
};

}  // namespace detail
}  // namespace v1
}  // namespace reshard
