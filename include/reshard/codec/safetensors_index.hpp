#pragma once

#include <reshard/codec/first_bytes.hpp>
#include <reshard/codec/safetensors_header.hpp>

#include <charconv>
#include <numeric>
#include <type_traits>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void file_is_too_short_for_a_header(std::string const& path,
                                                        std::uint64_t size) {
  throw codec_error{errc::file_is_truncated,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(size)},
                    "a safetensors file begins with 8 bytes, this one has " + std::to_string(size)};
}
[[noreturn]] inline void header_is_too_long(std::string const& path, std::uint64_t bytes,
                                            std::string const& hint) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, 0},
                    "a safetensors header of " + std::to_string(bytes) + " bytes, at most " +
                        std::to_string(most_header_bytes) + " are allowed" + hint};
}
[[noreturn]] inline void header_exceeds_the_file(std::string const& path, std::uint64_t bytes,
                                                 std::uint64_t size, std::string const& hint) {
  throw codec_error{errc::file_is_truncated,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(size)},
                    "a safetensors header of " + std::to_string(bytes) + " bytes in a file of " +
                        std::to_string(size) + hint};
}
[[noreturn]] inline void header_has_blank_space(std::string const& path, std::uint64_t byte,
                                                std::string_view where) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(byte)},
                    std::string{where} + " (a lenient reader accepts it)"};
}
[[noreturn]] inline void tensor_data_is_not_contiguous(std::string const& path,
                                                       std::string const& tensor,
                                                       header_extent const& extent,
                                                       std::uint64_t expected) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, tensor, -1},
                    "data_offsets [" + std::to_string(extent.begin) + ", " +
                        std::to_string(extent.end) + "], but the data before ends at " +
                        std::to_string(expected)};
}
[[noreturn]] inline void range_does_not_fit_the_tensor(std::string const& path,
                                                       std::string const& tensor,
                                                       header_extent const& extent,
                                                       std::uint64_t needed) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, tensor, -1},
                    "data_offsets [" + std::to_string(extent.begin) + ", " +
                        std::to_string(extent.end) + "] of " +
                        std::to_string(extent.end - extent.begin) +
                        " bytes, its shape and dtype need " + std::to_string(needed)};
}
[[noreturn]] inline void tensor_is_cut_off(std::string const& path, std::string const& tensor,
                                           std::uint64_t size, std::uint64_t bytes,
                                           std::uint64_t there) {
  throw codec_error{errc::file_is_truncated,
                    __func__,
                    {path, tensor, static_cast<std::int64_t>(size)},
                    "the file ends here, " + std::to_string(bytes - there) + " of the tensor's " +
                        std::to_string(bytes) + " bytes are missing"};
}
[[noreturn]] inline void data_follows_the_last_tensor(std::string const& path, std::uint64_t byte,
                                                      std::uint64_t bytes) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(byte)},
                    std::to_string(bytes) + " bytes that belong to no tensor"};
}

/// The header's text. Its length is checked before memory is taken for it.
inline std::string header_text(random_access_file const& file) {
  std::string const begin = first_bytes(file);
  if (begin.size() < 8) file_is_too_short_for_a_header(file.path(), file.size());
  std::uint64_t const bytes = header_bytes_of(begin);
  if (bytes > most_header_bytes) header_is_too_long(file.path(), bytes, hint_of(begin));
  if (bytes > file.size() - 8)
    header_exceeds_the_file(file.path(), bytes, file.size(), hint_of(begin));
  std::string text(static_cast<std::size_t>(bytes), '\0');
  file.read(8, std::as_writable_bytes(std::span{text}));
  return text;
}

inline constexpr std::string_view blank_space = " \t\r\n";

/// Where a header has blank space that the format does not allow.
struct header_blank {
  std::size_t offset;
  std::string_view what;
};

/// The format wants '{' first, and blanks only behind the object.
inline std::optional<header_blank> blank_space_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (blank_space.find(text.front()) != blank_space.npos)
    return header_blank{0, "blank space before the header"};
  std::size_t const last = text.find_last_not_of(' ');
  if (blank_space.find(text[last]) != blank_space.npos)
    return header_blank{last, "the header is padded with other than blanks"};
  return std::nullopt;
}

/// At most so many tensors are in a header: each has a '{' and takes some bytes.
inline std::size_t most_tensors(std::string_view text) {
  constexpr std::string_view shortest = R"("":{"dtype":"F4","shape":[],"data_offsets":[0,0]})";
  std::size_t braces = 0;  // found by memchr: several times as fast as std::count
  for (auto at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) ++braces;
  return std::min(braces, text.size() / shortest.size());
}

/// Orders tensors by their bytes; those without bytes keep the order of the header.
inline void sort_by_data(safetensors_header& header) {
  std::vector<header_extent> const& extents = header.extents;
  auto const before = [](header_extent const& a, header_extent const& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  };
  if (std::is_sorted(extents.begin(), extents.end(), before)) return;
  std::vector<std::size_t> order(extents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return before(extents[a], extents[b]); });
  auto const in_order = [&](auto& items) {
    std::remove_reference_t<decltype(items)> out;
    for (std::size_t const i : order) out.push_back(std::move(items[i]));
    items = std::move(out);
  };
  in_order(header.tensors);
  in_order(header.extents);
}

