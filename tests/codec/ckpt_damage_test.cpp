#include "ckpt_files.hpp"

#include <reshard/codec/kind.hpp>

#include <chrono>

using namespace ckpt_files;

namespace {
std::string const three = record("a.weight", {2, 3}, "Float32", std::string(24, 'w')) +
                          record("step", {}, "Int64", "12345678") +
                          record("chunked", {10}, "Int8", "1234567") +
                          record("chunked", {10}, "Int8", "890");

/// A sparse file: the heads of an image, holes for the contents.
std::string sparse(files::temporary_folder const& folder, file_image const& image) {
  std::string const path = folder / "sparse.ckpt";
  {
    std::ofstream out{path, std::ios::binary};
    for (image_literal const& literal : image.literals) {
      out.seekp(static_cast<std::streamoff>(literal.offset));
      out << literal.bytes;
    }
  }
  std::filesystem::resize_file(path, image.size);
  return path;
}

double seconds_of(auto&& call) {
  auto const begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Every byte range of an index lies in the file; the sizes are those of the shapes.
void check_sound(file_index const& index, std::uint64_t size) {
  for (indexed_tensor const& t : index.tensors) {
    std::uint64_t bytes = 0;
    for (byte_range const& range : t.ranges) {
      REQUIRE(range.offset <= size);
      REQUIRE(range.bytes <= size - range.offset);
      bytes += range.bytes;
    }
    REQUIRE(bytes == elements(t.shape) * t.stored_item_bytes);
  }
}
}  // namespace

TEST_CASE("every truncation is an error with file and byte, or ends between tensors", "[ckpt]") {
  files::temporary_folder const folder;
  std::size_t whole = 0;
  for (std::size_t n = 0; n < three.size(); ++n) {
    INFO(n);
    try {
      file_index const index = index_of(folder, three.substr(0, n));
      Checkpoint message;
      REQUIRE(message.ParseFromString(three.substr(0, n)));
      REQUIRE(index.tensors.size() == static_cast<std::size_t>(message.value_size()));
      ++whole;
    } catch (codec_error const& e) {
      CHECK(e.path() == folder / "m.ckpt");
      CHECK(e.byte() >= 0);
      CHECK(e.byte() <= static_cast<std::int64_t>(n));
      CHECK((e.code() == errc::file_is_truncated || e.code() == errc::file_is_malformed));
    }
  }
  CHECK(whole == 2);  // after a.weight, after step
}

TEST_CASE("every truncation of a real file", "[ckpt]") {
  files::temporary_folder const folder;
  for (char const* const name :
       {"mindspore/save_dtypes/expected/m.ckpt", "mindspore/crc_ckpt/expected/m.ckpt"}) {
    std::string const bytes = files::content(files::data(name));
    for (std::size_t n = 0; n < bytes.size(); n += 1 + n / 2000) {
      try {
        check_sound(index_of(folder, bytes.substr(0, n)), n);
      } catch (codec_error const& e) {
        REQUIRE(e.path() == folder / "m.ckpt");
        REQUIRE(e.byte() >= 0);
      }
    }
  }
}

TEST_CASE("damaged bytes never lead outside of the file", "[ckpt]") {
  files::temporary_folder const folder;
  std::mt19937_64 random{99};
  std::string const real = files::content(files::data("mindspore/crc_ckpt/expected/m.ckpt"));
  int errors = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string bytes = round % 2 == 0 ? three : real;
    for (std::size_t flips = 1 + random() % 3; flips > 0; --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    random_access_file const file{folder.write("m.ckpt", bytes)};
    (void)kind_of(file);
    try {
      check_sound(ckpt_index(file), bytes.size());
    } catch (codec_error const& e) {
      REQUIRE(e.path() == file.path());
      REQUIRE(e.byte() >= 0);
      ++errors;
    }
  }
  CHECK(errors > 1000);
}

TEST_CASE("hostile lengths are errors", "[ckpt]") {
  for (char const* const hex : {
           "0affffffffffffffffff01",      // a record of 2^64 - 1 bytes
           "0affffffffffffffff7f0a0161",  // of 2^63 - 1
           "0affffffffffffffff7f0a0161120908011204496e74381affffffffffffffff7f",  // its content too
           "0a0d0a0161120808ffffffffffffffff7f",  // a dim without a tensor
       }) {
    auto const e = index_error(files::from_hex(hex));
    CHECK(e.byte() >= 0);
  }
}

TEST_CASE("tensors of more than 2 GiB in chunks of 512 MiB", "[ckpt]") {
  files::temporary_folder const folder;
  std::vector<image_entry> const entries{{"big", dtype::float32, {640, 1 << 20}},
                                         {"small", dtype::int8, {3}},
                                         {"odd", dtype::bfloat16, {(1 << 28) + 1}}};
  file_image const image = ckpt_image(entries, {});
  CHECK(image.size > std::uint64_t{3} << 30);
  CHECK(image.ranges[0].size() == 5);
  CHECK(image.ranges[2].size() == 2);
  CHECK(image.ranges[2][1].bytes == 2);
  random_access_file const file{sparse(folder, image)};
  file_index index;
  CHECK(seconds_of([&] { index = ckpt_index(file); }) < 1);
  REQUIRE(index.tensors.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(index.tensors[i].shape == entries[i].shape);
    CHECK(index.tensors[i].ranges == image.ranges[i]);
  }
  std::filesystem::resize_file(file.path(), image.size - 1);
  random_access_file const cut{file.path()};
  auto const e = files::error_of([&] { (void)ckpt_index(cut); });
  CHECK(e.code() == errc::file_is_truncated);
  CHECK(e.tensor() == "odd");
}

TEST_CASE("one record of more than 4 GiB", "[ckpt]") {
  files::temporary_folder const folder;
  std::vector<image_entry> const entries{{"huge", dtype::int64, {(1LL << 29) + 5}},
                                         {"after", dtype::int64, {}}};
  file_image const image = ckpt_image(entries, {.chunk_bytes = std::uint64_t{1} << 40});
  REQUIRE(image.ranges[0].size() == 1);
  random_access_file const file{sparse(folder, image)};
  file_index index;
  CHECK(seconds_of([&] { index = ckpt_index(file); }) < 1);
  REQUIRE(index.tensors.size() == 2);
  CHECK(index.tensors[0].ranges == image.ranges[0]);
  CHECK(index.tensors[1].ranges == image.ranges[1]);
  CHECK(kind_of(file) == file_kind::ckpt);
}

TEST_CASE("100,000 small tensors", "[ckpt]") {
  files::temporary_folder const folder;
  std::vector<image_entry> entries;
  for (int i = 0; i < 100'000; ++i)
    entries.push_back({"layers." + std::to_string(i) + ".weight", dtype::float32, {2, i % 7 + 1}});
  file_image const image = ckpt_image(entries, {});
  std::vector<std::string> contents;
  for (image_entry const& entry : entries) contents.emplace_back(elements(entry.shape) * 4, 'x');
  random_access_file const file{folder.write("m.ckpt", filled(image, contents))};
  file_index index;
  double const seconds = seconds_of([&] { index = ckpt_index(file); });
  WARN("100,000 tensors are indexed in " << seconds << " s");
  REQUIRE(index.tensors.size() == entries.size());
  CHECK(index.tensors.back().shape == entries.back().shape);
  CHECK(index.tensors.back().ranges == image.ranges.back());
}

TEST_CASE("all real files agree with protobuf", "[ckpt]") {
  std::size_t compared = 0;
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".ckpt")) {
    random_access_file const file{path};
    if (kind_of(file) != file_kind::ckpt || files::contains(path, "err_corrupt_ckpt/src/rank_1"))
      continue;
    INFO(path);
    std::string const bytes = files::content(path);
    file_index const index = ckpt_index(file);
    Checkpoint message;
    REQUIRE(message.ParseFromString(
        bytes.substr(0, index.crc ? index.covered[0].range.bytes : bytes.size())));
    REQUIRE(index.tensors.size() == static_cast<std::size_t>(message.value_size()));
    for (int i = 0; i < message.value_size(); ++i) {
      TensorProto const& tensor = message.value(i).tensor();
      indexed_tensor const& t = index.tensors[static_cast<std::size_t>(i)];
      std::vector<index_t> shape{tensor.dims().begin(), tensor.dims().end()};
      if (shape == std::vector<index_t>{0}) shape.clear();
      if (tensor.tensor_type() == "str")
        shape = {static_cast<index_t>(tensor.tensor_content().size() / 4)};
      CHECK(t.name == message.value(i).tag());
      CHECK(name_of(t.type) == tensor.tensor_type());
      CHECK(t.shape == shape);
      CHECK(gathered(bytes, t) == tensor.tensor_content());
    }
    check_sound(index, bytes.size());
    ++compared;
  }
  CHECK(compared > 80);
}

TEST_CASE("a real truncated file", "[ckpt]") {
  random_access_file const file{files::data("mindspore/err_corrupt_ckpt/src/rank_1/m-1_10.ckpt")};
  auto const e = files::error_of([&] { (void)ckpt_index(file); });
  CHECK(e.code() == errc::file_is_truncated);
  CHECK(e.tensor() == "b");
  CHECK(recognises_ckpt(file));
}
