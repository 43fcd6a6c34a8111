#pragma once

#include <reshard/tensor/strided_block.hpp>

namespace reshard {
inline namespace v1 {

/// Copies of many blocks in one pass: blocks that are given one after another and have as many rows
/// are copied together, a row of each in turn. Where they lie beside one another both storages are
/// gone through as they lie in memory; block by block, every row would be a jump.
///   needs: the blocks of one band do not overlap; finish() at the end
///   cost:  no allocation
class block_band {
 public:
  /// all_bytes: what is copied in all; beyond the caches it is stored around them
  explicit block_band(std::size_t all_bytes) noexcept
      : streamed_(all_bytes >= detail::streamed_bytes) {}

  /// Copies the items of a block to another, now or later.
  ///   needs: equal extents and item sizes
  void add(strided_block<std::byte> const& to, strided_block<std::byte const> const& from) {
    detail::copy_loops const loops{to.item_bytes, dims_between(to, from)};
    if (loops.empty()) return;
    if (loops.dims_.size() > 1 || loops.run_bytes_ < detail::line_bytes)
      return detail::copy_runner{loops}.run(to.first, from.first);
    detail::copy_loop const rows =
        loops.dims_.empty() ? detail::copy_loop{1, 0, 0} : loops.dims_[0];
    if (size_ == capacity || rows.extent != rows_) finish();
    rows_ = rows.extent;
    blocks_[size_++] = {to.first, from.first, loops.run_bytes_,
                        rows.to,  rows.from,  is_streamed(to.first, rows.to, loops.run_bytes_)};
  }
  /// Copies what is left to copy.
  void finish() noexcept {
    for (std::size_t r = 0; r < rows_; ++r)
      for (std::size_t i = 0; i < size_; ++i) copy_row(blocks_[i]);
    if (streamed_) detail::finish_streaming();
    size_ = 0;
  }

 private:
  /// Where the next row of a block lies, its bytes, and how far it is to the one after.
  struct row {
    std::byte* to;
    std::byte const* from;
    std::size_t bytes;
    std::size_t to_next;
    std::size_t from_next;
    bool streamed;
  };

  [[nodiscard]] bool is_streamed(std::byte const* to, std::size_t to_next,
                                 std::size_t bytes) const noexcept {
    std::size_t const unit = bytes >= 4 * detail::line_bytes ? 16 : detail::line_bytes;
    return streamed_ && detail::is_aligned(to, unit) && to_next % unit == 0 && bytes % unit == 0;
  }
  void copy_row(row& block) const noexcept {
    if (block.streamed)
      detail::streamed_run{block.bytes}(block.to, block.from);
    else if (streamed_ && block.bytes >= 1024)
      detail::streamed_long_run{block.bytes}(block.to, block.from);
    else
      std::memcpy(block.to, block.from, block.bytes);
    block.to += block.to_next;
    block.from += block.from_next;
  }

  static constexpr std::size_t capacity = 256;
  row blocks_[capacity];
  std::size_t size_ = 0;
  std::size_t rows_ = 0;
  bool streamed_;
};

}  // namespace v1
}  // namespace reshard
