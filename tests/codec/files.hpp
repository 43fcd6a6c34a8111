#pragma once

#include <reshard/tensor/codec_error.hpp>
#include <reshard/tensor/storage.hpp>

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace files {

/// A folder that is gone when the test is.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "reshard_codec_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    path_ = name;
  }
  temporary_folder(temporary_folder const&) = delete;
  temporary_folder& operator=(temporary_folder const&) = delete;
  ~temporary_folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string operator/(std::string const& name) const {
    return (path_ / name).string();
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

  /// Writes a file; gives its path.
  std::string write(std::string const& name, std::string const& bytes) const {
    std::string path = *this / name;
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    std::ofstream{path, std::ios::binary} << bytes;
    return path;
  }

 private:
  std::filesystem::path path_;
};

/// A file in memory whose content changes. Thousands of them on a disk take minutes.
class memory_file {
 public:
  memory_file() : fd_(::memfd_create("reshard", 0)) {
    if (fd_ < 0) throw std::runtime_error{"no file in memory"};
  }
  memory_file(memory_file const&) = delete;
  memory_file& operator=(memory_file const&) = delete;
  ~memory_file() { ::close(fd_); }

  /// Replaces the content; gives the path.
  std::string write(std::string const& bytes) const {
    auto const size = static_cast<off_t>(bytes.size());
    if (::ftruncate(fd_, size) != 0 ||
        ::pwrite(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(size))
      throw std::runtime_error{"a file in memory cannot be written"};
    return "/proc/self/fd/" + std::to_string(fd_);
  }

 private:
  int fd_;
};

inline std::string content(std::string const& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
  return bytes;
}

inline std::string data(std::string const& name) {
  return std::string{RESHARD_TEST_DATA} + "/" + name;
}

/// All files under a folder whose name ends so, sorted.
inline std::vector<std::string> below(std::string const& folder, std::string_view ending) {
  std::vector<std::string> paths;
  for (auto const& entry : std::filesystem::recursive_directory_iterator{folder})
    if (entry.is_regular_file() && entry.path().string().ends_with(ending))
      paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The codec_error that a call throws; the test fails if it does not.
template <class Call> reshard::codec_error error_of(Call&& call) {
  try {
    call();
  } catch (reshard::codec_error const& e) {
    return e;
  }
  FAIL("no codec_error was thrown");
  throw std::logic_error{"unreachable"};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace files
