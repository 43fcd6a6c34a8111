#include "ckpt_files.hpp"

namespace ckpt_index_test {

using namespace ckpt_files;

TEST_CASE("a scalar has no dims, or dims [0]; a string has as many characters as bytes/4",
          "[ckpt_index]") {
  CHECK(only_tensor(record("s", {}, "Bool", "\1")).shape.empty());
  CHECK(only_tensor(record("s", {0}, "Int32", "abcd")).shape.empty());
  CHECK(only_tensor(record("s", {1}, "Int32", "abcd")).shape == std::vector<index_t>{1});
  CHECK(only_tensor(record("s", {0}, "str", zeros(4))).shape == std::vector<index_t>{1});
  CHECK(only_tensor(record("s", {0}, "str", "")).shape == std::vector<index_t>{0});
  CHECK(index_error(record("s", {0}, "str", "abcde")).tensor() == "s");
  CHECK(index_error(record("s", {2}, "str", "abcdefgh")).tensor() == "s");
  CHECK(index_error(record("s", {0}, "Int32", "")).tensor() == "s");
}

TEST_CASE("BFloat16 may be kept as float32", "[ckpt_index]") {
  auto const four = only_tensor(record("b", {3}, "BFloat16", zeros(12)));
  CHECK(four.stored_item_bytes == 4);
  CHECK(four.stored_item_offset == 2);
  auto const two = only_tensor(record("b", {3}, "BFloat16", zeros(6)));
  CHECK(two.stored_item_bytes == 2);
  CHECK(two.stored_item_offset == 0);
  CHECK(only_tensor(record("b", {}, "BFloat16", zeros(4))).stored_item_bytes == 4);
  CHECK(only_tensor(record("b", {0, 2}, "BFloat16", "")).stored_item_bytes == 2);
  for (std::size_t const n : {0U, 5U, 7U, 11U, 13U, 24U})
    CHECK(index_error(record("b", {3}, "BFloat16", zeros(n))).tensor() == "b");
  CHECK(index_error(record("h", {3}, "Float16", zeros(12))).tensor() == "h");
}

TEST_CASE("zero elements need no content", "[ckpt_index]") {
  for (std::vector<index_t> const& dims :
       {std::vector<index_t>{0, 4}, {3, 0}, {0, 0}, {0, max_index, max_index}}) {
    auto const t = only_tensor(record("z", dims, "Float32", ""));
    CHECK(t.shape == dims);
    CHECK(t.ranges.empty());
  }
}

TEST_CASE("adjacent chunks are one tensor; they may cut an element", "[ckpt_index]") {
  std::string const a = record("t", {2}, "Int32", "abc");
  std::string const b = record("t", {2}, "Int32", "");
  std::string const c = record("t", {2}, "Int32", "defgh");
  auto const t = only_tensor(a + b + c);
  CHECK(gathered(a + b + c, t) == "abcdefgh");
  CHECK(t.ranges.size() == 2);
}

TEST_CASE("chunks that disagree or are apart are errors with name and byte", "[ckpt_index]") {
  std::string const a = record("t", {2}, "Int32", "abcd");
  auto const dims = index_error(a + record("t", {3}, "Int32", "efgh"));
  CHECK(dims.tensor() == "t");
  CHECK(dims.byte() == static_cast<std::int64_t>(a.size()));
  CHECK(index_error(a + record("t", {2}, "UInt32", "efgh")).tensor() == "t");
  std::string const whole = record("t", {2}, "Int32", "abcdefgh") + record("u", {}, "Int8", "u");
  auto const apart = index_error(whole + record("t", {2}, "Int32", "ABCDEFGH"));
  CHECK(files::contains(apart.what(), "not adjacent"));
  CHECK(apart.tensor() == "t");
  CHECK(apart.byte() == static_cast<std::int64_t>(whole.size()));
}

TEST_CASE("content must fill the tensor exactly", "[ckpt_index]") {
  for (std::size_t const n : {0U, 23U, 25U, 48U}) {
    auto const e = index_error(record("t", {2, 3}, "Float32", zeros(n)));
    CHECK(e.code() == errc::file_is_malformed);
    CHECK(files::contains(e.what(), std::to_string(n) + " bytes"));
    CHECK(files::contains(e.what(), "24"));
  }
}

TEST_CASE("negative and overflowing dims are errors", "[ckpt_index]") {
  for (std::vector<index_t> const& dims : {std::vector<index_t>{-1},
                                           {-1, -1},
                                           {0, -1},
                                           {max_index},
                                           {1 << 30, 1 << 30, 8},
                                           {INT64_MIN}}) {
    auto const e = index_error(record("t", dims, "Float32", "abcd"));
    CHECK(e.code() == errc::file_is_malformed);
    CHECK(e.tensor() == "t");
  }
  CHECK(index_error(record("t", std::vector<index_t>(65, 1), "Int8", "a")).tensor() == "t");
}

TEST_CASE("real 4-byte BFloat16 is two bytes apart from itself", "[ckpt_index]") {
  // 1.5 and -2 as float32: their upper halves are the elements
  std::string const wide = files::from_hex("0000c03f000000c0");
  std::string const bytes = record("b", {2}, "BFloat16", wide);
  auto const t = only_tensor(bytes);
  std::string items;
  for (std::size_t i = 0; i < 2; ++i)
    items += gathered(bytes, t).substr(i * t.stored_item_bytes + t.stored_item_offset, 2);
  CHECK(items == files::from_hex("c03f00c0"));
}

TEST_CASE("chunks join over any cuts", "[ckpt_index]") {
  std::string const content = "abcdefghijklmnop";
  for (std::size_t first = 0; first <= content.size(); ++first)
    for (std::size_t second = first; second <= content.size(); ++second) {
      std::string const bytes =
          record("before", {}, "Int8", "x") + record("t", {4}, "Int32", content.substr(0, first)) +
          record("t", {4}, "Int32", content.substr(first, second - first)) +
          record("t", {4}, "Int32", content.substr(second)) + record("after", {}, "Int8", "y");
      files::temporary_folder const folder;
      file_index const index = index_of(folder, bytes);
      REQUIRE(index.tensors.size() == 3);
      REQUIRE(gathered(bytes, index.tensors[1]) == content);
      for (byte_range const& range : index.tensors[1].ranges) REQUIRE(range.bytes > 0);
    }
}

TEST_CASE("the parts of a tensor that is too short name its last record", "[ckpt_index]") {
  std::string const first = record("t", {4}, "Int32", "abcdefgh");
  auto const e = index_error(first + record("t", {4}, "Int32", "ijkl"));
  CHECK(e.tensor() == "t");
  CHECK(e.byte() == static_cast<std::int64_t>(first.size()));
  CHECK(files::contains(e.what(), "12 bytes"));
  CHECK(files::contains(e.what(), "16"));
}

TEST_CASE("metadata entries are tensors like others", "[ckpt_index]") {
  files::temporary_folder const folder;
  std::string const bytes = record("epoch_num", {}, "Int64", std::string("\3\0\0\0\0\0\0\0", 8)) +
                            record("loss_scale", {1}, "Float32", zeros(4)) +
                            record("ok", {}, "Bool", "\1") +
                            record("note", {0}, "str", files::from_hex("e4000000"));
  file_index const index = index_of(folder, bytes);
  REQUIRE(index.tensors.size() == 4);
  CHECK(index.tensors[0].shape.empty());
  CHECK(index.tensors[1].shape == std::vector<index_t>{1});
  CHECK(index.tensors[2].type == dtype::boolean);
  CHECK(index.tensors[3].shape == std::vector<index_t>{1});
  CHECK(index.metadata.empty());
}

TEST_CASE("a file of records that are no tensors is none", "[ckpt_index]") {
  CHECK(index_error(files::from_hex("3a0161")).code() == errc::file_is_malformed);  // field 7 only
  files::temporary_folder const folder;
  random_access_file const noise{folder.write("f", "\nnot a record")};
  CHECK_FALSE(recognises_ckpt(noise));
  random_access_file const empty{folder.write("g", "")};
  CHECK_FALSE(recognises_ckpt(empty));
}

}  // namespace ckpt_index_test
