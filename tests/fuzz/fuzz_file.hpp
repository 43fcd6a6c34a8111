#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace fuzz {

/// A claim of a harness; the fuzzer keeps the input that breaks one.
inline void require(bool claim) {
  if (!claim) std::abort();
}

/// A file in memory with these bytes; one for each of two calls in turn.
inline std::string path_of(std::string const& bytes) {
  static int const files[] = {::memfd_create("fuzz", 0), ::memfd_create("fuzz", 0)};
  static unsigned turn = 0;
  int const fd = files[turn++ % 2];
  auto const size = static_cast<off_t>(bytes.size());
  require(::ftruncate(fd, size) == 0);
  require(::pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(size));
  return "/proc/self/fd/" + std::to_string(fd);
}

}  // namespace fuzz
