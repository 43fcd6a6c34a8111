#include <reshard/checkpoint/read_tensor.hpp>

#include "by_hand.hpp"

namespace read_tensor_test {

using namespace by_hand;

namespace {

std::string read_part(tensor_reader& reader, std::string const& path, indexed_tensor const& t,
                      std::size_t first, std::size_t n) {
  std::string out(n * item_bytes(t.type), '?');
  reader.read(path, t, first, std::as_writable_bytes(std::span{out}));
  return out;
}
}  // namespace

TEST_CASE("every part of a tensor is read over all cuts of its chunks", "[read_tensor]") {
  folder const work;
  std::string const path = write(work.path + "/f", std::string{"..abcdefg.hijk..lmnop"});
  indexed_tensor const t{"t", dtype::int16, {8}, {{2, 7}, {10, 4}, {16, 5}}, 2, 0};
  std::string const content = "abcdefghijklmnop";
  tensor_reader reader;
  for (std::size_t first = 0; first <= 8; ++first)
    for (std::size_t n = 0; first + n <= 8; ++n)
      REQUIRE(read_part(reader, path, t, first, n) == content.substr(2 * first, 2 * n));
}

TEST_CASE("elements that are kept in a wider item are picked out", "[read_tensor]") {
  folder const work;
  // items of 4 bytes, cut into chunks inside an item: the upper halves are the elements
  std::string const path = write(work.path + "/f", std::string{"..AB..C|D..EF"});
  indexed_tensor const t{"b", dtype::bfloat16, {3}, {{0, 7}, {8, 5}}, 4, 2};
  tensor_reader reader;
  CHECK(read_part(reader, path, t, 0, 3) == "ABCDEF");
  CHECK(read_part(reader, path, t, 1, 2) == "CDEF");
  CHECK(read_part(reader, path, t, 2, 1) == "EF");
}

TEST_CASE("more files than are kept open are read in any order", "[read_tensor]") {
  folder const work;
  indexed_tensor const t{"t", dtype::int8, {1}, {{0, 1}}, 1, 0};
  std::vector<std::string> paths;
  for (int i = 0; i < 150; ++i)
    paths.push_back(
        write(work.path + "/" + std::to_string(i), std::string(1, static_cast<char>(i))));
  tensor_reader reader;
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < paths.size(); ++i) {
      std::size_t const at = i * 67 % paths.size();
      REQUIRE(read_part(reader, paths[at], t, 0, 1)[0] == static_cast<char>(at));
    }
}

TEST_CASE("a file that has become shorter names path and byte", "[read_tensor]") {
  folder const work;
  std::string const path = write(work.path + "/f", std::string{"abc"});
  indexed_tensor const t{"t", dtype::int8, {5}, {{0, 5}}, 1, 0};
  tensor_reader reader;
  try {
    (void)read_part(reader, path, t, 1, 4);
    FAIL("nothing was thrown");
  } catch (codec_error const& e) {
    CHECK(e.code() == errc::file_is_truncated);
    CHECK(e.path() == path);
    CHECK(e.byte() == 1);
  }
  CHECK_THROWS_AS(read_part(reader, work.path + "/none", t, 0, 1), codec_error);
}

}  // namespace read_tensor_test
