#include "files.hpp"

#include <reshard/codec/weight_index.hpp>

#include <filesystem>

using namespace reshard;
using files::error_of;

namespace {
indexed_tensor tensor(std::string const& name, dtype type = dtype::float32,
                      std::vector<index_t> const& shape = {1}) {
  return {name, type, shape, {{0, 4}}, 4, 0};
}

/// "file|tensor|what" of the findings of one severity.
std::vector<std::string> findings(std::vector<index_finding> const& all, severity how_bad) {
  std::vector<std::string> out;
  for (index_finding const& f : all)
    if (f.how_bad == how_bad) out.push_back(f.file + "|" + f.tensor + "|" + f.what);
  return out;
}

weight_index const two{{{"total_size", "12"}}, {{"a", "1.st"}, {"b", "1.st"}, {"c", "2.st"}}, {}};
file_index const ab{{tensor("a"), tensor("b")}, {}, {}, {}, {}};
file_index const c{{tensor("c")}, {}, {}, {}, {}};
}  // namespace

TEST_CASE("an index that fits its shards has no findings", "[weight_index]") {
  CHECK(check_shards(two, std::vector<weight_shard>{{"1.st", &ab}, {"2.st", &c}}).empty());
}

TEST_CASE("missing files and tensors are errors", "[weight_index]") {
  auto const none = check_shards(two, {});
  CHECK(findings(none, severity::error) ==
        std::vector<std::string>{
            "1.st||the file is missing; the index places 2 tensors there, 'a' the first",
            "2.st||the file is missing; the index places 1 tensors there, 'c' the first"});
  file_index const a{{tensor("a")}, {}, {}, {}, {}};
  file_index const bc{{tensor("b"), tensor("c")}, {}, {}, {}, {}};
  auto const moved = check_shards(two, std::vector<weight_shard>{{"1.st", &a}, {"2.st", &bc}});
  CHECK(findings(moved, severity::error) ==
        std::vector<std::string>{"1.st|b|the file does not hold the tensor, 2.st does"});
  auto const lost = check_shards(two, std::vector<weight_shard>{{"1.st", &a}, {"2.st", &c}});
  CHECK(findings(lost, severity::error) ==
        std::vector<std::string>{"1.st|b|the file does not hold the tensor"});
}

TEST_CASE("what the index does not name is a warning", "[weight_index]") {
  file_index const abx{{tensor("a"), tensor("b"), tensor("x")}, {}, {}, {}, {}};
  auto const all =
      check_shards(two, std::vector<weight_shard>{{"1.st", &abx}, {"2.st", &c}, {"stale.st", &ab}});
  CHECK(findings(all, severity::error).empty());
  CHECK(findings(all, severity::error_unless_equal).empty());
  CHECK(findings(all, severity::warning) ==
        std::vector<std::string>{"stale.st||the index does not name this file",
                                 "1.st|x|the index does not name this tensor"});
}

TEST_CASE("a tensor in two shards: the index decides, if they are equal", "[weight_index]") {
  file_index const cb{{tensor("c"), tensor("b")}, {}, {}, {}, {}};
  auto const equal = check_shards(two, std::vector<weight_shard>{{"1.st", &ab}, {"2.st", &cb}});
  CHECK(findings(equal, severity::error).empty());
  CHECK(findings(equal, severity::error_unless_equal) ==
        std::vector<std::string>{"2.st|b|the tensor is also in 1.st, where the index places it"});
  for (indexed_tensor const& other :
       {tensor("b", dtype::int32), tensor("b", dtype::float32, {1, 1})}) {
    file_index const differs{{tensor("c"), other}, {}, {}, {}, {}};
    auto const all =
        check_shards(two, std::vector<weight_shard>{{"1.st", &ab}, {"2.st", &differs}});
    CHECK(
        findings(all, severity::error) ==
        std::vector<std::string>{"2.st|b|the tensor is also in 1.st, with another type or shape"});
  }
  file_index const abx{{tensor("a"), tensor("b"), tensor("x")}, {}, {}, {}, {}};
  file_index const cx{{tensor("c"), tensor("x")}, {}, {}, {}, {}};
  auto const unnamed = check_shards(two, std::vector<weight_shard>{{"1.st", &abx}, {"2.st", &cx}});
  CHECK(findings(unnamed, severity::error) ==
        std::vector<std::string>{"2.st|x|the tensor is also in 1.st, and not in the index"});
}

TEST_CASE("a wrong total_size is a warning, never more", "[weight_index]") {
  weight_index other = two;
  std::vector<weight_shard> const shards{{"1.st", &ab}, {"2.st", &c}};
  for (char const* const value : {"13", "18446744073709551615"}) {
    other.metadata = {{"total_size", value}};
    CHECK(findings(check_shards(other, shards), severity::warning) ==
          std::vector<std::string>{"||total_size is " + std::string{value} +
                                   ", the tensors have 12 bytes"});
  }
  for (char const* const value : {"12.0", "-12", "\"12\"", "null", "18446744073709551616"}) {
    other.metadata = {{"total_size", value}};
    CHECK_FALSE(other.total_size().has_value());
    CHECK(check_shards(other, shards).empty());
  }
}

TEST_CASE("a shard lies in the folder of its index", "[weight_index]") {
  namespace fs = std::filesystem;
  files::temporary_folder const work;
  std::string const folder = work / "model";
  work.write("model/1.st", "x");
  work.write("secret", "x");
  CHECK(shard_path(folder, "1.st") == folder + "/1.st");
  for (char const* const name : {"", ".", "..", "../secret", "/etc/passwd", "a/b", "a\\b"}) {
    auto const e = error_of([&] { (void)shard_path(folder, name); });
    CHECK(e.rule() == std::string{"shard_is_no_plain_file_name"});
  }
  CHECK(error_of([&] {
          (void)shard_path(folder, std::string{"a\0b", 3});
        }).rule() == std::string{"shard_is_no_plain_file_name"});
  CHECK(error_of([&] { (void)shard_path(folder, "2.st"); }).code() == errc::file_cannot_be_read);
  fs::create_symlink("1.st", folder + "/inside.st");
  CHECK(shard_path(folder, "inside.st") == folder + "/inside.st");
  fs::create_symlink("../secret", folder + "/outside.st");
  CHECK(error_of([&] { (void)shard_path(folder, "outside.st"); }).rule() ==
        std::string{"shard_is_outside_of_its_folder"});
  fs::create_directory_symlink(folder, work / "alias");
  CHECK(shard_path(work / "alias", "1.st") == (work / "alias") + "/1.st");
}

TEST_CASE("the cache of Hugging Face keeps its files among the blobs", "[weight_index]") {
  namespace fs = std::filesystem;
  files::temporary_folder const work;
  std::string const folder = work / "models--x/snapshots/abc";
  fs::create_directories(folder);
  work.write("models--x/blobs/0123", "x");
  work.write("blobs/0123", "x");
  fs::create_symlink("../../blobs/0123", folder + "/1.st");
  CHECK(shard_path(folder, "1.st") == folder + "/1.st");
  fs::create_symlink("../../../blobs/0123", folder + "/2.st");
  CHECK(error_of([&] { (void)shard_path(folder, "2.st"); }).rule() ==
        std::string{"shard_is_outside_of_its_folder"});
}
