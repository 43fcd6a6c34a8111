#pragma once

#include <reshard/algebra/strided_coalesce.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void stride_is_negative(index_t stride) {
  throw layout_error(errc::stride_is_negative, __func__, {"stride ", stride});
}
[[noreturn]] inline void stride_is_no_multiple_of_what_lies_below(index_t stride, index_t below) {
  throw layout_error(errc::stride_is_no_multiple_of_what_lies_below, __func__,
                     {"stride ", stride, " above modes that fill ", below});
}

/// A mode with more than one index and another stride than 0, and how far its next index lies from
/// the last one in the domain.
struct moving_mode {
  index_t extent = 0;
  index_t stride = 0;
  index_t step = 0;
};
using moving_list = inplace_vector<moving_mode, 64>;

/// The moving modes of a layout, smaller strides first; equal ones as they stand.
constexpr moving_list by_stride(mode_list const& modes) {
  moving_list sorted;
  index_t step = 1;
  for (strided_mode const& m : modes) {
    std::size_t at = sorted.size();
    while (at > 0 && magnitude(m.stride) < magnitude(sorted[at - 1].stride)) --at;
    if (m.stride != 0) sorted.insert(at, {m.extent, m.stride, step});
    step *= m.extent;
  }
  return sorted;
}
}  // namespace detail

/// The rest of 0 .. cotarget - 1: what has to be added to the values of `a` to fill it. Ascending.
///   law:    (a, complement(a, n)) takes each of 0 .. m - 1 equally often, and nothing else; m is n
///           rounded up to a multiple of what a's largest stride fills
///   throws: layout_error stride_is_negative, stride_is_no_multiple_of_what_lies_below,
///           extent_is_negative, integer_overflows
///   example: of 4:2 in 24 -> (2,3):(1,8)
[[nodiscard]] constexpr strided_layout complement(strided_layout const& a, index_t cotarget) {
  if (cotarget < 0) detail::extent_is_negative(0, cotarget);
  detail::mode_list rest;
  index_t below = 1;  // what the modes so far fill
  if (a.size() == 0) return strided_layout(int_tuple(cotarget));
  for (detail::moving_mode const& m : detail::by_stride(detail::coalesced(a.modes()))) {
    if (m.stride < 0) detail::stride_is_negative(m.stride);
    if (m.stride % below != 0) detail::stride_is_no_multiple_of_what_lies_below(m.stride, below);
    detail::push_coalesced(rest, {m.stride / below, below});
    below = detail::times(m.stride, m.extent);
  }
  index_t const copies = cotarget / below + (cotarget % below != 0 ? 1 : 0);
  if (copies == 0) return strided_layout(int_tuple(copies));
  detail::push_coalesced(rest, {copies, below});
  return detail::layout_of(rest);
}

/// The rest of 0 .. a.cosize() - 1: what fills the holes.
///   throws: as above
[[nodiscard]] constexpr strided_layout complement(strided_layout const& a) {
  return complement(a, a.cosize());
}

}  // namespace v1
}  // namespace reshard
