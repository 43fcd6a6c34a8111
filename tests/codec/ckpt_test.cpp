#include "ckpt_files.hpp"

using namespace ckpt_files;
using files::from_hex;

namespace {
std::string const w_hex =
    "0a2c0a01771227080208031207466c6f617433321a18000000000000803f0000004000004040000080400000a040";
std::string const step_hex = "0a190a047374657012111205496e7436341a086400000000000000";
std::string const note_hex = "0a190a046e6f74651211080012037374721a086100000062000000";
std::string const crc_hex = "6372635f6e756d000000000000a88248e5";
std::string const golden = from_hex(w_hex + step_hex + note_hex);

std::vector<image_entry> const golden_entries{
    {"w", dtype::float32, {2, 3}}, {"step", dtype::int64, {}}, {"note", dtype::string, {2}}};

indexed_tensor only_tensor(std::string const& bytes) {
  files::temporary_folder const folder;
  file_index const index = index_of(folder, bytes);
  REQUIRE(index.tensors.size() == 1);
  return index.tensors[0];
}

std::string zeros(std::size_t n) {
  return std::string(n, '\0');
}
}  // namespace

TEST_CASE("an image has the bytes that MindSpore writes", "[ckpt]") {
  std::vector<std::string> const contents{golden.substr(22, 24), golden.substr(65, 8),
                                          golden.substr(92, 8)};
  CHECK(filled(ckpt_image(golden_entries, {}), contents) == golden);
  CHECK(filled(ckpt_image(golden_entries, {.crc = true}), contents) == golden + from_hex(crc_hex));
}

TEST_CASE("an index names type, shape and place of each tensor", "[ckpt]") {
  files::temporary_folder const folder;
  file_index const index = index_of(folder, golden);
  REQUIRE(index.tensors.size() == 3);
  CHECK(index.tensors[0] == indexed_tensor{"w", dtype::float32, {2, 3}, {{22, 24}}, 4, 0});
  CHECK(index.tensors[1] == indexed_tensor{"step", dtype::int64, {}, {{65, 8}}, 8, 0});
  CHECK(index.tensors[2] == indexed_tensor{"note", dtype::string, {2}, {{92, 8}}, 4, 0});
}

TEST_CASE("index reverses image, and protobuf writes the same bytes", "[ckpt]") {
  std::mt19937_64 random{20261123};
  files::temporary_folder const folder;
  for (int round = 0; round < 300; ++round) {
    random_tensors const some{random};
    std::uint64_t const chunk = 1 + random() % 40;
    file_image const image =
        ckpt_image(some.entries, {.chunk_bytes = chunk, .crc = round % 2 == 0});
    std::string const bytes = filled(image, some.contents);
    std::string expected;
    for (std::size_t i = 0; i < some.entries.size(); ++i) {
      image_entry const& entry = some.entries[i];
      auto const dims = entry.type == dtype::string ? std::vector<index_t>{0} : entry.shape;
      std::size_t done = 0;
      do {
        std::string const part = some.contents[i].substr(done, chunk);
        expected += record(entry.name, dims, std::string{name_of(entry.type)}, part);
        done += part.size();
      } while (done < some.contents[i].size());
    }
    REQUIRE(bytes.substr(0, expected.size()) == expected);
    file_index const index = index_of(folder, bytes);
    REQUIRE(index.tensors.size() == some.entries.size());
    CHECK(index.crc.has_value() == (round % 2 == 0));
    for (std::size_t i = 0; i < some.entries.size(); ++i) {
      CHECK(index.tensors[i].name == some.entries[i].name);
      CHECK(index.tensors[i].type == some.entries[i].type);
      CHECK(index.tensors[i].shape == some.entries[i].shape);
      CHECK(index.tensors[i].ranges == image.ranges[i]);
      CHECK(gathered(bytes, index.tensors[i]) == some.contents[i]);
    }
  }
}

