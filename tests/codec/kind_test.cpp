#include "files.hpp"

#include <reshard/codec/kind.hpp>

using namespace reshard;
using files::error_of;
using files::from_hex;

namespace {
file_kind kind_of_bytes(std::string const& bytes) {
  files::temporary_folder const folder;
  return kind_of(random_access_file{folder.write("f", bytes)});
}
std::string const record = "0a190a047374657012111205496e7436341a086400000000000000";
}  // namespace

TEST_CASE("a kind is told by content", "[kind]") {
  CHECK(kind_of_bytes(from_hex("0200000000000000") + "{}") == file_kind::safetensors);
  CHECK(kind_of_bytes(from_hex("d85e3a7f") + std::string(20, 'x')) == file_kind::encrypted);
  CHECK(kind_of_bytes(from_hex("d95e3a7f")) == file_kind::encrypted);
  CHECK(kind_of_bytes(from_hex("da5e3a7f")) == file_kind::encrypted);
  CHECK(kind_of_bytes(from_hex("db5e3a7f")) == file_kind::unknown);
  CHECK(kind_of_bytes("PK\3\4....") == file_kind::zip);
  CHECK(kind_of_bytes("{\"current_stage\":1}") == file_kind::json);
  CHECK(kind_of_bytes(from_hex(record)) == file_kind::ckpt);
  CHECK(kind_of_bytes(from_hex("08011a070a01771202280030")) == file_kind::strategy);
  CHECK(kind_of_bytes("") == file_kind::unknown);
  CHECK(kind_of_bytes("\nhello, world, this is text") == file_kind::unknown);
  CHECK(kind_of_bytes(from_hex("0801")) == file_kind::unknown);
  CHECK(kind_of_bytes(from_hex("08012200")) == file_kind::unknown);
}

TEST_CASE("the borders of a safetensors header", "[kind]") {
  CHECK(kind_of_bytes(from_hex("0300000000000000") + "{}") == file_kind::unknown);
  CHECK(kind_of_bytes(from_hex("0200000000000000") + "[]") == file_kind::unknown);
  CHECK(kind_of_bytes(from_hex("0200000000000000")) == file_kind::unknown);
}

TEST_CASE("a header of 100,000,000 bytes is the longest", "[kind]") {
  files::temporary_folder const folder;
  std::string const longest = folder.write("longest", from_hex("00e1f50500000000") + "{");
  std::string const longer = folder.write("longer", from_hex("01e1f50500000000") + "{");
  std::filesystem::resize_file(longest, 100'000'009);
  std::filesystem::resize_file(longer, 100'000'009);
  CHECK(kind_of(random_access_file{longest}) == file_kind::safetensors);
  CHECK(kind_of(random_access_file{longer}) == file_kind::unknown);
}

TEST_CASE("a truncated .ckpt is still one once its first name is there", "[kind]") {
  std::string const bytes = from_hex(record);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    INFO(n);
    CHECK((kind_of_bytes(bytes.substr(0, n)) == file_kind::ckpt) == (n >= 8));
  }
}

TEST_CASE("a group info file is no .ckpt", "[kind]") {
  CHECK(kind_of_bytes(from_hex("0a0d0a05322d31323312040800080212080800080208040806")) ==
        file_kind::unknown);
}

TEST_CASE("an unknown file is reported with its first bytes", "[kind]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("f", "hello, wide world")};
  auto const e = error_of([&] { report_unknown_kind(file); });
  CHECK(e.code() == errc::file_kind_is_unknown);
  CHECK(e.path() == file.path());
  CHECK(files::contains(e.what(), "68 65 6c 6c 6f 2c 20 77 69 64 65 20 77 6f 72 6c"));
  CHECK_FALSE(files::contains(e.what(), "6c 64"));
  random_access_file const empty{folder.write("g", "")};
  CHECK(files::contains(error_of([&] { report_unknown_kind(empty); }).what(), "empty"));
}

TEST_CASE("a Git LFS pointer is no file of ours", "[kind]") {
  files::temporary_folder const folder;
  std::string const text =
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  random_access_file const pointer{folder.write("p", text)};
  CHECK(is_lfs_pointer(pointer));
  CHECK(kind_of(pointer) == file_kind::unknown);
  CHECK(files::contains(error_of([&] { report_unknown_kind(pointer); }).what(), "Git LFS pointer"));
  random_access_file const other{folder.write("o", "version https://git-l")};
  CHECK_FALSE(is_lfs_pointer(other));
}

TEST_CASE("all real safetensors files are of that kind", "[kind]") {
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".safetensors"))
    CHECK(kind_of(random_access_file{path}) == file_kind::safetensors);
}

TEST_CASE("the kinds of all real files", "[kind]") {
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".ckpt")) {
    INFO(path);
    std::string const name = std::filesystem::path{path}.filename().string();
    bool const is_encrypted = files::contains(path, "/enc_") && files::contains(path, "expected");
    bool const is_strategy = files::contains(name, "strategy") ||
                             files::contains(path, "redundancy/src/") ||
                             files::contains(path, "rank_list/src/");
    file_kind expected = is_strategy ? file_kind::strategy : file_kind::ckpt;
    if (is_encrypted) expected = file_kind::encrypted;
    if (name == "group.ckpt") expected = file_kind::unknown;
    CHECK(kind_of(random_access_file{path}) == expected);
  }
}
