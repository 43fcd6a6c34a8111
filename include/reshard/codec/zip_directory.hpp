#pragma once

#include <reshard/codec/file_window.hpp>
#include <reshard/codec/little_endian.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {

/// A file in a zip archive.
///   header:  where its local header begins
///   content: as it is in the archive; the file itself only if method is 0
///   crc:     of the file, as the directory states it; nobody has compared it
struct zip_entry {
  std::string name;
  std::uint64_t header = 0;
  byte_range content;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  ///< of compression
};

namespace detail {

[[noreturn]] inline void zip_is_malformed(std::string const& path, std::uint64_t byte,
                                          std::string const& reason) {
  throw codec_error{
      errc::file_is_malformed, __func__, {path, {}, static_cast<std::int64_t>(byte)}, reason};
}
[[noreturn]] inline void zip_has_no_end_record(std::string const& path, std::uint64_t size) {
  throw codec_error{errc::file_is_truncated,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(size)},
                    "the zip archive has no end record: the file is cut off"};
}
[[noreturn]] inline void zip_entry_is_not_supported(std::string const& path, std::uint64_t byte,
                                                    std::string_view name,
                                                    std::string const& reason) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, {}, static_cast<std::int64_t>(byte)},
                    "zip entry " + in_quotes(name) + " " + reason};
}
[[noreturn]] inline void zip_entries_overlap(std::string const& path, zip_entry const& first,
                                             zip_entry const& second) {
  zip_is_malformed(
      path, second.header,
      "zip entry " + in_quotes(second.name) + " begins before " + in_quotes(first.name) + " ends");
}

/// Where the central directory lies and what it should hold.
struct zip_end_record {
  std::uint64_t entries = 0;
  byte_range directory;
};

/// Takes a zip archive apart. Every sum of offsets and sizes is of numbers below the file's size,
/// or checked by subtraction.
class zip_reader {
 public:
  explicit zip_reader(random_access_file const& file) : file_(&file), window_(file) {}

  std::vector<zip_entry> entries() {
    zip_end_record const end = end_record();
    std::vector<zip_entry> found;
    std::uint64_t at = end.directory.offset;
    std::uint64_t const stop = at + end.directory.bytes;
    while (at < stop) at = add_entry(at, stop, found);
    if (found.size() != end.entries)
      malformed(end.directory.offset, "the directory lists " + std::to_string(found.size()) +
                                          " entries, its end record says " +
                                          std::to_string(end.entries));
    for (zip_entry& entry : found) locate(entry, end.directory.offset);
    return found;
  }

 private:
  static constexpr std::uint32_t end_magic = 0x06054b50;
  static constexpr std::uint32_t end64_magic = 0x06064b50;
  static constexpr std::uint32_t locator_magic = 0x07064b50;
  static constexpr std::uint32_t central_magic = 0x02014b50;
  static constexpr std::uint32_t local_magic = 0x04034b50;
  static constexpr std::size_t end_bytes = 22;
  static constexpr std::size_t end64_bytes = 56;
  static constexpr std::size_t locator_bytes = 20;
  static constexpr std::size_t central_bytes = 46;
  static constexpr std::size_t local_bytes = 30;
  static constexpr std::uint32_t see_zip64 = 0xffffffff;

  [[noreturn]] void malformed(std::uint64_t byte, std::string const& reason) const {
    zip_is_malformed(file_->path(), byte, reason);
  }

  /// So many bytes from there, all before `stop`.
  std::span<std::byte const> bytes(std::uint64_t at, std::size_t n, std::uint64_t stop,
                                   char const* what) {
    if (at > stop || n > stop - at)
      malformed(at, std::string{what} + " reaches beyond byte " + std::to_string(stop));
    return window_.bytes(at, n);
  }

  /// The last record of the archive: only a comment may follow, and it must end with the file.
  std::uint64_t find_end_record() {
    constexpr std::uint64_t farthest = end_bytes + 0xffff;
    std::uint64_t const size = file_->size();
    std::uint64_t const begin = size - std::min(size, farthest);
    auto const tail = window_.bytes(begin, static_cast<std::size_t>(size - begin));
    for (std::size_t i = tail.size(); i-- > 0;) {
      if (tail.size() - i < end_bytes || load<std::uint32_t>(tail, i) != end_magic) continue;
      if (load<std::uint16_t>(tail, i + 20) == tail.size() - i - end_bytes) return begin + i;
    }
    zip_has_no_end_record(file_->path(), size);
  }

