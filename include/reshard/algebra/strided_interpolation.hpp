#pragma once

#include <reshard/algebra/integer_equations.hpp>
#include <reshard/algebra/strided_mapping.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// Looks for a layout l with l(a(i)) == i for each index i of a.
/// Complete: extents may be split into primes and the last mode, which has no limit, into modes of
/// two indices without changing l. So if there is an l, there is one whose extents are primes until
/// fewer than two multiples of their product are left among a's values. For each such list of
/// extents the strides are the unknowns of linear equations over the integers.
class interpolation {
 public:
  constexpr interpolation(strided_layout const& a, index_t largest)
      : a_(a), largest_(largest), budget_(a.size()) {
    search(1);
  }
  /// The modes of l, if there is one.
  [[nodiscard]] constexpr found_modes const& modes() const noexcept { return modes_; }

 private:
  constexpr bool search(index_t filled) {
    if (largest_ / filled < 2) return solve(filled);
    for (index_t prime = 2; prime <= largest_ / filled; ++prime) {
      budget_.spend();
      if (!is_prime(prime)) continue;
      extents_.push_back(prime);
      if (search(filled * prime)) return true;
      extents_.pop_back();
    }
    return false;
  }
  constexpr bool solve(index_t filled) {
    integer_equations strides(extents_.size() + 1);
    for (index_t i = 1; i < a_.size(); ++i) {
      budget_.spend(static_cast<index_t>(extents_.size()));
      if (!strides.require(digits(a_(i)), i)) return false;
    }
    extents_.push_back(largest_ / filled + 1);
    for (std::size_t d = 0; d < extents_.size(); ++d)
      push_coalesced(modes_.modes, {extents_[d], strides.point()[d]});
    modes_.found = true;
    return true;
  }
  [[nodiscard]] constexpr integer_equations::row digits(index_t value) const {
    integer_equations::row row;
    for (index_t const extent : extents_) {
      row.push_back(value % extent);  // below 0 a layout is odd, and so is this
      value /= extent;
    }
    row.push_back(value);
    return row;
  }
  static constexpr bool is_prime(index_t n) {
    for (index_t d = 2; d <= n / d; ++d)
      if (n % d == 0) return false;
    return true;
  }

  strided_layout a_;
  index_t largest_;
  evaluation_budget budget_;
  inplace_vector<index_t, 64> extents_;
  found_modes modes_;
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