TEST_CASE("packed dims and unknown fields are read", "[ckpt]") {
  std::mt19937_64 random{7};
  files::temporary_folder const folder;
  for (int round = 0; round < 100; ++round) {
    random_tensors const some{random};
    PackedCheckpoint message;
    if (round % 2 == 0) message.set_remark("unknown");
    for (std::size_t i = 0; i < some.entries.size(); ++i) {
      PackedCheckpoint::Value& value = *message.add_value();
      value.set_tag(some.entries[i].name);
      PackedTensorProto& tensor = *value.mutable_tensor();
      if (some.entries[i].type == dtype::string) {
        tensor.add_dims(0);
      } else {
        for (index_t const dim : some.entries[i].shape) tensor.add_dims(dim);
      }
      tensor.set_tensor_type(std::string{name_of(some.entries[i].type)});
      tensor.set_tensor_content(some.contents[i]);
      if (random() % 2 == 0) tensor.set_remark(std::string(random() % 300, 'r'));
      if (random() % 2 == 0) tensor.set_number(random());
      if (random() % 2 == 0) tensor.set_small_number(1);
      if (random() % 2 == 0) value.set_counter(-1);
    }
    std::string const bytes = message.SerializeAsString();
    file_index const index = index_of(folder, bytes);
    REQUIRE(index.tensors.size() == some.entries.size());
    for (std::size_t i = 0; i < some.entries.size(); ++i) {
      CHECK(index.tensors[i].shape == some.entries[i].shape);
      CHECK(gathered(bytes, index.tensors[i]) == some.contents[i]);
    }
  }
}

TEST_CASE("fields come in any order, but singular ones once", "[ckpt]") {
  // content, type, dims, then the name
  std::string const tensor =
      "1a0411223344"
      "1207466c6f61743332"
      "0801";
  auto const t =
      only_tensor(from_hex("0a1812"
                           "11" +
                           tensor + "0a0378797a"));
  CHECK(t == indexed_tensor{"xyz", dtype::float32, {1}, {{6, 4}}, 4, 0});
  auto const twice =
      index_error(from_hex("0a1b12"
                           "11" +
                           tensor + "0a0378797a" + "0a0178"));
  CHECK(twice.code() == errc::file_is_malformed);
  CHECK(twice.byte() == 26);
}

TEST_CASE("a scalar has no dims, or dims [0]; a string has as many characters as bytes/4",
          "[ckpt]") {
  CHECK(only_tensor(record("s", {}, "Bool", "\1")).shape.empty());
  CHECK(only_tensor(record("s", {0}, "Int32", "abcd")).shape.empty());
  CHECK(only_tensor(record("s", {1}, "Int32", "abcd")).shape == std::vector<index_t>{1});
  CHECK(only_tensor(record("s", {0}, "str", zeros(4))).shape == std::vector<index_t>{1});
  CHECK(only_tensor(record("s", {0}, "str", "")).shape == std::vector<index_t>{0});
  CHECK(index_error(record("s", {0}, "str", "abcde")).tensor() == "s");
  CHECK(index_error(record("s", {2}, "str", "abcdefgh")).tensor() == "s");
  CHECK(index_error(record("s", {0}, "Int32", "")).tensor() == "s");
}

