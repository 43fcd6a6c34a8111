#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

namespace reshard {
inline namespace v1 {

/// What a job holds in memory, in bytes.
struct memory_split {
  std::size_t index = 0;   ///< which tensor lies where in which source file
  std::size_t plan = 0;    ///< what goes where, and what is done of it
  std::size_t worker = 0;  ///< buffers of one worker
  std::size_t workers = 0;

  [[nodiscard]] std::size_t all() const noexcept { return index + plan + worker * workers; }
};

namespace detail {
/// The first number of a file, as bytes; most_bytes if there is none ("max", no such file).
inline std::uint64_t first_number(std::string const& path, std::uint64_t most_bytes) {
  std::ifstream in{path};
  std::uint64_t bytes = 0;
  return in >> bytes ? bytes : most_bytes;
}

/// Memory of the machine.
inline std::uint64_t machine_bytes() {
  std::ifstream in{"/proc/meminfo"};
  std::string word;
  std::uint64_t kibibytes = 0;
  while (in >> word)
    if (word == "MemTotal:" && in >> kibibytes) return kibibytes << 10;
  return std::uint64_t{4} << 30;
}

/// The tightest limit of the control groups that this process is in.
///   root: where they are mounted; list: "hierarchy:controllers:path" per line, as
///   /proc/self/cgroup
inline std::uint64_t cgroup_bytes(std::string const& root, std::string const& list,
                                  std::uint64_t most_bytes) {
  std::ifstream in{list};
  for (std::string line; std::getline(in, line);) {
    std::size_t const first = line.find(':');
    std::size_t const second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string const controllers = line.substr(first + 1, second - first - 1);
    bool const unified = controllers.empty();
    if (!unified && controllers.find("memory") == std::string::npos) continue;
    std::string const base = root + (unified ? "" : "/memory");
    for (std::string path = line.substr(second + 1);; path.resize(path.rfind('/'))) {
      std::string const folder = base + (path == "/" ? "" : path);
      std::string const file = folder + (unified ? "/memory.max" : "/memory.limit_in_bytes");
      most_bytes = std::min(most_bytes, first_number(file, most_bytes));
      if (path.rfind('/') == std::string::npos) break;
    }
  }
  return most_bytes;
}
}  // namespace detail

/// How many workers a job has: as many as somebody says, for 0 one per processor.
[[nodiscard]] inline std::size_t worker_count(std::size_t asked) {
  return asked > 0 ? asked : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

/// The memory that a job may use unless somebody says otherwise: a quarter of what the machine or
/// the control group has, at most 1 GiB.
[[nodiscard]] inline std::size_t default_memory_bytes() {
  std::uint64_t const all =
      detail::cgroup_bytes("/sys/fs/cgroup", "/proc/self/cgroup", detail::machine_bytes());
  return static_cast<std::size_t>(std::min<std::uint64_t>(all / 4, std::uint64_t{1} << 30));
}

}  // namespace v1
}  // namespace reshard
