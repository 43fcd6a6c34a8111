#pragma once

#include <reshard/checkpoint/planned_moves.hpp>
#include <reshard/exec/open_file.hpp>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <set>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void destination_is_a_source(std::string const& message) {
  throw checkpoint_error{errc::destination_is_a_source, __func__, message};
}

/// The folder of a file, or the nearest one above it that exists.
inline std::filesystem::path existing_folder(std::string const& file) {
  std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  std::error_code failure;
  while (!std::filesystem::exists(folder, failure) && folder.has_relative_path())
    folder = folder.parent_path();
  return folder;
}

/// What makes a file the same file, whatever its names.
inline std::optional<std::pair<dev_t, ino_t>> identity_of(std::string const& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return std::pair{facts.st_dev, facts.st_ino};
}
}  // namespace detail

/// No two files of a plan have one path, and none is one of its sources under any name.
///   throws: checkpoint_error arguments_disagree, destination_is_a_source
inline void require_separate_files(conversion_plan const& plan, planned_moves const& moves) {
  std::set<std::pair<dev_t, ino_t>> sources;
  for (std::string const& path : moves.sources())
    if (auto const identity = detail::identity_of(path)) sources.insert(*identity);
  std::set<std::string> paths;
  for (planned_file const& file : plan.files) {
    if (!paths.insert(std::filesystem::absolute(file.path).lexically_normal().string()).second)
      detail::arguments_disagree(file.path + " is to be written twice");
    auto const identity = detail::identity_of(file.path);
    if (identity && sources.contains(*identity))
      detail::destination_is_a_source(file.path + " is one of the files to be read");
  }
}

/// No target exists yet.
///   throws: checkpoint_error destination_exists
inline void require_free_targets(conversion_plan const& plan) {
  for (planned_file const& file : plan.files)
    if (std::filesystem::exists(std::filesystem::symlink_status(file.path)))
      detail::destination_exists(file.path + " exists (--force replaces it)");
}

/// Files can be made in the folders of the targets, or the folders themselves.
///   throws: codec_error file_cannot_be_written
inline void require_writable_folders(conversion_plan const& plan) {
  std::set<std::filesystem::path> done;
  for (planned_file const& file : plan.files) {
    std::filesystem::path const folder = detail::existing_folder(file.path);
    if (!done.insert(folder).second) continue;
    if (!std::filesystem::is_directory(folder))
      detail::file_cannot_be_written(folder.string(), -1, "not a folder");
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
      detail::file_cannot_be_written(folder.string(), -1, std::strerror(errno));
  }
}

/// Free bytes where a plan's files go.
[[nodiscard]] inline std::uint64_t free_bytes(conversion_plan const& plan) {
  std::filesystem::path const folder = detail::existing_folder(plan.files.front().path);
  struct statvfs facts {};
  if (::statvfs(folder.c_str(), &facts) != 0) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

}  // namespace v1
}  // namespace reshard
