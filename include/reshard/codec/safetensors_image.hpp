#pragma once

#include <reshard/codec/safetensors_index.hpp>

#include <numeric>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void entry_does_not_fit_safetensors(std::string const& name,
                                                        std::string const& reason) {
  throw codec_error{errc::value_is_not_supported, __func__, {{}, name, -1}, reason};
}

/// The bytes of an entry, whose name and type a file can hold.
inline std::uint64_t storable_bytes(image_entry const& entry) {
  std::string const& name = entry.name;
  if (name == metadata_key)
    entry_does_not_fit_safetensors(name, "the name is that of the metadata");
  if (facts_of(entry.type).safetensors.empty())
    entry_does_not_fit_safetensors(name,
                                   "safetensors has no type " + std::string{name_of(entry.type)});
  std::uint64_t elements = 1;
  for (index_t const size : entry.shape) {
    if (size < 0)
      entry_does_not_fit_safetensors(name, "the shape has the size " + std::to_string(size));
    auto const factor = static_cast<std::uint64_t>(size);
    if (factor != 0 && elements > std::numeric_limits<std::uint64_t>::max() / factor)
      tensor_size_overflows({{}, name, -1});
    elements *= factor;
  }
  return needed_bytes({}, name, entry.type, elements);
}

/// The order of the reference library: type descending, then name ascending, byte by byte.
inline std::vector<std::size_t> canonical_order(std::span<image_entry const> entries) {
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t k) {
    image_entry const& a = entries[i];
    image_entry const& b = entries[k];
    return a.type != b.type ? a.type > b.type : a.name < b.name;
  });
  return order;
}

/// Names or metadata keys occur once.
inline void require_unique(std::vector<std::string_view> const& keys) {
  auto const twice = superseded(keys);
  if (!twice.empty())
    entry_does_not_fit_safetensors(std::string{keys[twice[0]]}, "the name is used twice");
}

/// A header while it is written.
///   crc_slot: where in the text the value of crc_num begins, if it is to be computed
struct header_draft {
  std::string text = "{";
  std::optional<std::uint64_t> crc_slot;

  /// The comma before every member but the first.
  void separate() {
    if (text.back() != '{') text += ',';
  }
};

/// Two quotes and the digits of the longest CRC-32.
inline constexpr std::size_t crc_slot_bytes = 12;

/// Writes the metadata in the given order, with a place for the checksum where its key is, or last.
inline void write_metadata(image_options const& options, header_draft& header) {
  text_pairs pairs = options.metadata;
  auto const is_crc = [](auto const& pair) { return pair.first == crc_key; };
  if (options.crc && std::none_of(pairs.begin(), pairs.end(), is_crc))
    pairs.emplace_back(crc_key, std::string{});
  if (pairs.empty()) return;
  require_unique(keys_of(
      pairs, [](auto const& pair) -> auto const& { return pair.first; }));
  header.text += json_text(std::string{metadata_key}) + ":{";
  for (auto const& [key, value] : pairs) {
    header.separate();
    header.text += json_text(key) + ':';
    if (options.crc && key == crc_key) {
      header.crc_slot = header.text.size();
      header.text += "\"\"" + std::string(crc_slot_bytes - 2, ' ');
    } else {
      header.text += json_text(value);
    }
  }
  header.text += '}';
}

inline void write_entry(image_entry const& entry, std::uint64_t begin, std::uint64_t end,
                        header_draft& header) {
  header.separate();
  header.text += json_text(entry.name) + R"(:{"dtype":")";
  header.text += facts_of(entry.type).safetensors;
  header.text += R"(","shape":[)";
  for (std::size_t d = 0; d < entry.shape.size(); ++d)
    header.text += (d == 0 ? "" : ",") + std::to_string(entry.shape[d]);
  header.text += R"(],"data_offsets":[)" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
}

/// Ends a header: blanks up to a multiple of 8 bytes, its length before it.
inline std::string with_length(std::string text) {
  text.append((8 - text.size() % 8) % 8, ' ');
  std::uint64_t const bytes = text.size();
  if (bytes > most_header_bytes)
    entry_does_not_fit_safetensors({}, "a header of " + std::to_string(bytes) + " bytes, at most " +
                                           std::to_string(most_header_bytes) + " are allowed");
  std::string length(sizeof bytes, '\0');
  std::memcpy(length.data(), &bytes, sizeof bytes);
  return length + text;
}

/// Where the tensors will lie, in the order of the entries, and the header that says so.
inline file_image image_without_crc(std::span<image_entry const> entries, header_draft& header) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 62;
  file_image image;
  image.ranges.resize(entries.size());
  std::uint64_t end = 0;
  for (std::size_t const i : canonical_order(entries)) {
    std::uint64_t const bytes = storable_bytes(entries[i]);
    if (bytes > most_bytes - end)
      entry_does_not_fit_safetensors(entries[i].name, "the file is too long");
    write_entry(entries[i], end, end + bytes, header);
    if (bytes != 0) image.ranges[i] = {{end, bytes}};
    end += bytes;
  }
  header.text += '}';
  image.literals = {{0, with_length(std::move(header.text))}};
  image.size = image.literals[0].bytes.size() + end;
  for (std::vector<byte_range>& ranges : image.ranges)
    for (byte_range& range : ranges) range.offset += image.literals[0].bytes.size();
  return image;
}
}  // namespace detail

/// A safetensors file that will hold these tensors, byte for byte as the reference library writes
/// it for the same tensors and metadata, the metadata in the order that is given. With options.crc
/// the value of crc_num is computed when the file is complete; one that is given is not used.
///   throws: codec_error value_is_not_supported (a type or name that no file can hold, too long a
///           header), elements_do_not_fill_bytes
///   note:   empty metadata is not written; a CRC of fewer than 10 digits leaves blanks behind it
[[nodiscard]] inline file_image safetensors_image(std::span<image_entry const> entries,
                                                  image_options const& options) {
  auto const name_of_entry = [](image_entry const& entry) -> auto const& {
    return entry.name;
  };
  detail::require_unique(detail::keys_of(entries, name_of_entry));
  detail::header_draft header;
  detail::write_metadata(options, header);
  file_image image = detail::image_without_crc(entries, header);
  if (!header.crc_slot) return image;
  std::vector<covered_part> parts;
  for (std::size_t i = 0; i < entries.size(); ++i)
    parts.push_back({entries[i].name, image.ranges[i].empty() ? byte_range{} : image.ranges[i][0]});
  image.crc = crc_field{{8 + *header.crc_slot, detail::crc_slot_bytes},
                        crc_notation::json_string,
                        detail::covered_by_name(std::move(parts))};
  return image;
}

}  // namespace v1
}  // namespace reshard