/// The bytes that the shape and type of a tensor need.
inline std::uint64_t needed_bytes(std::string const& path, std::string const& tensor, dtype type,
                                  std::uint64_t elements) {
  std::size_t const bits = bits_of(type);
  if (elements > std::numeric_limits<std::uint64_t>::max() / bits)
    tensor_size_overflows({path, tensor, -1});
  if (elements * bits % 8 != 0)
    elements_do_not_fill_bytes({path, tensor, -1}, name_of(type), elements, bits);
  return elements * bits / 8;
}

/// Gives the tensors their ranges; the data fills the file from `begin` on without holes.
///   pre: sorted by data
inline void place_tensors(random_access_file const& file, std::uint64_t begin,
                          safetensors_header& header) {
  std::uint64_t const data = file.size() - begin;
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < header.tensors.size(); ++i) {
    indexed_tensor& tensor = header.tensors[i];
    header_extent const& extent = header.extents[i];
    if (extent.begin != end || extent.end < end)
      tensor_data_is_not_contiguous(file.path(), tensor.name, extent, end);
    std::uint64_t const bytes =
        needed_bytes(file.path(), tensor.name, tensor.type, extent.elements);
    if (extent.end - end != bytes)
      range_does_not_fit_the_tensor(file.path(), tensor.name, extent, bytes);
    if (bytes > data - end)
      tensor_is_cut_off(file.path(), tensor.name, file.size(), bytes, data - end);
    if (bytes != 0) tensor.ranges = {{begin + end, bytes}};
    end = extent.end;
  }
  if (end < data) data_follows_the_last_tensor(file.path(), begin + end, data - end);
}

/// What MindSpore's checksum is of: the names and bytes of all tensors, ascending by name.
///   source: mindspore/train/serialization.py, save_checkpoint with crc_check
inline std::vector<covered_part> covered_by_name(std::vector<covered_part> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](covered_part const& a, covered_part const& b) { return a.text < b.text; });
  return tensors;
}

/// The name of MindSpore's checksum in the metadata.
inline constexpr std::string_view crc_key = "crc_num";

inline void read_crc(file_index& index) {
  for (auto const& [key, value] : index.metadata) {
    if (key != crc_key) continue;
    std::uint32_t crc = 0;
    char const* const end = value.data() + value.size();
    auto const [rest, failure] = std::from_chars(value.data(), end, crc);
    if (failure != std::errc{} || rest != end) {
      index.warnings.push_back("metadata crc_num " + in_quotes(value) +
                               " is no CRC-32: there is nothing to check");
      return;
    }
    std::vector<covered_part> parts;
    for (indexed_tensor const& tensor : index.tensors)
      parts.push_back({tensor.name, tensor.ranges.empty() ? byte_range{} : tensor.ranges[0]});
    index.crc = crc;
    index.covered = covered_by_name(std::move(parts));
  }
}
}  // namespace detail

/// The tensors of a safetensors file. Reads the header, no data.
///   throws: codec_error file_is_malformed, file_is_truncated, value_is_not_supported (dtype),
///           elements_do_not_fill_bytes
///   cost:   O(n log n) of the header; never more memory than a small multiple of it
///   source: huggingface/safetensors, safetensors/src/tensor.rs
[[nodiscard]] inline file_index safetensors_index(random_access_file const& file, reading how) {
  std::string const text = detail::header_text(file);
  auto const blank = detail::blank_space_of(text);
  if (blank && how == reading::strict)
    detail::header_has_blank_space(file.path(), 8 + blank->offset, blank->what);
  auto header = detail::read_json(detail::json_source{text, file.path(), 8}, [&] {
    return detail::safetensors_header{how, detail::most_tensors(text)};
  });
  header.settle(file.path());
  detail::sort_by_data(header);
  detail::place_tensors(file, 8 + text.size(), header);
  file_index index;
  index.warnings = header.warnings();
  if (blank) index.warnings.emplace_back(blank->what);
  index.tensors = std::move(header.tensors);
  index.metadata = std::move(header.metadata);
  detail::read_crc(index);
  return index;
}

/// As above, strictly.
[[nodiscard]] inline file_index safetensors_index(random_access_file const& file) {
  return safetensors_index(file, reading::strict);
}

/// As above, leniently.
[[nodiscard]] inline file_index lenient_safetensors_index(random_access_file const& file) {
  return safetensors_index(file, reading::lenient);
}

/// The file begins like a safetensors file: a header length that fits, then '{'.
[[nodiscard]] inline bool recognises_safetensors(random_access_file const& file) {
  return detail::is_safetensors(file, detail::first_bytes(file));
}

/// As above, with blank space before the '{'.
[[nodiscard]] inline bool recognises_lenient_safetensors(random_access_file const& file) {
  std::string begin = detail::first_bytes(file);
  if (begin.size() <= 8) return false;
  std::size_t const first = begin.find_first_not_of(detail::blank_space, 8);
  if (first != begin.npos) begin[8] = begin[first];
  return detail::is_safetensors(file, begin);
}

}  // namespace v1
}  // namespace reshard
