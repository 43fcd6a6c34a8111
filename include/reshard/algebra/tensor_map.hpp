#pragma once

#include <reshard/algebra/cut.hpp>
#include <reshard/algebra/extents.hpp>

namespace reshard {
inline namespace v1 {

/// Most cuts a tensor map may have in all.
inline constexpr std::size_t max_cuts = 16;

/// Which cuts each dim gets, the coarsest first: every further cut deals out what the one before
/// left to a part. A dim without cuts is whole on every device.
struct tensor_map {
  inplace_vector<cut, max_cuts> cuts_;            // of all dims
  inplace_vector<std::uint8_t, max_rank> count_;  // cuts per dim
  size_list sizes_;                               // that the rules state, in the order of the cuts

  constexpr tensor_map() = default;

  /// Appends a dim that is cut over `axes`, most significant first; none = whole.
  ///   rule: all rules cut once into the product of the axis sizes, but contiguous ceil cuts axis
  ///         by axis, as torch does
  constexpr void append(device_matrix const& devices, axis_list const& axes,
                        cut_rule const& rule = {}) {
    count_.push_back(0);
    if (axes.empty()) return;
    std::size_t const last = count_.size() - 1;
    if (rule == tail_rule::ceil) {
      for (device_axis const axis : axes) add_cut(last, digit{devices, {axis}}, rule);
    } else {
      add_cut(last, digit{devices, axes}, rule);
    }
  }
  /// Appends a dim that is cut as a dim of another map over the same devices.
  constexpr void append_dim(tensor_map const& other, std::size_t dim) {
    count_.push_back(0);
    for (std::size_t i = other.first(dim); i < other.first(dim) + other.cuts_of(dim); ++i)
      add_cut(count_.size() - 1, other.cuts_[i].by(), other.rule(i));
  }
  /// Cuts the parts of a dim once more.
  constexpr void add_cut(std::size_t dim, digit const& by, cut_rule const& rule = {}) {
    std::size_t const at = first(dim) + count_[dim];
    for (std::size_t i = 0; i < rule.sizes_.size(); ++i)
      sizes_.insert(sizes_before(at) + i, rule.sizes_[i]);
    cuts_.insert(at, cut{by, rule});
    ++count_[dim];
  }

  /// Takes the finest cut of a dim back.
  constexpr void remove_last_cut(std::size_t dim) {
    std::size_t const at = first(dim) + count_[dim] - 1;
    for (std::size_t i = cuts_[at].sizes(); i-- > 0;) sizes_.erase(sizes_before(at) + i);
    cuts_.erase(at);
    --count_[dim];
  }
  /// The rule of a cut, with the sizes that it states.
  [[nodiscard]] constexpr cut_rule rule(std::size_t position) const {
    cut const& c = cuts_[position];
    cut_rule out;
    out.kind_ = c.kind();
    out.tail_ = c.tail();
    out.block_ = c.block();
    for (std::size_t i = 0; i < c.sizes(); ++i)
      out.sizes_.push_back(sizes_[sizes_before(position) + i]);
    return out;
  }

  /// Number of dims.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return count_.size(); }
  [[nodiscard]] constexpr std::size_t cuts_of(std::size_t dim) const noexcept {
    return count_[dim];
  }
  /// Position in cuts() of the first cut of a dim.
  [[nodiscard]] constexpr std::size_t first(std::size_t dim) const noexcept {
    std::size_t sum = 0;
    for (std::size_t d = 0; d < dim; ++d) sum += count_[d];
    return sum;
  }
  [[nodiscard]] constexpr inplace_vector<cut, max_cuts> const& cuts() const noexcept {
    return cuts_;
  }
  [[nodiscard]] constexpr size_list const& sizes() const noexcept { return sizes_; }
  /// Position in sizes() of those that the cuts of a dim state.
  [[nodiscard]] constexpr std::size_t first_size(std::size_t dim) const noexcept {
    return sizes_before(first(dim));
  }
  [[nodiscard]] constexpr bool uses(device_axis axis) const noexcept {
    for (cut const& c : cuts_)
      if (c.by().axes().contains(axis)) return true;
    return false;
  }

  friend constexpr bool operator==(tensor_map const&, tensor_map const&) = default;

 private:
  [[nodiscard]] constexpr std::size_t sizes_before(std::size_t position) const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < position && !sizes_.empty(); ++i) sum += cuts_[i].sizes();
    return sum;
  }
};

namespace detail {
constexpr void append_axes(tensor_map& map, device_matrix const& devices, index_t const* first,
                           index_t const* last, cut_rule const& rule) {
  axis_list axes;
  for (; first != last; ++first)
    if (*first != -1) axes.push_back(devices.axis(*first));
  map.append(devices, axes, rule);
}
}  // namespace detail

/// MindSpore's plain tensor map: per dim the axis that cuts it, counted from the right, or -1.
///   throws: layout_error device_axis_does_not_exist
[[nodiscard]] constexpr tensor_map plain_map(device_matrix const& devices,
                                             std::initializer_list<index_t> axes,
                                             cut_rule const& rule = {}) {
  tensor_map map;
  for (index_t const& axis : axes) detail::append_axes(map, devices, &axis, &axis + 1, rule);
  return map;
}

/// MindSpore's nested tensor map: per dim the axes that cut it, most significant first; () or (-1)
/// is whole. `Lists` is any list of contiguous lists of index_t.
///   throws: layout_error device_axis_does_not_exist
template <class Lists>
[[nodiscard]] constexpr tensor_map nested_map(device_matrix const& devices, Lists const& lists,
                                              cut_rule const& rule = {}) {
  tensor_map map;
  for (auto const& axes : lists) {
    index_t const* const first = axes.size() == 0 ? nullptr : &*axes.begin();
    detail::append_axes(map, devices, first, first + axes.size(), rule);
  }
  return map;
}
[[nodiscard]] constexpr tensor_map nested_map(
    device_matrix const& devices, std::initializer_list<std::initializer_list<index_t>> lists,
    cut_rule const& rule = {}) {
  return nested_map<std::initializer_list<std::initializer_list<index_t>>>(devices, lists, rule);
}

}  // namespace v1
}  // namespace reshard
