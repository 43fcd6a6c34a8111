#pragma once

#include <reshard/algebra/inplace_vector.hpp>

namespace reshard {
inline namespace v1 {

/// Most axes a device matrix may have.
inline constexpr std::size_t max_axes = 16;

/// An axis of a device matrix, counted FROM THE RIGHT: 0 is the last one, which varies fastest, as
/// in MindSpore's tensor_map.
enum class device_axis : std::uint8_t {};

namespace detail {
[[noreturn]] inline void device_axis_does_not_exist(index_t axis, std::size_t axes) {
  throw layout_error(errc::device_axis_does_not_exist, __func__,
                     {"device axis ", axis, " does not exist, the device matrix has ", axes});
}
}  // namespace detail

/// Axes, most significant first. They share one number, four bits each: a layout as a constant has
/// few values, and comparing lists is comparing numbers.
///   throws: layout_error too_many_entries, device_axis_does_not_exist (beyond max_axes)
struct axis_list {
  std::uint64_t bits_ = 0;  // the last axis in the lowest bits
  std::uint8_t size_ = 0;

  constexpr axis_list() = default;
  constexpr axis_list(std::initializer_list<device_axis> axes) {
    for (device_axis const axis : axes) push_back(axis);
  }

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr device_axis operator[](std::size_t i) const noexcept {
    return static_cast<device_axis>(bits_ >> 4 * (size_ - 1 - i) & 15);
  }
  /// One bit per axis in the list.
  [[nodiscard]] constexpr std::uint32_t mask() const noexcept {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < size_; ++i) mask |= 1U << (bits_ >> 4 * i & 15);
    return mask;
  }
  [[nodiscard]] constexpr bool contains(device_axis axis) const noexcept {
    for (std::size_t i = 0; i < size_; ++i)
      if ((bits_ >> 4 * i & 15) == static_cast<std::uint64_t>(axis)) return true;
    return false;
  }

  constexpr void push_back(device_axis axis) {
    require_room(axis);
    bits_ = bits_ << 4 | static_cast<std::uint64_t>(axis);
    ++size_;
  }
  /// Makes an axis the most significant one.
  constexpr void push_front(device_axis axis) {
    require_room(axis);
    bits_ |= static_cast<std::uint64_t>(axis) << 4 * size_++;
  }

  class iterator {
   public:
    constexpr iterator(axis_list const& list, std::size_t at) : bits_(list.bits_), left_(at) {}
    [[nodiscard]] constexpr device_axis operator*() const noexcept {
      return static_cast<device_axis>(bits_ >> 4 * (left_ - 1) & 15);
    }
    constexpr iterator& operator++() noexcept {
      --left_;
      return *this;
    }
    friend constexpr bool operator==(iterator const&, iterator const&) = default;

   private:
    std::uint64_t bits_;
    std::size_t left_;  // axes from here on
  };
  [[nodiscard]] constexpr iterator begin() const noexcept { return {*this, size_}; }
  [[nodiscard]] constexpr iterator end() const noexcept { return {*this, 0}; }

  friend constexpr bool operator==(axis_list const&, axis_list const&) = default;

 private:
  constexpr void require_room(device_axis axis) const {
    if (size_ == max_axes) detail::too_many_entries(max_axes);
    if (static_cast<std::size_t>(axis) >= max_axes)
      detail::device_axis_does_not_exist(static_cast<index_t>(axis), max_axes);
  }
};

}  // namespace v1
}  // namespace reshard
