#include "files.hpp"

#include <reshard/codec/first_bytes.hpp>

using namespace reshard;

TEST_CASE("the first bytes of a file, fewer if it is shorter", "[first_bytes]") {
  files::memory_file const memory;
  for (std::size_t const n : {0U, 1U, 63U, 64U, 65U, 1000U})
    CHECK(detail::first_bytes(random_access_file{memory.write(std::string(n, 'x'))}) ==
          std::string(std::min<std::size_t>(n, 64), 'x'));
}

TEST_CASE("what a file seems to be", "[first_bytes]") {
  CHECK(files::contains(detail::hint_of("PK\3\4"), "zip"));
  CHECK(files::contains(detail::hint_of("version https://git-lfs.github.com"), "Git LFS"));
  CHECK(detail::hint_of("version https://example.org").empty());
  CHECK(detail::hint_of("").empty());
  CHECK(detail::hint_of("GGUF").empty());
  CHECK(detail::hint_of("{").starts_with("; it seems to be "));
}
