#include <reshard/tensor/storage.hpp>

#include "support/folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <thread>
#include <vector>

namespace storage_test {

using namespace reshard;

namespace {

std::string write(std::string const& path, std::string const& bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
  return path;
}

std::string read(random_access_file const& file, std::uint64_t offset, std::size_t n) {
  std::string out(n, '?');
  file.read(offset, std::as_writable_bytes(std::span{out}));
  return out;
}

codec_error error_of(auto&& call) {
  try {
    (void)call();
  } catch (codec_error const& e) {
    return e;
  }
  FAIL("no codec_error was thrown");
  throw std::logic_error{"unreachable"};
}

std::string numbered(std::size_t n) {
  std::string out(n, '\0');
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<char>(i * 167 >> 3);
  return out;
}
}  // namespace

TEST_CASE("any part of a file is read from anywhere", "[storage]") {
  synthetic::folder const work;
  std::string const bytes = numbered(5000);
  random_access_file const file{write(work.path + "/f", bytes)};
  CHECK(file.size() == 5000);
  CHECK(file.path() == work.path + "/f");
  for (std::size_t const offset : {0U, 1U, 4095U, 4096U, 4999U, 5000U})
    for (std::size_t const n : {0U, 1U, 700U, 5000U})
      if (offset + n <= 5000) CHECK(read(file, offset, n) == bytes.substr(offset, n));
}

TEST_CASE("a file is read by several threads at once", "[storage]") {
  synthetic::folder const work;
  std::string const bytes = numbered(std::size_t{1} << 20);
  random_access_file const file{write(work.path + "/f", bytes)};
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 500; ++i) {
        std::size_t const offset = (i * 7919 + t * 131'071) % (bytes.size() - 100);
        wrong[t] += read(file, offset, 100) == bytes.substr(offset, 100) ? 0 : 1;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("reading beyond the end names what was wanted", "[storage]") {
  synthetic::folder const work;
  random_access_file const file{write(work.path + "/f", "0123456789")};
  auto const e = error_of([&] { return read(file, 8, 4); });
  CHECK(e.code() == errc::file_is_truncated);
  CHECK(e.path() == file.path());
  CHECK(e.byte() == 8);
  CHECK_THAT(e.what(), Catch::Contains("ends at byte 10") && Catch::Contains("8 to 12"));
  CHECK(error_of([&] { return read(file, 10, 1); }).code() == errc::file_is_truncated);
  CHECK(error_of([&] { return read(file, std::uint64_t{1} << 40, 1); }).code() ==
        errc::file_is_truncated);
  CHECK(read(file, std::uint64_t{1} << 40, 0).empty());
}

TEST_CASE("a file that shrinks while it is open is an error, not a signal", "[storage]") {
  synthetic::folder const work;
  std::string const path = write(work.path + "/f", std::string(100'000, 'x'));
  random_access_file const file{path};
  std::filesystem::resize_file(path, 50'000);
  CHECK(file.size() == 100'000);
  CHECK(read(file, 0, 50'000) == std::string(50'000, 'x'));
  CHECK(error_of([&] { return read(file, 0, 60'000); }).code() == errc::file_is_truncated);
}

TEST_CASE("offsets above 4 GiB", "[storage]") {
  synthetic::folder const work;
  std::uint64_t const far = (std::uint64_t{5} << 30) + 3;
  std::string const path = write(work.path + "/f", "begin");
  std::filesystem::resize_file(path, far);
  {
    std::ofstream out{path, std::ios::binary | std::ios::app};
    out << "end";
  }
  random_access_file const file{path};
  CHECK(file.size() == far + 3);
  CHECK(read(file, far, 3) == "end");
  CHECK(read(file, far - 1, 2) == std::string("\0e", 2));
}

TEST_CASE("only regular files are opened", "[storage]") {
  synthetic::folder const work;
  CHECK(error_of([&] { return random_access_file{work.path}; }).code() ==
        errc::file_cannot_be_read);
  auto const none = error_of([&] { return random_access_file{work.path + "/none"}; });
  CHECK(none.code() == errc::file_cannot_be_read);
  CHECK(none.path() == work.path + "/none");
  CHECK(none.byte() == -1);
  CHECK_THAT(none.what(), Catch::Contains("No such file"));
  CHECK(error_of([] { return random_access_file{"/dev/null"}; }).code() ==
        errc::file_cannot_be_read);
  std::string const target = write(work.path + "/f", "abc");
  std::filesystem::create_symlink(target, work.path + "/link");
  CHECK(read(random_access_file{work.path + "/link"}, 0, 3) == "abc");
}

TEST_CASE("a moved file is read on, and closed once", "[storage]") {
  synthetic::folder const work;
  random_access_file first{write(work.path + "/f", "abc")};
  random_access_file const second{std::move(first)};
  CHECK(read(second, 1, 2) == "bc");
  CHECK(second.path() == work.path + "/f");
}

TEST_CASE("ranges are equal by value", "[storage]") {
  CHECK(byte_range{1, 2} == byte_range{1, 2});
  CHECK_FALSE(byte_range{1, 2} == byte_range{2, 1});
  CHECK(byte_range{} == byte_range{0, 0});
}

}  // namespace storage_test
