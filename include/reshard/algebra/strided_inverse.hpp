#pragma once

#include <reshard/algebra/strided_complement.hpp>
#include <reshard/algebra/strided_interpolation.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void layout_is_not_injective(strided_layout const& a) {
  throw layout_error(errc::layout_is_not_injective, __func__,
                     {printed(a).c_str(), " takes a value twice"});
}

/// Every mode steps over all that the modes of smaller stride reach.
constexpr bool is_superincreasing(moving_list const& modes) {
  index_t reach = 0;
  for (moving_mode const& m : modes) {
    if (m.stride <= reach) return false;
    reach = plus(reach, times(m.stride, m.extent - 1));
  }
  return true;
}

/// Two indices have one value.
///   throws: layout_error layout_is_too_large_to_enumerate
constexpr bool takes_a_value_twice(strided_layout const& a) {
  evaluation_budget budget(a.size());
  for (index_t i = 1; i < a.size(); ++i) {
    budget.spend(i);
    index_t const value = a(i);
    for (index_t j = 0; j < i; ++j)
      if (a(j) == value) return true;
  }
  return false;
}

/// Tries all layouts r with a(r(i)) == i: the stride of the next mode is an index that has the
/// first value not reached yet.
class longest_inverse {
 public:
  constexpr longest_inverse(mode_list const& a, index_t size)
      : a_(a), size_(size), limit_(size), budget_(size) {
    extend(1);
  }
  [[nodiscard]] constexpr mode_list const& modes() const noexcept { return best_; }

 private:
  constexpr index_t value(mode_list const& modes, index_t index) {
    budget_.spend();
    return value_at(modes.begin(), modes.end(), index);
  }
  /// How often `stride` can follow: block j of `length` values is right.
  constexpr index_t blocks(index_t length, index_t stride) {
    for (index_t j = 1;; ++j) {
      if (j > (size_ - 1) / stride) return j;
      for (index_t i = 0; i < length; ++i) {
        index_t const at = value(now_, i) + j * stride;
        if (at >= size_ || value(a_, at) != i + j * length) return j;
      }
    }
  }
  constexpr void extend(index_t length) {
    if (length > length_) {
      length_ = length;
      best_ = now_;
    }
    bool taken = false;
    for (index_t stride = 1; stride < size_ && length_ < limit_; ++stride) {
      if (value(a_, stride) != length) continue;
      taken = true;
      for (index_t extent = blocks(length, stride); extent > 1 && length_ < limit_; --extent) {
        now_.push_back({extent, stride});
        extend(length * extent);
        now_.pop_back();
      }
    }
    if (!taken && length_ < limit_ && length < limit_) limit_ = length;
  }

  mode_list a_;
  index_t size_;
  index_t limit_;  // no inverse is longer
  evaluation_budget budget_;
  index_t length_ = 0;
  mode_list now_;
  mode_list best_;
};
}  // namespace detail

/// The longest r into the domain of `a` that undoes it from the right; which of several equally
/// long ones is not specified.
/// Where each stride is beyond all that the smaller ones reach, the modes whose strides are 1 and
/// then what the modes before fill are the longest: the next value would have to come from a larger
/// stride. Other layouts are searched.
///   law:    a(right_inverse(a)(i)) == i, and no longer layout does so
///   throws: layout_error layout_is_too_large_to_enumerate, integer_overflows, too_many_entries
///   example: (2,4,6):(4,1,8) -> (4,2,6):(2,1,8)
[[nodiscard]] constexpr strided_layout right_inverse(strided_layout const& a) {
  detail::mode_list const modes = detail::coalesced(a.modes());
  if (a.size() == 0) return detail::layout_of(modes);
  detail::moving_list const moving = detail::by_stride(modes);
  bool up = false;
  bool down = false;
  for (detail::moving_mode const& m : moving) (m.stride > 0 ? up : down) = true;
  if (!up) return {};
  if (down || !detail::is_superincreasing(moving))
    return detail::layout_of(detail::longest_inverse(modes, a.size()).modes());
  detail::mode_list inverse;
  index_t filled = 1;
  for (detail::moving_mode const& m : moving) {
    if (m.stride != filled) break;
    detail::push_coalesced(inverse, {m.extent, m.step});
    filled *= m.extent;
  }
  return detail::layout_of(inverse);
}

/// An l that undoes `a` from the left, and maps what lies between a's values to anything.
/// Where each stride is a multiple of the next smaller one and beyond what that mode reaches, l
/// splits an index at the strides. Other layouts are searched.
///   law:    left_inverse(a)(a(i)) == i   for 0 <= i < a.size()
///   throws: layout_error layout_is_not_injective, no_layout_has_this_function,
///           layout_is_too_large_to_enumerate, integer_overflows, too_many_entries
///   example: (4,8):(1,5) -> (5,8):(1,4)
[[nodiscard]] constexpr strided_layout left_inverse(strided_layout const& a) {
  detail::mode_list const modes = detail::coalesced(a.modes());
  if (a.size() <= 1) return {};
  detail::moving_list const moving = detail::by_stride(modes);
  if (moving.size() < modes.size()) detail::layout_is_not_injective(a);
  index_t const sign = moving[0].stride < 0 ? -1 : 1;
  detail::mode_list inverse;
  strided_mode last{1, 0};
  index_t filled = 1;
  bool splits = true;
  for (detail::moving_mode const& m : moving) {
    index_t const stride = detail::magnitude(m.stride);
    splits =
        splits && m.stride * sign > 0 && stride % filled == 0 && stride / filled >= last.extent;
    if (!splits) break;
    detail::push_coalesced(inverse, {stride / filled, last.stride});
    filled = stride;
    last = {m.extent, m.step * sign};
  }
  if (splits) {
    detail::push_coalesced(inverse, last);
    return detail::layout_of(inverse);
  }
  if (detail::takes_a_value_twice(a)) detail::layout_is_not_injective(a);
  detail::found_modes const found = detail::interpolation(a, a.cosize() - 1).modes();
  if (!found.found) detail::no_layout_has_this_function(a.size());
  return detail::layout_of(found.modes);
}

}  // namespace v1
}  // namespace reshard
