#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace synthetic {

/// A folder that is removed at the end.
struct folder {
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "reshard_test_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  folder(folder const&) = delete;
  folder& operator=(folder const&) = delete;
  ~folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace synthetic
