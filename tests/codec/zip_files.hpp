#pragma once

#include <zlib.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Zip archives for tests, with whatever is wrong in them.
namespace zip_files {

inline std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<Bytef const*>(bytes.data()), bytes.size()));
}

/// A number of so many bytes, little-endian.
inline std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

struct part {
  std::string name;
  std::string content;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::optional<std::uint32_t> crc{};
  std::optional<std::uint64_t> size{};    // stated in the directory
  std::optional<std::uint64_t> offset{};  // stated in the directory
  std::optional<std::string> local_name{};
  std::string extra{};  // of the directory's entry
};

/// The part of zip64: sizes and offset are in an extra field of 64-bit numbers.
enum class numbers : std::uint8_t { of_32_bits, of_64_bits };

inline std::string local_header(part const& p) {
  std::string const name = p.local_name.value_or(p.name);
  return "PK\3\4" + number(20, 2) + number(p.flags, 2) + number(p.method, 2) + number(0, 4) +
         number(p.crc.value_or(crc_of(p.content)), 4) + number(p.content.size(), 4) +
         number(p.content.size(), 4) + number(name.size(), 2) + number(0, 2) + name;
}

inline std::string directory_entry(part const& p, std::uint64_t offset, numbers how) {
  std::uint64_t const size = p.size.value_or(p.content.size());
  offset = p.offset.value_or(offset);
  bool const large = how == numbers::of_64_bits;
  std::string const zip64 =
      large ? number(1, 2) + number(24, 2) + number(size, 8) + number(size, 8) + number(offset, 8)
            : "";
  auto const small = [&](std::uint64_t n) { return number(large ? 0xffffffff : n, 4); };
  std::string const extra = p.extra + zip64;
  return "PK\1\2" + number(20, 2) + number(20, 2) + number(p.flags, 2) + number(p.method, 2) +
         number(0, 4) + number(p.crc.value_or(crc_of(p.content)), 4) + small(size) + small(size) +
         number(p.name.size(), 2) + number(extra.size(), 2) + number(0, 2) + number(0, 2) +
         number(0, 2) + number(0, 4) + small(offset) + p.name + extra;
}

inline std::string end_record(std::uint64_t entries, std::uint64_t bytes, std::uint64_t offset) {
  return "PK\5\6" + number(0, 4) + number(entries, 2) + number(entries, 2) + number(bytes, 4) +
         number(offset, 4) + number(0, 2);
}

inline std::string end64_records(std::uint64_t entries, std::uint64_t bytes, std::uint64_t offset) {
  return "PK\6\6" + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8) +
         number(entries, 8) + number(entries, 8) + number(bytes, 8) + number(offset, 8) + "PK\6\7" +
         number(0, 4) + number(offset + bytes, 8) + number(1, 4);
}

/// The directory and end of an archive whose entries begin at these bytes; the directory begins at
/// `at`.
inline std::string directory(std::vector<part> const& parts,
                             std::vector<std::uint64_t> const& offsets, std::uint64_t at,
                             numbers how) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) out += directory_entry(parts[i], offsets[i], how);
  std::size_t const bytes = out.size();
  if (how == numbers::of_32_bits) return out + end_record(parts.size(), bytes, at);
  return out + end64_records(parts.size(), bytes, at) + end_record(0xffff, 0xffffffff, 0xffffffff);
}

inline std::string archive(std::vector<part> const& parts, numbers how = numbers::of_32_bits) {
  std::string out;
  std::vector<std::uint64_t> offsets;
  for (part const& p : parts) {
    offsets.push_back(out.size());
    out += local_header(p) + p.content;
  }
  return out + directory(parts, offsets, out.size(), how);
}

/// As torch.save arranges it: a pickle and storages "0", "1", ...
inline std::string torch_file(std::string const& pickle,
                              std::initializer_list<std::string> storages = {}) {
  std::vector<part> parts{{"a/data.pkl", pickle}, {"a/byteorder", "little"}};
  for (std::string const& storage : storages)
    parts.push_back({"a/data/" + std::to_string(parts.size() - 2), storage});
  return archive(parts);
}

}  // namespace zip_files
