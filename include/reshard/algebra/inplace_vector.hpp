#pragma once

#include <reshard/algebra/error.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void too_many_entries(std::size_t capacity) {
  throw layout_error(errc::too_many_entries, __func__,
                     {"more than ", capacity, " entries in a list of fixed capacity"});
}
}  // namespace detail

/// A list of at most Capacity values kept in place: structural, so it may be a template argument.
/// Unused entries are T{}, so equal lists are one type.
///   throws: layout_error too_many_entries  from push_back and the constructor
template <class T, std::size_t Capacity> struct inplace_vector {
  T data_[Capacity]{};
  std::uint8_t size_ = 0;

  constexpr inplace_vector() = default;
  constexpr inplace_vector(std::initializer_list<T> values) {
    for (T const& value : values) push_back(value);
  }
  constexpr inplace_vector(std::size_t count, T const& value) {
    for (std::size_t i = 0; i < count; ++i) push_back(value);
  }

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr T const& operator[](std::size_t i) const noexcept { return data_[i]; }
  [[nodiscard]] constexpr T& operator[](std::size_t i) noexcept { return data_[i]; }
  [[nodiscard]] constexpr T const* begin() const noexcept { return data_; }
  [[nodiscard]] constexpr T const* end() const noexcept { return data_ + size_; }
  [[nodiscard]] constexpr T* begin() noexcept { return data_; }
  [[nodiscard]] constexpr T* end() noexcept { return data_ + size_; }
  [[nodiscard]] constexpr T const& back() const noexcept { return data_[size_ - 1U]; }

  constexpr void push_back(T const& value) {
    if (size_ == Capacity) detail::too_many_entries(Capacity);
    data_[size_++] = value;
  }
  constexpr void pop_back() noexcept { data_[--size_] = T{}; }
  constexpr void insert(std::size_t at, T const& value) {
    push_back(value);
    for (std::size_t i = size_ - 1U; i > at; --i) data_[i] = data_[i - 1];
    data_[at] = value;
  }
  constexpr void erase(std::size_t at) noexcept {
    for (std::size_t i = at + 1; i < size_; ++i) data_[i - 1] = data_[i];
    pop_back();
  }
  [[nodiscard]] constexpr bool contains(T const& value) const noexcept {
    for (T const& entry : *this)
      if (entry == value) return true;
    return false;
  }

  /// Unused entries are equal, so only the others are compared.
  friend constexpr bool operator==(inplace_vector const& a, inplace_vector const& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i)
      if (!(a.data_[i] == b.data_[i])) return false;
    return true;
  }
};

}  // namespace v1
}  // namespace reshard
