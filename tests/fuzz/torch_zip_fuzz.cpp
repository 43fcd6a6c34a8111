// Any bytes as a file of torch.save, or as the pickle in one whose checksum is right: no crash, and
// every element of every tensor that is found lies in the file.

#include "fuzz_file.hpp"

#include "codec/zip_files.hpp"

#include <reshard/codec/torch_zip.hpp>

using namespace reshard;

namespace {

/// a + b * c, which must be below 2^64.
std::uint64_t sum_of(std::uint64_t a, index_t b, index_t c) {
  std::uint64_t product = 0;
  std::uint64_t sum = 0;
  fuzz::require(b >= 0 && c >= 0 && !__builtin_mul_overflow(b, c, &product) &&
                !__builtin_add_overflow(a, product, &sum));
  return sum;
}

/// The last element of a tensor lies in its ranges, and those in the file.
void require_in_file(indexed_tensor const& t, std::uint64_t size) {
  std::uint64_t stored = 0;
  for (byte_range const& range : t.ranges) {
    fuzz::require(range.offset <= size && range.bytes <= size - range.offset);
    stored += range.bytes;
  }
  bool const empty = std::find(t.shape.begin(), t.shape.end(), 0) != t.shape.end();
  fuzz::require(empty == t.ranges.empty());
  if (empty) return;
  std::uint64_t elements = 1;
  for (index_t const n : t.shape) elements = sum_of(0, static_cast<index_t>(elements), n);
  std::uint64_t last = static_cast<std::uint64_t>(t.first_element);
  for (std::size_t d = 0; d < t.strides.size(); ++d)
    last = sum_of(last, t.shape[d] - 1, t.strides[d]);
  if (t.strides.empty()) {
    fuzz::require(stored / t.stored_item_bytes == elements && stored % t.stored_item_bytes == 0);
  } else {
    fuzz::require(last < stored / t.stored_item_bytes);
  }
}

void index(std::string const& bytes) {
  random_access_file const file{fuzz::path_of(bytes)};
  (void)recognises_torch(file);
  try {
    for (indexed_tensor const& t : torch_index(file).tensors) require_in_file(t, bytes.size());
  } catch (codec_error const& e) {
    fuzz::require(e.path() == file.path());
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const bytes{reinterpret_cast<char const*>(data), size};
  index(bytes);
  if (!bytes.starts_with("PK"))
    index(zip_files::torch_file(bytes, {std::string(64, 'a'), "", std::string(24, 'b')}));
  return 0;
}
