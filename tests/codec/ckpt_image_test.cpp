#include "ckpt_files.hpp"

namespace ckpt_image_test {

using namespace ckpt_files;

namespace {
/// Every byte of the file belongs to one literal, range or the checksum: they follow one another.
bool bytes_are_covered_once(file_image const& image) {
  std::vector<byte_range> all;
  for (image_literal const& l : image.literals) all.push_back({l.offset, l.bytes.size()});
  for (auto const& ranges : image.ranges) all.insert(all.end(), ranges.begin(), ranges.end());
  if (image.crc) all.push_back(image.crc->range);
  std::sort(all.begin(), all.end(),
            [](byte_range const& a, byte_range const& b) { return a.offset < b.offset; });
  std::uint64_t at = 0;
  for (byte_range const& range : all) {
    if (range.bytes == 0 || range.offset != at) return false;
    at += range.bytes;
  }
  return at == image.size;
}

file_image image_of(image_entry const& entry, std::uint64_t chunk_bytes) {
  return ckpt_image(std::span{&entry, 1}, {.chunk_bytes = chunk_bytes});
}
}  // namespace

TEST_CASE("an image knows every byte of the file", "[ckpt_image]") {
  std::mt19937_64 random{20261125};
  for (int round = 0; round < 300; ++round) {
    random_tensors const some{random};
    file_image const image =
        ckpt_image(some.entries, {.chunk_bytes = 1 + random() % 60, .crc = round % 2 == 0});
    REQUIRE(bytes_are_covered_once(image));
    REQUIRE(std::is_sorted(image.literals.begin(), image.literals.end(),
                           [](auto const& a, auto const& b) { return a.offset < b.offset; }));
    REQUIRE(image.ranges.size() == some.entries.size());
  }
}

TEST_CASE("content is cut into chunks of the stated size", "[ckpt_image]") {
  for (std::uint64_t const chunk : {1U, 3U, 8U, 12U, 24U, 25U, 1000U}) {
    file_image const image = image_of({"w", dtype::float32, {2, 3}}, chunk);
    std::vector<std::uint64_t> sizes;
    for (byte_range const& range : image.ranges[0]) sizes.push_back(range.bytes);
    std::vector<std::uint64_t> expected(24 / chunk, chunk);
    if (24 % chunk != 0) expected.push_back(24 % chunk);
    CHECK(sizes == expected);
    CHECK(image.literals.size() == expected.size());  // one head per chunk, none left over
  }
  CHECK(image_options{}.chunk_bytes == 536'870'912);
}

TEST_CASE("a tensor without elements is one record without content", "[ckpt_image]") {
  for (std::vector<index_t> const& shape : {std::vector<index_t>{0, 4}, {3, 0}, {0, 0, 0}}) {
    file_image const image = image_of({"z", dtype::float32, shape}, 8);
    CHECK(image.ranges[0].empty());
    REQUIRE(image.literals.size() == 1);
    CHECK(image.literals[0].bytes == record("z", shape, "Float32", ""));
    CHECK(image.size == image.literals[0].bytes.size());
  }
  file_image const text = image_of({"s", dtype::string, {0}}, 8);
  CHECK(text.literals[0].bytes == record("s", {0}, "str", ""));
}

TEST_CASE("heads are right where lengths need one more byte", "[ckpt_image]") {
  // all lengths of content, tensor and record pass 2^7 and 2^14 at different sizes
  for (index_t n = 0; n < 40'000; n = n < 200 || (n > 16'200 && n < 16'500) ? n + 1 : n + 997) {
    if (n == 0) continue;
    file_image const image = image_of({"name", dtype::int8, {n}}, std::uint64_t{1} << 40);
    std::string const content(static_cast<std::size_t>(n), 'c');
    std::string const expected = record("name", {n}, "Int8", content);
    REQUIRE(image.size == expected.size());
    REQUIRE(image.literals[0].bytes == expected.substr(0, expected.size() - content.size()));
  }
}

TEST_CASE("the head of a record beyond protobuf's 2 GiB", "[ckpt_image]") {
  // content of 2^32 + 8 bytes; tensor: dims 6, type 7, content head 6 more; record: tag 3, head 6
  file_image const image = image_of({"w", dtype::int64, {(1LL << 29) + 1}}, std::uint64_t{1} << 40);
  CHECK(image.literals[0].bytes == files::from_hex("0aa480808010"     // record of 2^32 + 36
                                                   "0a0177"           // tag
                                                   "129b80808010"     // tensor of 2^32 + 27
                                                   "088180808002"     // dims 2^29 + 1
                                                   "1205496e743634"   // Int64
                                                   "1a8880808010"));  // content of 2^32 + 8
  CHECK(image.ranges[0] ==
        std::vector<byte_range>{{image.literals[0].bytes.size(), (1LL << 32) + 8}});
}

TEST_CASE("names may be long and in any language", "[ckpt_image]") {
  for (std::string const& name : {std::string(1000, 'n'), std::string{"\xe6\x9d\x83\xe9\x87\x8d.w"},
                                  std::string{"a b\n\t"}}) {
    files::temporary_folder const folder;
    image_entry const entry{name, dtype::int8, {1}};
    std::string const bytes = filled(ckpt_image(std::span{&entry, 1}, {}), {"x"});
    CHECK(bytes == record(name, {1}, "Int8", "x"));
    CHECK(index_of(folder, bytes).tensors[0].name == name);
  }
  image_entry const nul{std::string("a\0b", 3), dtype::int8, {1}};
  CHECK(files::error_of([&] {
          (void)ckpt_image(std::span{&nul, 1}, {});
        }).code() == errc::value_is_not_supported);
}

TEST_CASE("no entries make an empty file", "[ckpt_image]") {
  file_image const image = ckpt_image({}, {});
  CHECK(image.size == 0);
  CHECK(image.literals.empty());
}

}  // namespace ckpt_image_test
