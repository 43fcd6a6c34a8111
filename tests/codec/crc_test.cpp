#include "files.hpp"

#include <reshard/codec/ckpt.hpp>
#include <reshard/codec/crc.hpp>

#include <array>

using namespace reshard;
using files::error_of;

namespace {
/// CRC-32 bit by bit.
std::uint32_t slow_crc(std::string const& bytes) {
  std::uint32_t crc = ~0U;
  for (char const c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1)));
  }
  return ~crc;
}

std::uint32_t crc_of_first(random_access_file const& file, std::uint64_t bytes) {
  std::vector<covered_part> const part{{"", {0, bytes}}};
  return crc32_of(file, part);
}

std::string const records = files::from_hex(
    "0a2c0a01771227080208031207466c6f617433321a18000000000000803f0000004000004040000080400000a040"
    "0a190a047374657012111205496e7436341a086400000000000000"
    "0a190a046e6f74651211080012037374721a086100000062000000");
std::string const trailer = files::from_hex("6372635f6e756d000000000000a88248e5");
}  // namespace

TEST_CASE("crc32_of equals the definition, over block borders too", "[crc]") {
  files::temporary_folder const folder;
  std::string bytes((std::size_t{4} << 20) + 1000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i * 2654435761U >> 13);
  random_access_file const file{folder.write("f", bytes)};
  for (std::size_t const n :
       {std::size_t{0}, std::size_t{1}, std::size_t{9}, std::size_t{4} << 20, bytes.size()})
    CHECK(crc_of_first(file, n) == slow_crc(bytes.substr(0, n)));
  CHECK(slow_crc("123456789") == 0xcbf43926U);
  CHECK(error_of([&] { (void)crc_of_first(file, bytes.size() + 1); }).code() ==
        errc::file_is_truncated);
}

TEST_CASE("the trailer that MindSpore writes is checked", "[crc]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m.ckpt", records + trailer)};
  file_index const index = ckpt_index(file);
  CHECK(index.tensors.size() == 3);
  CHECK(index.crc == 0xa88248e5U);
  CHECK(index.covered == std::vector<covered_part>{{"", {0, 100}}});
  CHECK_NOTHROW(check_crc(file, index));
}

TEST_CASE("every flipped bit of the content is found", "[crc]") {
  files::temporary_folder const folder;
  for (std::size_t const byte : {30U, 69U, 99U}) {
    std::string damaged = records + trailer;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 4);
    random_access_file const file{folder.write("m.ckpt", damaged)};
    auto const e = error_of([&] { check_crc(file, ckpt_index(file)); });
    CHECK(e.code() == errc::checksum_differs);
    CHECK(e.path() == file.path());
    CHECK(files::contains(e.what(), std::to_string(0xa88248e5U)));
    CHECK(files::contains(e.what(), std::to_string(slow_crc(damaged.substr(0, 100)))));
  }
}

TEST_CASE("a file without trailer has nothing to check", "[crc]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m.ckpt", records)};
  CHECK_FALSE(ckpt_index(file).crc.has_value());
  CHECK_NOTHROW(check_crc(file, ckpt_index(file)));
}

TEST_CASE("a crc above 32 bits and a trailer cut short are malformed", "[crc]") {
  files::temporary_folder const folder;
  std::string high = trailer;
  high[12] = 1;
  random_access_file const above{folder.write("a.ckpt", records + high)};
  CHECK(error_of([&] { (void)ckpt_index(above); }).code() == errc::file_is_malformed);
  for (std::size_t n = 1; n < trailer.size(); ++n) {
    random_access_file const cut{folder.write("b.ckpt", records + trailer.substr(0, n))};
    CHECK(error_of([&] { (void)ckpt_index(cut); }).byte() == 100);
  }
  random_access_file const alone{folder.write("c.ckpt", trailer)};
  CHECK(error_of([&] { (void)ckpt_index(alone); }).code() == errc::file_is_malformed);
}

TEST_CASE("a record does not reach into the trailer", "[crc]") {
  files::temporary_folder const folder;
  // t, Int8, [17]: its content is the trailer
  random_access_file const file{
      folder.write("t.ckpt", files::from_hex("0a200a0174121b08111204496e74381a11") + trailer)};
  auto const e = error_of([&] { (void)ckpt_index(file); });
  CHECK(e.code() == errc::file_is_truncated);
  CHECK(e.tensor() == "t");
}

TEST_CASE("a real file with crc is whole", "[crc]") {
  random_access_file const file{files::data("mindspore/crc_ckpt/expected/m.ckpt")};
  file_index const index = ckpt_index(file);
  REQUIRE(index.crc.has_value());
  CHECK_NOTHROW(check_crc(file, index));
}
