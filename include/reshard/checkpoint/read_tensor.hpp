#pragma once

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/tensor/strided_copy.hpp>

#include <cstddef>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Reads elements of stored tensors, for checks: no plan, no threads, a bounded number of open
/// files.
class tensor_reader {
 public:
  /// Fills `out` with elements, or groups of them, [first, first + n) of the row-major local tensor
  /// that a file stores.
  ///   path:   stays where it is as long as the reader
  ///   units:  out has n * group_of(tensor.type).bytes bytes
  ///   throws: codec_error with file, tensor and byte
  void read(std::string const& path, indexed_tensor const& tensor, std::uint64_t first,
            std::span<std::byte> out) {
    std::size_t const item = group_of(tensor.type).bytes;
    std::size_t const n = out.size() / item;
    if (tensor.stored_item_bytes == item) return read_bytes(path, tensor, first * item, out);
    wide_.resize(n * tensor.stored_item_bytes);
    read_bytes(path, tensor, first * tensor.stored_item_bytes, wide_);
    for (std::size_t i = 0; i < n; ++i)
      std::memcpy(out.data() + i * item,
                  wide_.data() + i * tensor.stored_item_bytes + tensor.stored_item_offset, item);
  }

 private:
  static constexpr std::size_t most_open = 64;

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
      try {
        file.read(range.offset + first, out.first(n));
      } catch (codec_error const& e) {
        throw codec_error{e.code(), e.rule(), {e.path(), tensor.name, e.byte()}, e.message()};
      }
      out = out.subspan(n);
      first = 0;
    }
  }

  random_access_file const& opened(std::string const& path) {
    auto const known = at_.find(&path);
    if (known != at_.end()) {
      files_.splice(files_.begin(), files_, known->second);
      return files_.front().file;
    }
    if (files_.size() == most_open) {
      at_.erase(files_.back().path);
      files_.pop_back();
    }
    files_.push_front({&path, random_access_file{path}});
    at_.emplace(&path, files_.begin());
    return files_.front().file;
  }

  struct open_one {
    std::string const* path;
    random_access_file file;
  };
  std::list<open_one> files_;  // the last used one first
  std::unordered_map<std::string const*, std::list<open_one>::iterator> at_;
  std::vector<std::byte> wide_;
};

}  // namespace v1
}  // namespace reshard
