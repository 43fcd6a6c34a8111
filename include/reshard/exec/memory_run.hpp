#pragma once

#include <reshard/tensor/storage.hpp>
#include <reshard/tensor/strided_copy.hpp>

#include <algorithm>

namespace reshard {
inline namespace v1 {

/// Bytes that follow one another in a file and lie in memory in equal chunks.
///   outer: how the chunks are arranged, slowest first; extents and to_stride in bytes
struct memory_run {
  std::byte* first = nullptr;
  std::size_t chunk_bytes = 0;
  copy_dims outer;

  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t all = chunk_bytes;
    for (copy_dim const& d : outer) all *= static_cast<std::size_t>(d.extent);
    return all;
  }
  /// Where chunk number k begins.
  [[nodiscard]] std::byte* chunk(std::size_t k) const noexcept {
    std::byte* at = first;
    for (std::size_t i = outer.size(); i-- > 0;) {
      auto const extent = static_cast<std::size_t>(outer[i].extent);
      at += static_cast<std::ptrdiff_t>(k % extent) * outer[i].to_stride;
      k /= extent;
    }
    return at;
  }
};

/// Lists buffers for bytes [from, from + bytes) of a run, as many as there is room for.
///   returns the part of `room` that is used, and how many bytes that is
struct listed_buffers {
  std::span<iovec> buffers;
  std::size_t bytes = 0;
};
[[nodiscard]] inline listed_buffers list_buffers(memory_run const& run, std::size_t from,
                                                 std::size_t bytes, std::span<iovec> room) {
  if (run.outer.empty()) {
    room[0] = {run.first + from, bytes};
    return {room.first(1), bytes};
  }
  std::size_t n = 0;
  std::size_t listed = 0;
  for (; n < room.size() && listed < bytes; ++n) {
    std::size_t const within = (from + listed) % run.chunk_bytes;
    std::size_t const size = std::min(run.chunk_bytes - within, bytes - listed);
    room[n] = {run.chunk((from + listed) / run.chunk_bytes) + within, size};
    listed += size;
  }
  return {room.first(n), listed};
}

}  // namespace v1
}  // namespace reshard
