#pragma once

#include <reshard/algebra/digit.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The digit that is read as (upper, lower).
struct joined_digit {
  bool exists = false;
  digit value;
};
constexpr joined_digit joined(device_matrix const& devices, digit const& upper,
                              digit const& lower) {
  index_t const values = upper.modulo() * lower.modulo();
  if (upper.axes() == lower.axes())
    return {upper.divide() == lower.divide() * lower.modulo(),
            {upper.axes(), lower.divide(), values}};
  if (upper.divide() != 1) return {};
  if (lower.divide() * lower.modulo() != combinations(devices, lower.axes())) return {};
  axis_list axes = upper.axes();
  for (device_axis const axis : lower.axes()) {
    if (axes.contains(axis)) return {};
    axes.push_back(axis);
  }
  return {true, {axes, lower.divide(), values}};
}

using digit_list = inplace_vector<digit, 48>;

/// The digit over the axes of another one that its own axes are part of; else the digit itself.
constexpr digit widened(device_matrix const& devices, digit const& d, digit const& other) {
  axis_list const& axes = other.axes();
  for (std::size_t first = 0; first + d.axes().size() < axes.size() + 1; ++first) {
    bool within = axes.size() > d.axes().size();
    for (std::size_t i = 0; i < d.axes().size() && within; ++i)
      within = axes[first + i] == d.axes()[i];
    if (!within) continue;
    index_t behind = 1;
    for (std::size_t i = first + d.axes().size(); i < axes.size(); ++i)
      behind *= devices.size(axes[i]);
    return {axes, d.divide() * behind, d.modulo()};
  }
  return d;
}

/// The digit over as few axes as can be: a number of several axes, of which all digits name those
/// of the first axes or those of the last ones, is two.
constexpr digit trimmed(device_matrix const& devices, digit_list const& all, digit const& d) {
  axis_list axes;
  index_t low = 1;  // of the axes kept so far, and those behind
  index_t divide = d.divide();
  for (std::size_t i = d.axes().size(); i-- > 0;) {
    index_t const high = low * devices.size(d.axes()[i]);
    axes.push_front(d.axes()[i]);
    bool crossed = false;
    for (digit const& other : all)
      crossed = crossed || (other.axes() == d.axes() && other.divide() % high != 0 &&
                            high % (other.divide() * other.modulo()) != 0);
    low = high;
    if (crossed) continue;
    if (high >= d.divide() * d.modulo()) break;
    axes = {};
    divide = d.divide() / high;
  }
  return {axes, divide, d.modulo()};
}

/// The digits, each over the same axes as any other one that it shares an axis with, and over no
/// more axes than that takes.
constexpr digit_list with_few_axes(device_matrix const& devices, digit_list const& digits) {
  digit_list wide = digits;
  for (digit& d : wide)
    for (digit const& other : digits) d = widened(devices, d, other);
  digit_list out;
  for (digit const& d : wide) out.push_back(trimmed(devices, wide, d));
  return out;
}
}  // namespace detail
}  // namespace v1
}  // namespace reshard
