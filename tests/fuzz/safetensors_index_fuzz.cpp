// Any bytes as a safetensors file: no crash; strict accepts exactly what an independent checker
// accepts; what is accepted can be written and read again.

#include "fuzz_file.hpp"

#include "codec/safetensors_checker.hpp"

#include <reshard/codec/crc.hpp>
#include <reshard/codec/kind.hpp>
#include <reshard/codec/safetensors.hpp>

using namespace reshard;

namespace {

std::optional<file_index> index_of(random_access_file const& file, reading how) {
  try {
    return safetensors_index(file, how);
  } catch (codec_error const&) {
    return std::nullopt;
  }
}

/// The header that the image of an index has describes the same tensors.
void require_round_trip(file_index const& index) {
  std::vector<image_entry> entries;
  for (indexed_tensor const& t : index.tensors) entries.push_back({t.name, t.type, t.shape});
  image_options options;
  options.metadata = index.metadata;
  file_image const image = safetensors_image(entries, options);
  fuzz::require(image.literals.size() == 1);
  std::string bytes = image.literals[0].bytes;
  bytes.resize(static_cast<std::size_t>(image.size), 'x');
  auto const again = index_of(random_access_file{fuzz::path_of(bytes)}, reading::strict);
  fuzz::require(again && again->metadata == index.metadata);
  fuzz::require(again->tensors.size() == entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i)
    for (indexed_tensor const& t : again->tensors)
      if (t.name == entries[i].name) fuzz::require(t.ranges == image.ranges[i]);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const bytes{reinterpret_cast<char const*>(data), size};
  random_access_file const file{fuzz::path_of(bytes)};
  (void)kind_of(file);
  auto const strict = index_of(file, reading::strict);
  auto const lenient = index_of(file, reading::lenient);
  auto const expected = safetensors_checker::tensors_of(bytes);
  fuzz::require(strict.has_value() == expected.has_value());
  if (strict) {
    fuzz::require(lenient && *lenient == *strict);
    fuzz::require(strict->tensors.size() == expected->size());
    std::uint64_t bits = 0;
    for (auto const& t : *expected) bits += t.bytes * 8;
    for (indexed_tensor const& t : strict->tensors)
      for (byte_range const& range : t.ranges) bits -= range.bytes * 8;
    fuzz::require(bits == 0);
    if (strict->crc) (void)crc32_of(file, strict->covered);
  }
  if (lenient) require_round_trip(*lenient);
  return 0;
}
