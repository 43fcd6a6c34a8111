#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>

namespace reshard {
inline namespace v1 {

/// The little-endian number that begins at `at`.
///   pre:     at + sizeof(T) <= bytes.size()
///   example: load<std::uint16_t>({01, 02, 03}, 1) == 0x0302
template <std::unsigned_integral T>
[[nodiscard]] T load(std::span<std::byte const> bytes, std::size_t at = 0) {
  T number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);  // dtype.hpp asserts the machine's order
  return number;
}

}  // namespace v1
}  // namespace reshard
