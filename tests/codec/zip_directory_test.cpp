#include "files.hpp"
#include "zip_files.hpp"

#include "support/memory_file.hpp"

#include <reshard/codec/zip_directory.hpp>

#include <nlohmann/json.hpp>

#include <map>

using namespace reshard;
using zip_files::archive;
using zip_files::numbers;
using zip_files::part;

namespace {
std::vector<zip_entry> entries_of(std::string const& bytes) {
  support::memory_file const memory;
  auto const zip = zip_directory{random_access_file{memory.write(bytes)}};
  return {zip.entries().begin(), zip.entries().end()};
}
codec_error error_in(std::string const& bytes) {
  return files::error_of([&] { (void)entries_of(bytes); });
}

std::string const two = archive({{"a/x", "hello"}, {"a/y", "wide world"}});
std::size_t const directory_at = two.find("PK\1\2");

/// `two` with other bytes at that place.
std::string changed(std::size_t at, std::string const& bytes) {
  std::string out = two;
  return out.replace(at, bytes.size(), bytes);
}
}  // namespace

TEST_CASE("entries are where Python's zipfile finds them", "[zip]") {
  auto const expected = nlohmann::json::parse(files::content(files::data("torch/zip.json")));
  std::size_t compared = 0;
  for (auto const& [name, list] : expected.items()) {
    INFO(name);
    random_access_file const file{files::data("torch/" + name)};
    zip_directory const zip{file};
    CHECK(zip.entries().size() == list.size());
    for (auto const& [entry, facts] : list.items()) {
      zip_entry const* const found = zip.find(entry);
      REQUIRE(found != nullptr);
      CHECK(found->content == byte_range{facts[0], facts[1]});
      CHECK(found->crc == facts[2]);
      ++compared;
    }
  }
  CHECK(compared > 1100);
}

TEST_CASE("entries are found by name", "[zip]") {
  support::memory_file const memory;
  zip_directory const zip{random_access_file{memory.write(two)}};
  REQUIRE(zip.find("a/y") != nullptr);
  byte_range const content = zip.find("a/y")->content;
  CHECK(two.substr(content.offset, content.bytes) == "wide world");
  CHECK(zip.find("a/z") == nullptr);
  CHECK(zip.find("") == nullptr);
  CHECK(entries_of(archive({})).empty());
}

TEST_CASE("64-bit archives give the same entries", "[zip]") {
  std::vector<part> const parts{{"a/x", "hello"}, {"a/", ""}, {"a/y", "wide world"}};
  auto const plain = entries_of(archive(parts));
  auto const large = entries_of(archive(parts, numbers::of_64_bits));
  REQUIRE(plain.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(plain[i].name == large[i].name);
    CHECK(plain[i].content == large[i].content);
  }
}

TEST_CASE("an entry of 5 GiB and one behind it", "[zip]") {
  files::temporary_folder const folder;
  std::uint64_t const huge = std::uint64_t{5} << 30;
  std::vector<part> const parts{{.name = "a/huge", .content = "", .size = huge},
                                {.name = "a/after", .content = "here"}};
  std::string const first = local_header(parts[0]);
  std::string const second = local_header(parts[1]) + "here";
  std::uint64_t const behind = first.size() + huge;
  std::string const path = folder.write("sparse.zip", first);
  {
    std::ofstream out{path, std::ios::binary | std::ios::in};
    out.seekp(static_cast<std::streamoff>(behind));
    out << second << directory(parts, {0, behind}, behind + second.size(), numbers::of_64_bits);
  }
  zip_directory const zip{random_access_file{path}};
  CHECK(zip.find("a/huge")->content == byte_range{first.size(), huge});
  CHECK(zip.find("a/after")->content == byte_range{behind + second.size() - 4, 4});
}

TEST_CASE("a comment may follow the end record", "[zip]") {
  CHECK(entries_of(changed(two.size() - 2, zip_files::number(7, 2)) + "PK\5\6 hi").size() == 2);
  CHECK(error_in(two + "x").code() == errc::file_is_truncated);
  CHECK(error_in(changed(two.size() - 2, zip_files::number(8, 2)) + "comment").code() ==
        errc::file_is_truncated);
}

TEST_CASE("every truncation of an archive is an error", "[zip]") {
  for (std::string const& whole : {two, archive({{"a/x", "hello"}}, numbers::of_64_bits),
                                   files::content(files::data("torch/views.bin"))}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      codec_error const e = error_in(whole.substr(0, n));
      REQUIRE((e.code() == errc::file_is_truncated || e.code() == errc::file_is_malformed));
    }
  }
}

