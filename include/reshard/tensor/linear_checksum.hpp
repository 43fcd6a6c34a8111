#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace reshard {
inline namespace v1 {

/// A checksum of 32 bits whose value for a sequence of bytes is the exclusive or of what its parts
/// contribute, so that parts can be taken in any order.
///   of:      of bytes that follow others whose checksum is `before` (0 for none)
///   shifted: what a part with this checksum contributes when so many bytes follow it
///   law:     of(0, ab) == shifted(of(0, a), size of b) ^ of(0, b)
struct linear_checksum {
  std::uint32_t (*of)(std::uint32_t before, std::span<std::byte const> bytes) = nullptr;
  std::uint32_t (*shifted)(std::uint32_t part, std::uint64_t bytes_after) = nullptr;
};

}  // namespace v1
}  // namespace reshard