  zip_end_record end_record() {
    std::uint64_t const at = find_end_record();
    auto const end = window_.bytes(at, end_bytes);
    zip_end_record plain{load<std::uint16_t>(end, 10),
                         {load<std::uint32_t>(end, 16), load<std::uint32_t>(end, 12)}};
    if (load<std::uint16_t>(end, 4) != 0 || load<std::uint16_t>(end, 6) != 0)
      malformed(at, "the zip archive is one of several disks");
    std::optional<std::uint64_t> const at64 = find_end64_record(at);
    zip_end_record const out = at64 ? end64_record(*at64, plain) : plain;
    std::uint64_t const stop = at64.value_or(at);
    if (out.directory.offset > stop || stop - out.directory.offset != out.directory.bytes)
      malformed(stop, "the directory of " + std::to_string(out.directory.bytes) +
                          " bytes at byte " + std::to_string(out.directory.offset) +
                          " does not end here");
    return out;
  }

  /// A locator of the 64-bit record stands directly before the end record.
  std::optional<std::uint64_t> find_end64_record(std::uint64_t end) {
    if (end < locator_bytes + end64_bytes) return std::nullopt;
    std::uint64_t const at = end - locator_bytes;
    auto const locator = window_.bytes(at, locator_bytes);
    if (load<std::uint32_t>(locator) != locator_magic) return std::nullopt;
    auto const record = load<std::uint64_t>(locator, 8);
    if (record > at - end64_bytes) malformed(at, "the 64-bit end record lies behind its locator");
    return record;
  }

  zip_end_record end64_record(std::uint64_t at, zip_end_record const& plain) {
    auto const end = window_.bytes(at, end64_bytes);
    if (load<std::uint32_t>(end) != end64_magic) malformed(at, "no 64-bit end record begins here");
    zip_end_record const out{load<std::uint64_t>(end, 32),
                             {load<std::uint64_t>(end, 48), load<std::uint64_t>(end, 40)}};
    auto const agree = [](std::uint64_t small, std::uint64_t most, std::uint64_t large) {
      return small == most || small == large;
    };
    if (load<std::uint32_t>(end, 16) != 0 || load<std::uint32_t>(end, 20) != 0)
      malformed(at, "the zip archive is one of several disks");
    if (!agree(plain.entries, 0xffff, out.entries) ||
        !agree(plain.directory.bytes, see_zip64, out.directory.bytes) ||
        !agree(plain.directory.offset, see_zip64, out.directory.offset))
      malformed(at, "the two end records disagree");
    return out;
  }

  /// Reads one record of the directory; gives where the next begins.
  std::uint64_t add_entry(std::uint64_t at, std::uint64_t stop, std::vector<zip_entry>& found) {
    auto const head = bytes(at, central_bytes, stop, "the directory");
    if (load<std::uint32_t>(head) != central_magic)
      malformed(at, "no entry of the zip directory begins here");
    std::size_t const name_bytes = load<std::uint16_t>(head, 28);
    std::size_t const extra_bytes = load<std::uint16_t>(head, 30);
    std::size_t const all =
        central_bytes + name_bytes + extra_bytes + load<std::uint16_t>(head, 32);
    auto const record = bytes(at, all, stop, "the directory");
    zip_entry entry;
    auto const name = record.subspan(central_bytes, name_bytes);
    entry.name.assign(reinterpret_cast<char const*>(name.data()), name.size());
    entry.crc = load<std::uint32_t>(record, 16);
    read_sizes(at, record, record.subspan(central_bytes + name_bytes, extra_bytes), entry);
    found.push_back(std::move(entry));
    return at + all;
  }

  /// Sizes and offset: 32 bits each, or where they are full the next 64 bits of the extra field 1.
  void read_sizes(std::uint64_t at, std::span<std::byte const> record,
                  std::span<std::byte const> extra, zip_entry& entry) const {
    std::span<std::byte const> large = extra_field(at, extra);
    auto const number = [&](std::size_t where) -> std::uint64_t {
      auto const small = load<std::uint32_t>(record, where);
      if (small != see_zip64 || large.size() < 8) return small;
      auto const n = load<std::uint64_t>(large);
      large = large.subspan(8);
      return n;
    };
    std::uint64_t const bytes = number(24);
    entry.content.bytes = number(20);
    entry.header = number(42);
    entry.method = load<std::uint16_t>(record, 10);
    if ((load<std::uint16_t>(record, 8) & 1) != 0)
      zip_entry_is_not_supported(file_->path(), at, entry.name, "is encrypted");
    if (entry.method == 0 && bytes != entry.content.bytes)
      malformed(at, "zip entry " + in_quotes(entry.name) + " is stored, but has two sizes, " +
                        std::to_string(bytes) + " and " + std::to_string(entry.content.bytes));
  }

