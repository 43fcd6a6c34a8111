#pragma once

#include <reshard/algebra/digit.hpp>
#include <reshard/algebra/grid.hpp>
#include <reshard/algebra/tail_rule.hpp>

namespace reshard {
inline namespace v1 {

/// Most cuts a tensor map may have in all.
inline constexpr std::size_t max_cuts = 16;

/// One cut of a sub-dim: into digit.modulo() parts, each device holds the part that its digit
/// names.
struct cut {
  digit by_;
  tail_rule tail_ = tail_rule::exact;

  constexpr cut() = default;
  constexpr cut(digit by, tail_rule tail) : by_(by), tail_(tail) {}
  [[nodiscard]] constexpr digit const& by() const noexcept { return by_; }
  [[nodiscard]] constexpr tail_rule tail() const noexcept { return tail_; }
  [[nodiscard]] constexpr index_t parts() const noexcept { return by_.modulo(); }
  friend constexpr bool operator==(cut const&, cut const&) = default;
};

/// Which cuts each sub-dim of a grid gets, the coarsest first: every further cut divides the parts
/// of the one before. A sub-dim without cuts is whole on every device.
struct tensor_map {
  inplace_vector<cut, max_cuts> cuts_;            // of all sub-dims
  inplace_vector<std::uint8_t, max_grid> count_;  // cuts per sub-dim

  constexpr tensor_map() = default;

  /// Appends a sub-dim that is cut over `axes`, most significant first; none = whole.
  ///   tail: exact and balanced cut once into the product of the axis sizes, ceil cuts axis by
  ///         axis, as torch does
  constexpr void append(device_matrix const& devices, axis_list const& axes, tail_rule tail) {
    count_.push_back(0);
    if (axes.empty()) return;
    std::size_t const last = count_.size() - 1;
    if (tail != tail_rule::ceil) {
      add_cut(last, cut{digit{devices, axes}, tail});
    } else {
      for (device_axis const axis : axes) add_cut(last, cut{digit{devices, {axis}}, tail});
    }
  }
  /// Cuts the parts of a sub-dim once more.
  constexpr void add_cut(std::size_t sub_dim, cut const& finer) {
    cuts_.insert(first(sub_dim) + count_[sub_dim], finer);
    ++count_[sub_dim];
  }

  /// Number of sub-dims.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return count_.size(); }
  [[nodiscard]] constexpr std::size_t cuts_of(std::size_t sub_dim) const noexcept {
    return count_[sub_dim];
  }
  /// Position in cuts() of the first cut of a sub-dim.
  [[nodiscard]] constexpr std::size_t first(std::size_t sub_dim) const noexcept {
    std::size_t sum = 0;
    for (std::size_t d = 0; d < sub_dim; ++d) sum += count_[d];
    return sum;
  }
  [[nodiscard]] constexpr inplace_vector<cut, max_cuts> const& cuts() const noexcept {
    return cuts_;
  }
  [[nodiscard]] constexpr bool uses(device_axis axis) const noexcept {
    for (cut const& c : cuts_)
      if (c.by().axes().contains(axis)) return true;
    return false;
  }

  friend constexpr bool operator==(tensor_map const&, tensor_map const&) = default;
};

namespace detail {
constexpr void append_axes(tensor_map& map, device_matrix const& devices, index_t const* first,
                           index_t const* last, tail_rule tail) {
  axis_list axes;
  for (; first != last; ++first)
    if (*first != -1) axes.push_back(devices.axis(*first));
  map.append(devices, axes, tail);
}
}  // namespace detail

/// MindSpore's plain tensor map: per dim the axis that cuts it, counted from the right, or -1.
///   throws: layout_error device_axis_does_not_exist
[[nodiscard]] constexpr tensor_map plain_map(device_matrix const& devices,
                                             std::initializer_list<index_t> axes,
                                             tail_rule tail = tail_rule::exact) {
  tensor_map map;
  for (index_t const& axis : axes) detail::append_axes(map, devices, &axis, &axis + 1, tail);
  return map;
}

/// MindSpore's nested tensor map: per dim the axes that cut it, most significant first; () or (-1)
/// is whole. `Lists` is any list of contiguous lists of index_t.
///   throws: layout_error device_axis_does_not_exist
template <class Lists>
[[nodiscard]] constexpr tensor_map nested_map(device_matrix const& devices, Lists const& lists,
                                              tail_rule tail = tail_rule::exact) {
  tensor_map map;
  for (auto const& axes : lists) {
    index_t const* const first = axes.size() == 0 ? nullptr : &*axes.begin();
    detail::append_axes(map, devices, first, first + axes.size(), tail);
  }
  return map;
}
[[nodiscard]] constexpr tensor_map nested_map(
    device_matrix const& devices, std::initializer_list<std::initializer_list<index_t>> lists,
    tail_rule tail = tail_rule::exact) {
  return nested_map<std::initializer_list<std::initializer_list<index_t>>>(devices, lists, tail);
}

}  // namespace v1
}  // namespace reshard
