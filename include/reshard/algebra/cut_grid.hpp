#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// A cut and the rule that it follows, outside of a tensor map.
struct ruled_cut {
  digit by_;
  cut_rule rule_;

  [[nodiscard]] constexpr index_t parts() const noexcept { return by_.modulo(); }
  friend constexpr bool operator==(ruled_cut const&, ruled_cut const&) = default;
};

/// Cuts of one dim, the coarsest first.
using cut_chain = inplace_vector<ruled_cut, max_cuts>;

/// The upper and the lower number of a digit that is read as (upper, lower), the lower with `size`
/// values.
[[nodiscard]] constexpr digit upper_digit(digit const& d, index_t size) {
  return {d.axes(), d.divide() * size, d.modulo() / size};
}
[[nodiscard]] constexpr digit lower_digit(digit const& d, index_t size) {
  return {d.axes(), d.divide(), size};
}

/// A row-major factor of a dim.
///   cuts: positions in cut_grid::cuts(), the coarsest first; none = whole on every device
struct cut_sub_dim {
  index_t size_ = 0;
  inplace_vector<std::uint8_t, max_cuts> cuts_;

  [[nodiscard]] constexpr bool is_whole() const noexcept { return cuts_.empty(); }
  friend constexpr bool operator==(cut_sub_dim const&, cut_sub_dim const&) = default;
};

using sub_dim_list = inplace_vector<cut_sub_dim, 48>;

/// The normal form of cuts: dims are factored so far that a cut deals out a sub-dim of its own, and
/// most are one index per part.
///   example: 24 indices, cyclic(2) over 3 parts: sub-dims 4 whole, 3 cut, 2 whole
///   law:     a set of indices is a product over the sub-dims, and so over any dims that can be
///            made of them: this is what a reshape needs
struct cut_grid {
  sub_dim_list sub_dims_;
  inplace_vector<ruled_cut, 48> cuts_;

  [[nodiscard]] constexpr std::size_t size() const noexcept { return sub_dims_.size(); }
  [[nodiscard]] constexpr cut_sub_dim const& operator[](std::size_t i) const noexcept {
    return sub_dims_[i];
  }
  [[nodiscard]] constexpr ruled_cut const& cut_of(std::size_t i, std::size_t k) const noexcept {
    return cuts_[sub_dims_[i].cuts_[k]];
  }

  /// Appends a sub-dim that is whole; neighbours become one, and those without indices of their own
  /// (size 1) go behind them.
  constexpr void append(index_t size) {
    if (size == 1) return;
    std::size_t at = sub_dims_.size();
    while (at > 0 && sub_dims_[at - 1].size_ == 1) --at;
    if (at > 0 && sub_dims_[at - 1].is_whole()) {
      size *= sub_dims_[at - 1].size_;
      sub_dims_.erase(at - 1);
    }
    sub_dims_.push_back({size, {}});
  }
  /// Appends a sub-dim with one cut; a cut into one part is none.
  constexpr void append(index_t size, ruled_cut const& by) {
    if (by.parts() == 1) return append(size);
    sub_dims_.push_back({size, {add(by)}});
  }
  /// Appends a sub-dim of another grid.
  constexpr void append(cut_grid const& other, std::size_t i) {
    if (other[i].is_whole()) return append(other[i].size_);
    cut_sub_dim copy{other[i].size_, {}};
    for (std::uint8_t const k : other[i].cuts_) copy.cuts_.push_back(add(other.cuts_[k]));
    sub_dims_.push_back(copy);
  }
  /// Keeps a cut for sub-dims to refer to.
  constexpr std::uint8_t add(ruled_cut const& by) {
    cuts_.push_back(by);
    return static_cast<std::uint8_t>(cuts_.size() - 1);
  }

  /// Every part has one index, and every index a part.
  [[nodiscard]] constexpr bool is_dealt_out(std::size_t i) const noexcept {
    return sub_dims_[i].cuts_.size() == 1 && cut_of(i, 0).rule_ == cut_rule{} &&
           cut_of(i, 0).parts() == sub_dims_[i].size_;
  }
  /// Makes two sub-dims of one that is whole or dealt out, the inner one of `inner` indices, which
  /// divides its size.
  constexpr void split(std::size_t i, index_t inner) {
    cut_sub_dim outer{sub_dims_[i].size_ / inner, {}};
    cut_sub_dim rest{inner, {}};
    if (!sub_dims_[i].is_whole()) {
      digit const by = cut_of(i, 0).by_;
      outer.cuts_.push_back(add({upper_digit(by, inner), {}}));
      rest.cuts_.push_back(add({lower_digit(by, inner), {}}));
    }
    sub_dims_[i] = outer;
    sub_dims_.insert(i + 1, rest);
  }

  friend constexpr bool operator==(cut_grid const&, cut_grid const&) = default;
};

}  // namespace v1
}  // namespace reshard
