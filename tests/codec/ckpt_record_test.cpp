#include "ckpt_files.hpp"

namespace ckpt_record_test {

using namespace ckpt_files;
using files::from_hex;

namespace {
std::vector<detail::ckpt_record> records_of(std::string const& bytes, std::uint64_t end) {
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m.ckpt", bytes)};
  detail::ckpt_records all{file, end};
  std::vector<detail::ckpt_record> out;
  while (auto record = all.next()) out.push_back(std::move(*record));
  return out;
}
std::vector<detail::ckpt_record> records_of(std::string const& bytes) {
  return records_of(bytes, bytes.size());
}

codec_error record_error(std::string const& bytes) {
  return files::error_of([&] { (void)records_of(bytes); });
}
}  // namespace

TEST_CASE("a record says where it begins and where its content lies", "[ckpt_record]") {
  std::string const a = record("a", {2, 3}, "Int8", "abcdef");
  std::string const b = record("b", {}, "Int64", "12345678");
  auto const found = records_of(a + b);
  REQUIRE(found.size() == 2);
  CHECK(found[0].offset == 0);
  CHECK(found[0].name == "a");
  CHECK(found[0].type == "Int8");
  CHECK(found[0].dims == std::vector<std::uint64_t>{2, 3});
  CHECK(found[0].content == byte_range{a.size() - 6, 6});
  CHECK_FALSE(found[0].is_map);
  CHECK(found[1].offset == a.size());
  CHECK(found[1].dims.empty());
  CHECK(found[1].content == byte_range{a.size() + b.size() - 8, 8});
}

TEST_CASE("records end where the trailer begins", "[ckpt_record]") {
  std::string const a = record("a", {1}, "Int8", "a");
  std::string const b = record("b", {1}, "Int8", "b");
  CHECK(records_of(a + b, a.size()).size() == 1);
  CHECK(records_of(a + b, 0).empty());
  files::temporary_folder const folder;
  random_access_file const file{folder.write("m.ckpt", a + b)};
  detail::ckpt_records reaching{file, a.size() + 1};
  CHECK(reaching.next().has_value());
  auto const e = files::error_of([&] { (void)reaching.next(); });
  CHECK(e.code() == errc::file_is_truncated);
  CHECK(e.tensor() == "b");
}

TEST_CASE("several values in one message are several records", "[ckpt_record]") {
  Checkpoint message;
  for (char const* const name : {"a", "b", "c"}) {
    Checkpoint::Value& value = *message.add_value();
    value.set_tag(name);
    value.mutable_tensor()->set_tensor_type("Int8");
    value.mutable_tensor()->set_tensor_content("x");
  }
  auto const found = records_of(message.SerializeAsString());
  REQUIRE(found.size() == 3);
  CHECK(found[2].name == "c");
}

TEST_CASE("what a record must have is named", "[ckpt_record]") {
  auto const without = [](auto&& remove) {
    Checkpoint message;
    Checkpoint::Value& value = *message.add_value();
    value.set_tag("w");
    value.mutable_tensor()->set_tensor_type("Int8");
    value.mutable_tensor()->set_tensor_content("x");
    remove(value);
    return record_error(message.SerializePartialAsString());
  };
  auto const tag = without([](auto& v) { v.clear_tag(); });
  CHECK(files::contains(tag.what(), "record without tag"));
  CHECK(tag.byte() == 0);
  auto const tensor = without([](auto& v) { v.clear_tensor(); });
  CHECK(files::contains(tensor.what(), "record without tensor"));
  CHECK(tensor.tensor() == "w");
  auto const type = without([](auto& v) { v.mutable_tensor()->clear_tensor_type(); });
  CHECK(files::contains(type.what(), "record without tensor_type"));
  CHECK(type.tensor() == "w");
  auto const content = without([](auto& v) { v.mutable_tensor()->clear_tensor_content(); });
  CHECK(files::contains(content.what(), "record without tensor_content"));
}

TEST_CASE("a map parameter is told", "[ckpt_record]") {
  Checkpoint message;
  message.add_value()->set_tag("table");
  TensorProto& keys = *message.mutable_value(0)->mutable_maptensor()->add_tensor();
  keys.set_tensor_type("int32");
  keys.set_tensor_content("");
  auto const found = records_of(message.SerializeAsString());
  REQUIRE(found.size() == 1);
  CHECK(found[0].is_map);
  // tag "w", an empty tensor message, an empty map: one of them must go
  CHECK(record_error(from_hex("0a070a01771a001a00")).code() == errc::file_is_malformed);
}

TEST_CASE("packed dims and unknown fields are read", "[ckpt_record]") {
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

TEST_CASE("fields come in any order, but singular ones once", "[ckpt_record]") {
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

}  // namespace ckpt_record_test
