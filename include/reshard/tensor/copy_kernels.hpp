#pragma once

#include <reshard/tensor/copy_loops.hpp>

#include <cstdint>
#include <cstring>

namespace reshard {
inline namespace v1 {
namespace detail {

inline constexpr std::size_t line_bytes = 64;
/// From this size on a copy does not fit the caches: its stores go around them.
inline constexpr std::size_t streamed_bytes = std::size_t{32} << 20;
/// Shorter runs are asked for ahead of time: no hardware sees far strides coming.
inline constexpr std::size_t prefetched_run_bytes = 256;
inline constexpr std::size_t prefetched_runs = 32;

using vector16 = long long __attribute__((vector_size(16)));

inline vector16 load16(std::byte const* from) noexcept {
  vector16 value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline void store16(std::byte* to, vector16 value) noexcept {
  std::memcpy(to, &value, sizeof value);
}
/// Stores 16 bytes, aligned, without reading their line into the caches.
inline void stream16(std::byte* to, vector16 value) noexcept {
#if defined(__SSE2__) && defined(__clang__)
  __builtin_nontemporal_store(value, reinterpret_cast<vector16*>(to));
#elif defined(__SSE2__)
  __builtin_ia32_movntdq(reinterpret_cast<vector16*>(to), value);
#else
  store16(to, value);
#endif
}
/// Orders streamed bytes before what this thread stores next.
inline void finish_streaming() noexcept {
#if defined(__SSE2__)
  __builtin_ia32_sfence();
#endif
}
constexpr std::size_t smaller(std::size_t a, std::size_t b) noexcept {
  return a < b ? a : b;
}
inline bool is_aligned(std::byte const* at, std::size_t bytes) noexcept {
  return reinterpret_cast<std::uintptr_t>(at) % bytes == 0;
}
/// How many bytes lie before the next line.
inline std::size_t bytes_to_line(std::byte const* at) noexcept {
  return (line_bytes - reinterpret_cast<std::uintptr_t>(at) % line_bytes) % line_bytes;
}

/// How a run is copied. An item of a known size:
template <std::size_t Bytes> struct item_run {
  static constexpr std::size_t bytes = Bytes;
  void operator()(std::byte* to, std::byte const* from) const noexcept {
    std::memcpy(to, from, Bytes);
  }
};
/// Up to some hundred bytes, without a call.
struct short_run {
  std::size_t bytes;
  void operator()(std::byte* to, std::byte const* from) const noexcept {
    if (bytes < 16) {
      for (std::size_t i = 0; i < bytes; ++i) to[i] = from[i];
      return;
    }
    for (std::size_t i = 0; i + 16 < bytes; i += 16) store16(to + i, load16(from + i));
    store16(to + bytes - 16, load16(from + bytes - 16));  // may overlap the one before
  }
};
struct long_run {
  std::size_t bytes;
  void operator()(std::byte* to, std::byte const* from) const noexcept {
    std::memcpy(to, from, bytes);
  }
};
/// Multiples of 16 bytes, aligned in the destination.
struct streamed_run {
  std::size_t bytes;
  void operator()(std::byte* to, std::byte const* from) const noexcept {
    for (std::size_t i = 0; i < bytes; i += 16) stream16(to + i, load16(from + i));
  }
};
/// A kilobyte and more: the lines that it fills are streamed.
struct streamed_long_run {
  std::size_t bytes;
  void operator()(std::byte* to, std::byte const* from) const noexcept {
    std::size_t const head = bytes_to_line(to);
    std::size_t const lines = (bytes - head) / line_bytes * line_bytes;
    std::memcpy(to, from, head);
    streamed_run{lines}(to + head, from + head);
    std::memcpy(to + head + lines, from + head + lines, bytes - head - lines);
  }
};

/// Copies runs.extent runs, rows.extent times.
template <class Run>
void copy_rows(std::byte* to, std::byte const* from, copy_loop const& rows, copy_loop const& runs,
               Run const run) noexcept {
  bool const ahead = run.bytes <= prefetched_run_bytes && runs.from >= 2 * line_bytes;
  for (std::size_t r = 0; r < rows.extent; ++r, to += rows.to, from += rows.from) {
    std::size_t const sighted =
        ahead && runs.extent > prefetched_runs ? runs.extent - prefetched_runs : 0;
    std::size_t i = 0;
    for (; i < sighted; ++i) {
      std::byte const* const next = from + (i + prefetched_runs) * runs.from;
      for (std::size_t k = 0; k < run.bytes; k += line_bytes) __builtin_prefetch(next + k);
      __builtin_prefetch(next + run.bytes - 1);
      run(to + i * runs.to, from + i * runs.from);
    }
    for (; i < runs.extent; ++i) run(to + i * runs.to, from + i * runs.from);
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace reshard
