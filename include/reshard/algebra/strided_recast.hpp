#pragma once

#include <reshard/algebra/strided_complement.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void element_bits_are_not_positive(index_t bits) {
  throw layout_error(errc::element_bits_are_not_positive, __func__,
                     {"elements of ", bits, " bits"});
}
[[noreturn]] inline void mode_does_not_divide_into_elements(index_t extent, index_t stride,
                                                            index_t elements) {
  throw layout_error(errc::mode_does_not_divide_into_elements, __func__,
                     {extent, " elements ", stride, " apart do not fill elements of ", elements});
}
[[noreturn]] inline void unit_stride_is_not_unique(index_t modes) {
  throw layout_error(errc::unit_stride_is_not_unique, __func__,
                     {modes, " modes have stride 1, splitting elements takes one"});
}

/// A mode in elements that hold `n` of the old ones. `within` is how far the modes before reach
/// into one of the new elements.
constexpr strided_mode widened(strided_mode const& m, index_t n, index_t& within) {
  if (m.stride % n == 0) return {m.extent, m.stride / n};
  if (m.extent == 1) return {1, m.stride < 0 ? -1 : m.stride / n + 1};
  if (m.stride < 0) stride_is_negative(m.stride);
  index_t const together = n / m.stride;
  if (n % m.stride != 0 || m.extent % together != 0 || within > m.stride - 1)
    mode_does_not_divide_into_elements(m.extent, m.stride, n);
  within += n - m.stride;
  return {m.extent / together, 1};
}

/// The mode that splits when elements do: the one of stride 1, rather one with several indices.
constexpr std::size_t unit_mode(nested<strided_mode, max_leaves> const& modes) {
  std::size_t longest = modes.leaves().size();
  index_t units = 0;
  for (std::size_t i = 0; i < modes.leaves().size(); ++i) {
    strided_mode const& m = modes.leaves()[i];
    if (m.stride == -1 && m.extent > 1) stride_is_negative(m.stride);
    if (m.stride != 1) continue;
    if (m.extent > 1) ++units;
    if (longest == modes.leaves().size() || m.extent > modes.leaves()[longest].extent) longest = i;
  }
  if (units > 1 || longest == modes.leaves().size()) unit_stride_is_not_unique(units);
  return longest;
}
}  // namespace detail

/// The layout of the same memory, counted in elements of other bits: CuTe's upcast and downcast.
/// Where the new elements are wider, a mode closer than they are shrinks; where they are narrower,
/// the mode of stride 1 grows.
///   law:    recast(recast(a, b, c), c, b) == a   where the modes of a fill elements of c bits
///   throws: layout_error element_bits_are_not_positive, mode_does_not_divide_into_elements,
///           unit_stride_is_not_unique, stride_is_negative (of a mode closer than the elements),
///           integer_overflows
///   example: (32,4):(1,32) from 8 to 32 bits -> (8,4):(1,8)
[[nodiscard]] constexpr strided_layout recast_layout(strided_layout const& a, index_t old_bits,
                                                     index_t new_bits) {
  if (old_bits < 1) detail::element_bits_are_not_positive(old_bits);
  if (new_bits < 1) detail::element_bits_are_not_positive(new_bits);
  index_t const common = detail::common_divisor(old_bits, new_bits);
  index_t const wider = new_bits / common;
  index_t const narrower = old_bits / common;
  index_t within = 0;
  auto modes = transform_leaf(
      a.modes(), [&](strided_mode const& m) { return detail::widened(m, wider, within); });
  if (narrower == 1) return strided_layout(modes);
  std::size_t const unit = detail::unit_mode(modes);
  for (std::size_t i = 0; i < modes.leaves().size(); ++i) {
    strided_mode& m = modes.leaves_[i];
    index_t& grows = i == unit ? m.extent : m.stride;
    grows = detail::times(grows, narrower);
  }
  return strided_layout(modes);
}

}  // namespace v1
}  // namespace reshard
