#pragma once

#include <cstddef>

namespace reshard {
inline namespace v1 {
namespace detail {

/// The numbers of one register, which compilers compute with all at once.
template <class T, std::size_t Bytes> struct pack_of {
  using type [[gnu::vector_size(Bytes)]] = T;
};

#if defined(__x86_64__)
inline bool use_wide_packs = __builtin_cpu_supports("avx2");  // not const: tests try both

template <class Loop, class... Args> [[gnu::target("avx2")]] void run_wide(Args... args) {
  Loop::template run<32>(args...);
  __builtin_ia32_vzeroupper();  // else what follows waits for the upper halves; GCC forgets at -O1
}
#endif

/// Runs a loop over numbers with registers of 16 bytes, or of 32 where the machine has them.
///   Loop: run<bytes of a register>(args...), always_inline
template <class Loop, class... Args> void run_packed(Args... args) {
#if defined(__x86_64__)
  if (use_wide_packs) return run_wide<Loop>(args...);
#endif
  Loop::template run<16>(args...);
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
