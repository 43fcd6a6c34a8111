#include "ckpt_files.hpp"

namespace ckpt_test {

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

}  // namespace ckpt_test
