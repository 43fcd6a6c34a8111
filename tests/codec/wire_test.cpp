#include "files.hpp"

#include <reshard/codec/wire.hpp>

namespace wire_test {

using namespace reshard;
using files::error_of;
using files::from_hex;
using google::protobuf::internal::WireFormatLite;

namespace {
std::vector<wire_field> fields_of(std::string const& path) {
  random_access_file const file{path};
  file_window window{file};
  wire_message message{window, {0, file.size()}};
  std::vector<wire_field> fields;
  while (auto const field = message.next()) fields.push_back(*field);
  return fields;
}
}  // namespace

TEST_CASE("every wire type is skipped to the next field", "[wire]") {
  files::temporary_folder const folder;
  std::string const bytes = detail::wire_bytes([](auto& out) {
    WireFormatLite::WriteInt64(1, -1, &out);
    WireFormatLite::WriteFixed64(2, 7, &out);
    WireFormatLite::WriteString(300, "abc", &out);
    WireFormatLite::WriteFixed32(4, 7, &out);
  });
  auto const fields = fields_of(folder.write("f", bytes));
  REQUIRE(fields.size() == 4);
  CHECK(fields[0].value == UINT64_MAX);
  CHECK(fields[1].content == byte_range{12, 8});
  CHECK(fields[2].number == 300);
  CHECK(fields[2].content == byte_range{23, 3});
  CHECK(fields[3].offset == 26);
  CHECK(fields[3].type == wire_type::fixed32);
}

TEST_CASE("a message that ends inside a field names the byte", "[wire]") {
  files::temporary_folder const folder;
  for (char const* const hex : {"08", "08ff", "0a", "0a05aabb", "09000000", "0d0000", "88"}) {
    INFO(hex);
    auto const e = error_of([&] { fields_of(folder.write("f", from_hex(hex))); });
    CHECK(e.code() == errc::file_is_truncated);
    CHECK(e.byte() >= 0);
    CHECK(e.path() == folder / "f");
  }
}

TEST_CASE("groups, field 0 and endless numbers are malformed", "[wire]") {
  files::temporary_folder const folder;
  std::string const filler(40, '\0');
  for (char const* const hex :
       {"630000", "0b", "0c", "0e", "0f", "00", "02", "08ffffffffffffffffffff"}) {
    INFO(hex);
    auto const e = error_of([&] { fields_of(folder.write("f", from_hex(hex) + filler)); });
    CHECK(e.code() == errc::file_is_malformed);
    CHECK(e.byte() == 0);
  }
}

TEST_CASE("a field does not leave its message", "[wire]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("f", from_hex("0a020a04aabbccdd"))};
  file_window window{file};
  wire_message outer{window, {0, file.size()}};
  wire_message inner = detail::message_of(window, *outer.next());
  auto const e = error_of([&] { (void)inner.next(); });
  CHECK(e.code() == errc::file_is_malformed);
  CHECK(e.byte() == 2);
}

TEST_CASE("a window moves forward, backward and beyond its size", "[wire]") {
  files::temporary_folder const folder;
  std::string bytes(300'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 >> 7);
  random_access_file const file{folder.write("f", bytes)};
  file_window window{file};
  for (std::size_t const offset :
       {0U, 1U, 4090U, 4096U, 70'000U, 5U, 200'000U, 199'999U, 299'990U, 0U}) {
    for (std::size_t const wanted : {1U, 20U, 5000U, 100'000U}) {
      auto const got = window.bytes(offset, wanted);
      REQUIRE(got.size() == std::min(wanted, bytes.size() - offset));
      CHECK(std::memcmp(got.data(), bytes.data() + offset, got.size()) == 0);
    }
  }
  CHECK(window.bytes(bytes.size(), 1).empty());
  CHECK(window.bytes(UINT64_MAX, 1).empty());
}

TEST_CASE("numbers are single or packed, and bounded", "[wire]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("f", from_hex("08010a0302ac02"))};
  file_window window{file};
  wire_message message{window, {0, file.size()}};
  std::vector<std::uint64_t> numbers;
  while (auto const field = message.next()) detail::append_numbers(window, *field, 3, numbers);
  CHECK(numbers == std::vector<std::uint64_t>{1, 2, 300});
  wire_message again{window, {0, file.size()}};
  auto const e = error_of([&] {
    while (auto const field = again.next()) detail::append_numbers(window, *field, 3, numbers);
  });
  CHECK(e.code() == errc::file_is_malformed);
}

TEST_CASE("names are UTF-8, not empty and without NUL", "[wire]") {
  files::temporary_folder const folder;
  auto const name = [&](char const* hex) {
    random_access_file const file{folder.write("f", from_hex(hex))};
    file_window window{file};
    return detail::identifier_of(window, *wire_message{window, {0, file.size()}}.next());
  };
  CHECK(name("0a02c3a4") == "\xc3\xa4");
  for (char const* const hex : {"0a00", "0a01ff", "0a0100", "0a02c328"})
    CHECK(error_of([&] { name(hex); }).code() == errc::file_is_malformed);
}

}  // namespace wire_test
