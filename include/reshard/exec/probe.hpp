#pragma once

#include <reshard/exec/open_file.hpp>
#include <reshard/tensor/storage.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Bytes per second at which a part of a file can be read and written to a folder. Nothing stays in
/// the folder.
///   throws: codec_error file_cannot_be_read, file_cannot_be_written
///   cost:   reads and writes at most 64 MiB
[[nodiscard]] inline double probed_rate(std::string const& source, std::string const& folder) {
  constexpr std::uint64_t most = std::uint64_t{64} << 20;
  random_access_file const from{source};
  std::string name = folder + "/.reshard-probe-XXXXXX";
  int const fd = ::mkstemp(name.data());
  if (fd < 0) detail::file_cannot_be_written(name, -1, std::strerror(errno));
  ::close(fd);
  open_file const to{name, O_WRONLY};
  ::unlink(name.c_str());  // the open file stays until it is closed
  std::uint64_t const bytes = std::min(from.size(), most);
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  auto const begin = std::chrono::steady_clock::now();
  for (std::uint64_t at = 0; at < bytes; at += buffer.size()) {
    auto const part = std::span{buffer}.first(std::min<std::uint64_t>(buffer.size(), bytes - at));
    from.read(at, part);
    to.write(at, part);
  }
  std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(std::max<std::uint64_t>(bytes, 1)) / std::max(seconds.count(), 1e-6);
}

}  // namespace v1
}  // namespace reshard
