#include "ckpt_files.hpp"

namespace file_index_test {

using namespace ckpt_files;

TEST_CASE("files of equal heads have equal indexes, whatever they contain", "[file_index]") {
  files::temporary_folder const folder;
  auto const file = [](char fill) {
    return record("w", {2, 3}, "Int8", std::string(6, fill)) + record("s", {}, "Int8", "1");
  };
  file_index const a = index_of(folder, file('a'));
  CHECK(a == index_of(folder, file('b')));
  CHECK_FALSE(
      a == index_of(folder, record("w", {3, 2}, "Int8", "abcdef") + record("s", {}, "Int8", "1")));
  CHECK_FALSE(
      a == index_of(folder, record("w", {2, 3}, "UInt8", "abcdef") + record("s", {}, "Int8", "1")));
  CHECK_FALSE(
      a == index_of(folder, record("v", {2, 3}, "Int8", "abcdef") + record("s", {}, "Int8", "1")));
  CHECK_FALSE(a == index_of(folder, record("w", {2, 3}, "Int8", "abcdef")));
}

TEST_CASE("the same tensors in other places are another index", "[file_index]") {
  files::temporary_folder const folder;
  file_index const whole = index_of(folder, record("w", {4}, "Int8", "abcd"));
  file_index const chunked =
      index_of(folder, record("w", {4}, "Int8", "ab") + record("w", {4}, "Int8", "cd"));
  CHECK(whole.tensors[0].shape == chunked.tensors[0].shape);
  CHECK_FALSE(whole == chunked);
}

TEST_CASE("a format is its pure functions", "[file_index]") {
  files::temporary_folder const folder;
  image_entry const entry{"w", dtype::int8, {2}};
  std::string const bytes = filled(ckpt_format.image(std::span{&entry, 1}, {}), {"ab"});
  random_access_file const file{folder.write("f", bytes)};
  CHECK(ckpt_format.recognises(file));
  CHECK(ckpt_format.index(file) == ckpt_index(file));
}

}  // namespace file_index_test