  /// The content of the zip64 field among the extra fields; nothing if there is none.
  std::span<std::byte const> extra_field(std::uint64_t at, std::span<std::byte const> extra) const {
    while (extra.size() >= 4) {
      std::size_t const n = load<std::uint16_t>(extra, 2);
      if (n > extra.size() - 4) malformed(at, "an extra field of the zip entry is cut off");
      if (load<std::uint16_t>(extra) == 1) return extra.subspan(4, n);
      extra = extra.subspan(4 + n);
    }
    return {};
  }

  /// The content follows the local header, whose length only it knows, and ends before `stop`.
  void locate(zip_entry& entry, std::uint64_t stop) {
    auto const head = bytes(entry.header, local_bytes, stop, "a local header");
    if (load<std::uint32_t>(head) != local_magic)
      malformed(entry.header, "no local header of zip entry " + in_quotes(entry.name));
    std::size_t const name_bytes = load<std::uint16_t>(head, 26);
    std::size_t const all = local_bytes + name_bytes + load<std::uint16_t>(head, 28);
    if (load<std::uint16_t>(head, 8) != entry.method)
      malformed(entry.header, "the local header of zip entry " + in_quotes(entry.name) +
                                  " has another method of compression");
    auto const local = bytes(entry.header, all, stop, "a local header");
    auto const name = local.subspan(local_bytes, name_bytes);
    if (std::string_view{reinterpret_cast<char const*>(name.data()), name.size()} != entry.name)
      malformed(entry.header,
                "the local header of zip entry " + in_quotes(entry.name) + " has another name");
    entry.content.offset = entry.header + all;
    if (entry.content.bytes > stop - entry.content.offset)
      malformed(entry.header, "zip entry " + in_quotes(entry.name) + " of " +
                                  std::to_string(entry.content.bytes) +
                                  " bytes reaches into the directory at byte " +
                                  std::to_string(stop));
  }

  random_access_file const* file_;
  file_window window_;
};
}  // namespace detail

/// The entries of a zip archive by name. They do not overlap, and no two have the same name.
class zip_directory {
 public:
  /// Reads the directory and the local headers, no content. 64-bit archives too.
  ///   throws: codec_error file_is_truncated (no end record), file_is_malformed,
  ///           value_is_not_supported (an encrypted entry)
  ///   cost:   O(n log n), one small read per entry
  ///   source: PKWARE APPNOTE.TXT 4.3
  explicit zip_directory(random_access_file const& file)
      : entries_(detail::zip_reader{file}.entries()) {
    auto const order_by = [this](auto zip_entry::*key) {
      std::sort(entries_.begin(), entries_.end(),
                [key](zip_entry const& a, zip_entry const& b) { return a.*key < b.*key; });
    };
    order_by(&zip_entry::header);
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      byte_range const before = entries_[i - 1].content;
      if (entries_[i].header < before.offset + before.bytes)
        detail::zip_entries_overlap(file.path(), entries_[i - 1], entries_[i]);
    }
    order_by(&zip_entry::name);
    for (std::size_t i = 1; i < entries_.size(); ++i)
      if (entries_[i].name == entries_[i - 1].name)
        detail::zip_is_malformed(file.path(), entries_[i].header,
                                 "two zip entries have the name " + in_quotes(entries_[i].name));
  }

  /// Ascending by name.
  [[nodiscard]] std::span<zip_entry const> entries() const noexcept { return entries_; }

  /// The entry of that name, or null.
  [[nodiscard]] zip_entry const* find(std::string_view name) const noexcept {
    auto const at = std::lower_bound(
        entries_.begin(), entries_.end(), name,
        [](zip_entry const& entry, std::string_view wanted) { return entry.name < wanted; });
    return at != entries_.end() && at->name == name ? &*at : nullptr;
  }

 private:
  std::vector<zip_entry> entries_;
};

}  // namespace v1
}  // namespace reshard
