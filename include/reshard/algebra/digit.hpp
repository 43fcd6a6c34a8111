#pragma once

#include <reshard/algebra/device_matrix.hpp>

namespace reshard {
inline namespace v1 {

/// A number that every device has: (mixed-radix number of its coordinates on `axes`, most
/// significant first / divide) % modulo. A whole axis, several axes, a part of an axis, and
/// MindSpore's optimizer shard (position among the replicas % pieces) are all digits.
struct digit {
  axis_list axes_;
  index_t divide_ = 0;
  index_t modulo_ = 0;

  constexpr digit() = default;
  constexpr digit(axis_list axes, index_t divide, index_t modulo)
      : axes_(axes), divide_(divide), modulo_(modulo) {}

  /// The digit that tells devices apart on all of `axes`.
  constexpr digit(device_matrix const& devices, axis_list const& axes)
      : axes_(axes), divide_(1), modulo_(1) {
    for (device_axis const axis : axes) modulo_ *= devices.size(axis);
  }

  [[nodiscard]] constexpr axis_list const& axes() const noexcept { return axes_; }
  [[nodiscard]] constexpr index_t divide() const noexcept { return divide_; }
  /// How many values the digit takes.
  [[nodiscard]] constexpr index_t modulo() const noexcept { return modulo_; }

  /// Values 0 .. modulo() - 1.
  [[nodiscard]] constexpr index_t value(device_matrix const& devices,
                                        index_t device) const noexcept {
    index_t number = 0;
    for (device_axis const axis : axes_)
      number = number * devices.size(axis) + devices.coordinate(device, axis);
    return number / divide_ % modulo_;
  }

  friend constexpr bool operator==(digit const&, digit const&) = default;
};

/// How many devices differ on `axes`: the number of values of their mixed-radix number.
[[nodiscard]] constexpr index_t combinations(device_matrix const& devices, axis_list const& axes) {
  index_t product = 1;
  for (device_axis const axis : axes) product *= devices.size(axis);
  return product;
}

/// The device number whose coordinates on `axes` spell `number` and are 0 elsewhere.
[[nodiscard]] constexpr index_t device_of(device_matrix const& devices, axis_list const& axes,
                                          index_t number) {
  index_t device = 0;
  for (std::size_t i = axes.size(); i-- > 0;) {
    device += number % devices.size(axes[i]) * devices.stride(axes[i]);
    number /= devices.size(axes[i]);
  }
  return device;
}

}  // namespace v1
}  // namespace reshard