TEST_CASE("BFloat16 may be kept as float32", "[ckpt]") {
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

TEST_CASE("zero elements need no content", "[ckpt]") {
  for (std::vector<index_t> const& dims :
       {std::vector<index_t>{0, 4}, {3, 0}, {0, 0}, {0, max_index, max_index}}) {
    auto const t = only_tensor(record("z", dims, "Float32", ""));
    CHECK(t.shape == dims);
    CHECK(t.ranges.empty());
  }
}

TEST_CASE("adjacent chunks are one tensor; they may cut an element", "[ckpt]") {
  std::string const a = record("t", {2}, "Int32", "abc");
  std::string const b = record("t", {2}, "Int32", "");
  std::string const c = record("t", {2}, "Int32", "defgh");
  auto const t = only_tensor(a + b + c);
  CHECK(gathered(a + b + c, t) == "abcdefgh");
  CHECK(t.ranges.size() == 2);
}

TEST_CASE("chunks that disagree or are apart are errors with name and byte", "[ckpt]") {
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

TEST_CASE("content must fill the tensor exactly", "[ckpt]") {
  for (std::size_t const n : {0U, 23U, 25U, 48U}) {
    auto const e = index_error(record("t", {2, 3}, "Float32", zeros(n)));
    CHECK(e.code() == errc::file_is_malformed);
    CHECK(files::contains(e.what(), std::to_string(n) + " bytes"));
    CHECK(files::contains(e.what(), "24"));
  }
}

TEST_CASE("negative and overflowing dims are errors", "[ckpt]") {
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

TEST_CASE("what is not supported is refused by name", "[ckpt]") {
  auto const type = index_error(record("t", {1}, "Quaternion", "abcd"));
  CHECK(type.code() == errc::value_is_not_supported);
  CHECK(files::contains(type.what(), "Quaternion"));
  CHECK(index_error(record("t", {1}, "", "a")).code() == errc::value_is_not_supported);
  Checkpoint message;
  message.add_value()->set_tag("table");
  for (int i = 0; i < 3; ++i) {
    TensorProto& part = *message.mutable_value(0)->mutable_maptensor()->add_tensor();
    part.set_tensor_type("int32");
    part.set_tensor_content("");
  }
  auto const map = index_error(message.SerializeAsString());
  CHECK(map.code() == errc::value_is_not_supported);
  CHECK(map.tensor() == "table");
  CHECK(index_error("").code() == errc::file_is_malformed);
  CHECK(index_error(record("", {1}, "Int8", "a")).code() == errc::file_is_malformed);
}

TEST_CASE("all types of the table are written and read", "[ckpt]") {
  for (dtype_facts const& row : dtype_table) {
    if (row.type == dtype::string || row.mindspore.empty()) continue;
    auto const t =
        only_tensor(record("t", {3}, std::string{row.mindspore}, zeros(3 * row.bits / 8)));
    CHECK(t.type == row.type);
    CHECK(t.stored_item_bytes == row.bits / 8);
  }
}

TEST_CASE("encrypted files are refused with their mode", "[ckpt]") {
  for (auto const& [name, mode] : {std::pair{"enc_aes_gcm", "AES-GCM"},
                                   {"enc_aes_cbc", "AES-CBC"},
                                   {"enc_sm4_cbc", "SM4-CBC"}}) {
    random_access_file const file{
        files::data("mindspore/" + std::string{name} + "/expected/m.ckpt")};
    auto const e = files::error_of([&] { (void)ckpt_index(file); });
    CHECK(e.code() == errc::file_is_encrypted);
    CHECK(files::contains(e.what(), mode));
    CHECK_FALSE(recognises_ckpt(file));
  }
}

TEST_CASE("an image refuses what a file cannot hold", "[ckpt]") {
  auto const error = [](image_entry entry, image_options options = {}) {
    return files::error_of([&] { (void)ckpt_image(std::span{&entry, 1}, options); });
  };
  CHECK(error({"empty", dtype::float32, {0}}).tensor() == "empty");
  CHECK(error({"empty", dtype::float32, {0}}).code() == errc::value_is_not_supported);
  CHECK(error({"s", dtype::string, {}}).tensor() == "s");
  CHECK(error({"t", dtype::int8, {-1}}).tensor() == "t");
  CHECK(error({"t", dtype::int8, {max_index, 4}}).tensor() == "t");
  CHECK(error({"t", dtype::int64, {max_index / 8}}).tensor() == "t");
  CHECK(error({"", dtype::int8, {1}}).code() == errc::value_is_not_supported);
  CHECK(error({"\xff", dtype::int8, {1}}).code() == errc::value_is_not_supported);
  CHECK(error({"t", dtype::int8, {1}}, {.chunk_bytes = 0}).code() == errc::value_is_not_supported);
  for (dtype_facts const& row : dtype_table) {
    if (!row.mindspore.empty()) continue;
    auto const e = error({"t", row.type, {4}});
    CHECK(e.code() == errc::value_is_not_supported);
    CHECK(files::contains(e.what(), std::string{row.safetensors}));
  }
  CHECK(files::contains(error({"t", dtype::int8, {1}}, {.metadata = {{"format", "ms"}}}).what(),
                        "metadata"));
  std::vector<image_entry> const same{{"t", dtype::int8, {1}}, {"t", dtype::int8, {1}}};
  CHECK(files::error_of([&] { (void)ckpt_image(same, {}); }).tensor() == "t");
}

TEST_CASE("the format is known by name", "[ckpt]") {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m.ckpt", golden)};
  CHECK(ckpt_format.name == "ckpt");
  CHECK(ckpt_format.extension == ".ckpt");
  CHECK(ckpt_format.recognises(file));
  CHECK(ckpt_format.index(file).tensors.size() == 3);
}
