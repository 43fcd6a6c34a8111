#include "files.hpp"

#include <reshard/codec/file_window.hpp>

#include "support/memory_file.hpp"

#include <random>

using namespace reshard;

TEST_CASE("a window shows what the file holds, wherever it moves", "[window]") {
  std::mt19937_64 random{3};
  std::string bytes(300'000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  support::memory_file const memory;
  random_access_file const file{memory.write(bytes)};
  file_window window{file};
  for (int round = 0; round < 2000; ++round) {
    std::size_t const at = random() % (bytes.size() + 10);
    std::size_t const wanted = random() % (round % 50 == 0 ? 100'000 : 100);
    auto const got = window.bytes(at, wanted);
    REQUIRE(got.size() == std::min(wanted, bytes.size() - std::min(at, bytes.size())));
    REQUIRE(std::memcmp(got.data(), bytes.data() + at, got.size()) == 0);
  }
  CHECK(window.bytes(~std::uint64_t{0}, 5).empty());
}
