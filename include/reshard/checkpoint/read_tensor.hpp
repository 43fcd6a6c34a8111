#pragma once

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/tensor/strided_copy.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <span>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Reads elements of stored tensors, for checks: no plan, no threads, a few open files.
class tensor_reader {
 public:
  /// Fills `out` with elements [first, first + n) of the row-major local tensor that a file stores.
  ///   units:  out has n * item_bytes(tensor.type) bytes
  ///   throws: codec_error with file, tensor and byte
  void read(std::string const& path, indexed_tensor const& tensor, std::uint64_t first,
            std::span<std::byte> out) {
    std::size_t const item = item_bytes(tensor.type);
    std::size_t const n = out.size() / item;
    if (tensor.stored_item_bytes == item) return read_bytes(path, tensor, first * item, out);
    wide_.resize(n * tensor.stored_item_bytes);
    read_bytes(path, tensor, first * tensor.stored_item_bytes, wide_);
    for (std::size_t i = 0; i < n; ++i)
      std::memcpy(out.data() + i * item,
                  wide_.data() + i * tensor.stored_item_bytes + tensor.stored_item_offset, item);
  }

 private:
  void read_bytes(std::string const& path, indexed_tensor const& tensor, std::uint64_t first,
                  std::span<std::byte> out) {
    random_access_file const& file = opened(path);
    for (byte_range const& range : tensor.ranges) {
      if (out.empty()) return;
      if (first >= range.bytes) {
        first -= range.bytes;
        continue;
      }
      std::size_t const n = std::min<std::size_t>(range.bytes - first, out.size());
      file.read(range.offset + first, out.first(n));
      out = out.subspan(n);
      first = 0;
    }
  }

  random_access_file const& opened(std::string const& path) {
    for (auto at = files_.begin(); at != files_.end(); ++at) {
      if (at->path() != path) continue;
      files_.splice(files_.begin(), files_, at);
      return files_.front();
    }
    if (files_.size() == 64) files_.pop_back();
    files_.emplace_front(path);
    return files_.front();
  }

  std::list<random_access_file> files_;
  std::vector<std::byte> wide_;
};

}  // namespace v1
}  // namespace reshard
