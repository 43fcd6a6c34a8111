// Any bytes as a MindSpore checkpoint: no crash; what is accepted has unique names, its elements
// fill each tensor and lie in the file, none twice.

#include "fuzz_file.hpp"

#include <reshard/codec/ckpt.hpp>
#include <reshard/codec/crc.hpp>
#include <reshard/codec/kind.hpp>

#include <algorithm>
#include <set>

using namespace reshard;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const bytes{reinterpret_cast<char const*>(data), size};
  random_access_file const file{fuzz::path_of(bytes)};
  (void)kind_of(file);
  (void)recognises_ckpt(file);
  file_index index;
  try {
    index = ckpt_index(file);
  } catch (codec_error const& e) {
    fuzz::require(e.path() == file.path());
    return 0;
  }
  std::set<std::string> names;
  std::vector<byte_range> all;
  for (indexed_tensor const& t : index.tensors) {
    fuzz::require(names.insert(t.name).second);
    std::uint64_t stored = 0;
    for (byte_range const& range : t.ranges) {
      fuzz::require(range.offset <= size && range.bytes <= size - range.offset);
      stored += range.bytes;
      all.push_back(range);
    }
    std::uint64_t elements = 1;
    for (index_t const n : t.shape)
      fuzz::require(n >= 0 && !__builtin_mul_overflow(elements, n, &elements));
    fuzz::require(stored == elements * t.stored_item_bytes);
  }
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < all.size(); ++i)
    fuzz::require(all[i - 1].bytes == 0 || all[i - 1].offset + all[i - 1].bytes <= all[i].offset);
  if (index.crc) (void)crc32_of(file, index.covered);
  return 0;
}
