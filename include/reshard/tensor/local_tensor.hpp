#pragma once

#include <reshard/algebra/layout.hpp>

#include <span>
#include <type_traits>
#include <vector>

namespace reshard {
inline namespace v1 {

/// How many elements a device stores; none if the layout has no such device.
[[nodiscard]] constexpr index_t local_elements(layout const& l, index_t device) {
  return device < l.devices().devices() ? l.local_shape(device).elements() : 0;
}

/// What one device stores of a tensor, row-major in the caller's memory, with the layout of the
/// whole.
///   T: the element type, const where it is only read; trivially copyable
template <class T> struct local_span {
  static_assert(std::is_trivially_copyable_v<T>, "tensors are moved as bytes");

  layout placement;
  std::span<T> elements;
};

/// What all devices store, where one process has it all; by device number.
template <class T> struct local_spans {
  static_assert(std::is_trivially_copyable_v<T>, "tensors are moved as bytes");

  layout placement;
  std::vector<std::span<T>> elements;
};

/// A local_span where the layout is known at compile time: two of them that hold different tensors
/// are different types, and what cannot be redistributed does not compile.
///   example: local_tensor<float, rows> mine{buffer};
template <class T, layout Layout> class local_tensor {
 public:
  static constexpr layout placement = Layout;
  /// Sizes per dim of what a device stores.
  [[nodiscard]] static constexpr extents shape(index_t device) {
    return Layout.local_shape(device);
  }

  explicit local_tensor(std::span<T> elements) : elements_(elements) {}

  [[nodiscard]] std::span<T> elements() const noexcept { return elements_; }
  operator local_span<T>() const { return {Layout, elements_}; }
  operator local_span<T const>() const requires(!std::is_const_v<T>) { return {Layout, elements_}; }

 private:
  std::span<T> elements_;
};

}  // namespace v1
}  // namespace reshard