TEST_CASE("compressed entries are told, encrypted ones refused", "[zip]") {
  CHECK(entries_of(archive({{"a/x", "hello", 8}}))[0].method == 8);
  CHECK(entries_of(two)[0].method == 0);
  codec_error const encrypted = error_in(archive({{"a/x", "hello", 0, 1}}));
  CHECK(encrypted.code() == errc::value_is_not_supported);
  CHECK(encrypted.rule() == std::string_view{"zip_entry_is_not_supported"});
  CHECK(files::contains(encrypted.what(), "zip entry 'a/x' is encrypted"));
  CHECK(files::contains(error_in(changed(8, zip_files::number(8, 2))).what(),
                        "another method of compression"));
  CHECK(files::contains(error_in(changed(directory_at + 20, zip_files::number(4, 4))).what(),
                        "two sizes, 5 and 4"));
}

TEST_CASE("entries must not overlap", "[zip]") {
  codec_error const same =
      error_in(archive({{"a/x", "hello"}, {.name = "a/x", .content = "hello", .offset = 0}}));
  CHECK(same.rule() == std::string_view{"zip_is_malformed"});
  CHECK(files::contains(same.what(), "zip entry 'a/x' begins before 'a/x' ends"));
  std::string const inner = archive({{"in", "12"}});
  codec_error const nested =
      error_in(archive({{"out", inner}, {.name = "in", .content = "12", .offset = 33}}));
  CHECK(files::contains(nested.what(), "begins before"));
  CHECK(nested.byte() == 33);
  CHECK(files::contains(error_in(archive({{"x", "1"}, {"x", "2"}})).what(),
                        "two zip entries have the name 'x'"));
}

TEST_CASE("sizes and offsets beyond the file are errors", "[zip]") {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  auto const with = [](std::optional<std::uint64_t> size, std::optional<std::uint64_t> offset) {
    return archive({{.name = "x", .content = "1", .size = size, .offset = offset}},
                   numbers::of_64_bits);
  };
  for (std::uint64_t const size : {std::uint64_t{2}, most, most - 31, most - 32, most >> 1})
    CHECK(files::contains(error_in(with(size, {})).what(), "reaches into the directory"));
  for (std::uint64_t const offset : {std::uint64_t{3}, most, most - 29, most - 30, most >> 1})
    CHECK(error_in(with({}, offset)).code() == errc::file_is_malformed);
  CHECK(files::contains(error_in(archive({{.name = "x", .content = "1", .offset = 1}})).what(),
                        "no local header of zip entry 'x'"));
}

TEST_CASE("what the directory and the end records say must fit", "[zip]") {
  std::size_t const end = two.size() - 22;
  auto const says = [&](std::string const& bytes, char const* words) {
    CHECK(files::contains(error_in(bytes).what(), words));
  };
  says(changed(end + 4, zip_files::number(1, 2)), "several disks");
  says(changed(end + 10, zip_files::number(3, 2)), "lists 2 entries, its end record says 3");
  says(changed(end + 10, zip_files::number(1, 2)), "lists 2 entries, its end record says 1");
  says(changed(end + 12, zip_files::number(7, 4)), "does not end here");
  says(changed(end + 16, zip_files::number(7, 4)), "does not end here");
  says(changed(directory_at, "PK\3\4"), "no entry of the zip directory begins here");
  says(changed(directory_at + 28, zip_files::number(0xffff, 2)), "reaches beyond byte");
  says(changed(directory_at + 30, zip_files::number(9, 2)), "cut off");
  says(changed(0, "XX"), "no local header of zip entry 'a/x'");
  says(changed(26, zip_files::number(4, 2)), "has another name");
  says(changed(28, zip_files::number(0xffff, 2)), "a local header reaches beyond byte");
  std::string const large = archive({{"x", "1"}}, numbers::of_64_bits);
  std::string wrong = large;
  says(wrong.replace(large.find("PK\6\6"), 2, "XX"), "no 64-bit end record begins here");
  wrong = large;
  says(wrong.replace(large.find("PK\6\7") + 8, 8, zip_files::number(~0ULL, 8)),
       "lies behind its locator");
  wrong = large;
  says(wrong.replace(large.size() - 22 + 10, 2, zip_files::number(2, 2)),
       "the two end records disagree");
}
