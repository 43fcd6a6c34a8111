#pragma once

#include <reshard/exec/unit_plan.hpp>

#include <sys/mman.h>

#include <new>
#include <span>

namespace reshard {
inline namespace v1 {

/// The buffers of one worker: reserved once, for the unit that needs most. A page costs memory only
/// from when it is first written.
///   throws: std::bad_alloc
class worker_memory {
 public:
  explicit worker_memory(unit_memory const& most)
      : most_(rounded(most)), bytes_(std::max<std::size_t>(most_.all(), page)) {
    void* const at = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc{};
    data_ = static_cast<std::byte*>(at);
  }
  worker_memory(worker_memory const&) = delete;
  worker_memory& operator=(worker_memory const&) = delete;
  ~worker_memory() { ::munmap(data_, bytes_); }

  [[nodiscard]] std::span<std::byte> unit() const noexcept { return part(0, most_.unit); }
  [[nodiscard]] std::span<std::byte> staged() const noexcept {
    return part(most_.unit, most_.staged);
  }
  [[nodiscard]] std::span<std::byte> turned() const noexcept {
    return part(most_.unit + most_.staged, most_.turned);
  }
  [[nodiscard]] std::span<std::byte> packed() const noexcept {
    return part(most_.unit + most_.staged + most_.turned, most_.packed);
  }
  [[nodiscard]] std::span<std::byte> operands() const noexcept {
    return part(most_.all() - most_.scratch - most_.operands, most_.operands);
  }
  [[nodiscard]] std::span<std::byte> scratch() const noexcept {
    return part(most_.all() - most_.scratch, most_.scratch);
  }

 private:
  static constexpr std::size_t page = 4096;

  static unit_memory rounded(unit_memory const& m) noexcept {
    auto const up = [](std::size_t bytes) { return (bytes + page - 1) / page * page; };
    return {up(m.unit), up(m.staged), up(m.turned), up(m.packed), up(m.operands), up(m.scratch)};
  }
  [[nodiscard]] std::span<std::byte> part(std::size_t first, std::size_t bytes) const noexcept {
    return {data_ + first, bytes};
  }

  unit_memory most_;
  std::size_t bytes_;
  std::byte* data_ = nullptr;
};

}  // namespace v1
}  // namespace reshard
