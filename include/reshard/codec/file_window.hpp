#pragma once

#include <reshard/tensor/storage.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
/// The content lies within the file.
inline void require_in_file(random_access_file const& file, byte_range content) {
  if (content.offset > file.size() || content.bytes > file.size() - content.offset)
    file_is_truncated(file.path(), file.size(), content.offset, content.bytes);
}
}  // namespace detail

/// A small part of a file in memory that moves with the reader. After a jump it holds little, so
/// that skipping from head to head reads no content.
class file_window {
 public:
  explicit file_window(random_access_file const& file) : file_(&file) {}

  [[nodiscard]] random_access_file const& file() const noexcept { return *file_; }

  /// The bytes from `offset` on: as many as wanted, fewer at the end of the file only.
  [[nodiscard]] std::span<std::byte const> bytes(std::uint64_t offset, std::size_t wanted) {
    std::uint64_t const left = offset < file_->size() ? file_->size() - offset : 0;
    auto const got = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, left));
    if (got == 0) return {};
    if (offset < begin_ || offset + got > begin_ + buffer_.size()) refill(offset, got, left);
    return std::span<std::byte const>{buffer_}.subspan(static_cast<std::size_t>(offset - begin_),
                                                       got);
  }

 private:
  static constexpr std::size_t after_a_jump = 4 << 10;
  static constexpr std::size_t in_sequence = 64 << 10;

  void refill(std::uint64_t offset, std::size_t needed, std::uint64_t left) {
    std::uint64_t const end = begin_ + buffer_.size();
    bool const near = offset >= begin_ && offset <= end + after_a_jump;
    std::size_t const bytes = std::max(needed, near ? in_sequence : after_a_jump);
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left)));
    begin_ = offset;
    file_->read(offset, buffer_);
  }

  random_access_file const* file_;
  std::uint64_t begin_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace v1
}  // namespace reshard
