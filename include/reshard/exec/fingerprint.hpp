#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace reshard {
inline namespace v1 {

/// A 64-bit FNV-1a hash of facts, one after another: tells jobs and their inputs apart. Not for
/// security.
class fingerprint {
 public:
  void add(std::string_view text) {
    add_number(text.size());
    for (char const c : text) add_byte(static_cast<unsigned char>(c));
  }
  template <class N> void add_number(N n) {
    static_assert(std::is_integral_v<N> || std::is_enum_v<N>);
    auto rest = static_cast<std::uint64_t>(n);
    for (int i = 0; i < 8; ++i, rest >>= 8) add_byte(static_cast<unsigned char>(rest & 255));
  }

  [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

 private:
  void add_byte(unsigned char byte) noexcept { hash_ = (hash_ ^ byte) * 0x100000001b3; }

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// 16 hex digits.
[[nodiscard]] inline std::string hex_text(std::uint64_t n) {
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; n >>= 4) out[i] = "0123456789abcdef"[n & 15];
  return out;
}

}  // namespace v1
}  // namespace reshard
