#pragma once

#include <reshard/algebra/axis_list.hpp>

namespace reshard {
inline namespace v1 {

namespace detail {
[[noreturn]] inline void device_axis_size_is_not_positive(std::size_t position, index_t size) {
  throw layout_error(errc::device_axis_size_is_not_positive, __func__,
                     {"entry ", position, " of the device matrix is ", size});
}
[[noreturn]] inline void device_count_overflows(std::size_t position, index_t size) {
  throw layout_error(errc::device_count_overflows, __func__,
                     {"the device count overflows at entry ", position, " of size ", size});
}
[[noreturn]] inline void device_does_not_exist(index_t device, index_t devices) {
  throw layout_error(errc::device_does_not_exist, __func__,
                     {"device ", device, " does not exist, there are ", devices});
}
}  // namespace detail

/// Sizes of the device axes, outermost first. Devices are numbered row-major: the last axis is the
/// fastest.
///   throws: layout_error device_axis_size_is_not_positive, device_count_overflows,
///   too_many_entries
struct device_matrix {
  inplace_vector<index_t, max_axes> sizes_;

  constexpr device_matrix() = default;
  constexpr device_matrix(std::initializer_list<index_t> sizes) {
    for (index_t const size : sizes) append(size);
  }
  template <class Iterator> constexpr device_matrix(Iterator first, Iterator last) {
    for (; first != last; ++first) append(*first);
  }

  constexpr void append(index_t size) {
    if (size <= 0) detail::device_axis_size_is_not_positive(sizes_.size(), size);
    if (devices() > max_index / size) detail::device_count_overflows(sizes_.size(), size);
    sizes_.push_back(size);
  }
  [[nodiscard]] constexpr std::size_t axes() const noexcept { return sizes_.size(); }
  [[nodiscard]] constexpr index_t const* begin() const noexcept { return sizes_.begin(); }
  [[nodiscard]] constexpr index_t const* end() const noexcept { return sizes_.end(); }

  [[nodiscard]] constexpr index_t devices() const noexcept {
    index_t product = 1;
    for (index_t const size : sizes_) product *= size;
    return product;
  }
  [[nodiscard]] constexpr index_t size(device_axis axis) const noexcept {
    return sizes_[sizes_.size() - 1 - static_cast<std::size_t>(axis)];
  }
  /// Distance in device numbers between neighbours along the axis.
  [[nodiscard]] constexpr index_t stride(device_axis axis) const noexcept {
    index_t product = 1;
    for (std::size_t a = 0; a < static_cast<std::size_t>(axis); ++a)
      product *= size(static_cast<device_axis>(a));
    return product;
  }
  [[nodiscard]] constexpr index_t coordinate(index_t device, device_axis axis) const noexcept {
    return device / stride(axis) % size(axis);
  }
  /// The axis with that number.
  ///   throws: layout_error device_axis_does_not_exist
  [[nodiscard]] constexpr device_axis axis(index_t from_the_right) const {
    if (from_the_right < 0 || from_the_right >= static_cast<index_t>(axes()))
      detail::device_axis_does_not_exist(from_the_right, axes());
    return static_cast<device_axis>(from_the_right);
  }

  friend constexpr bool operator==(device_matrix const&, device_matrix const&) = default;
};

}  // namespace v1
}  // namespace reshard
