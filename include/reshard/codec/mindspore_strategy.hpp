#pragma once

#include <reshard/codec/strategy_json.hpp>
#include <reshard/codec/strategy_wire.hpp>

#include <cstdio>
#include <filesystem>

namespace reshard {
inline namespace v1 {

/// A strategy, and what a user should know of how it was found.
struct strategy_with_warnings {
  strategy value;
  std::vector<std::string> warnings;
};

namespace detail {

[[noreturn]] inline void strategy_is_too_large(std::string const& path, std::uint64_t bytes) {
  strategy_is_malformed(path, {}, std::to_string(bytes) + " bytes, at most 1 GiB are accepted");
}
[[noreturn]] inline void strategy_cannot_be_written(std::string const& path,
                                                    std::string const& reason) {
  throw codec_error{errc::file_cannot_be_written, __func__, {path, {}, -1}, reason};
}

/// A strategy file and its content.
struct strategy_file {
  std::string path;
  std::string bytes;
  strategy value;
};

/// Protobuf or JSON, told by content.
inline strategy_file strategy_file_at(std::string const& path) {
  random_access_file const file{path};
  if (file.size() == 0) strategy_is_malformed(path, {}, "the file is empty");
  if (file.size() > std::uint64_t{1} << 30) strategy_is_too_large(path, file.size());
  strategy_file out{path, std::string(static_cast<std::size_t>(file.size()), '\0'), {}};
  file.read(0, std::as_writable_bytes(std::span{out.bytes}));
  strategy as_written = out.bytes.front() == '{' ? json_strategy_reader{path}.read(out.bytes)
                                                 : strategy_reader{file}.read();
  out.value = checked_strategy(path, std::move(as_written));
  return out;
}

/// The .ckpt or the .json files in a folder, by name, hidden ones left out.
inline std::vector<std::string> strategy_paths(std::string const& folder) {
  std::error_code failure;
  std::filesystem::directory_iterator const entries{folder, failure};
  if (failure) file_cannot_be_read(folder, -1, failure.message());
  std::vector<std::string> paths[2];
  for (std::filesystem::directory_entry const& entry : entries) {
    std::string const name = entry.path().filename().string();
    if (name.starts_with('.') || !entry.is_regular_file()) continue;
    if (name.ends_with(".ckpt")) paths[0].push_back(entry.path().string());
    if (name.ends_with(".json")) paths[1].push_back(entry.path().string());
  }
  if (!paths[0].empty() && !paths[1].empty())
    strategy_is_malformed(folder, {}, "the folder holds strategies of both kinds, .ckpt and .json");
  if (paths[0].empty() && paths[1].empty())
    strategy_is_malformed(folder, {}, "the folder holds no strategy, .ckpt or .json");
  std::vector<std::string>& found = paths[0].empty() ? paths[1] : paths[0];
  std::sort(found.begin(), found.end());
  return found;
}

/// The files of a folder, of byte-identical ones the first.
inline std::vector<strategy_file> distinct_files(std::string const& folder) {
  std::vector<strategy_file> files;
  for (std::string const& path : strategy_paths(folder)) {
    strategy_file file = strategy_file_at(path);
    bool const known = std::any_of(files.begin(), files.end(), [&](strategy_file const& earlier) {
      return earlier.bytes == file.bytes;
    });
    if (!known) files.push_back(std::move(file));
  }
  return files;
}

/// Leaves files that were merged before out, with a warning, as long as there are others.
inline std::vector<strategy_file> unmerged_files(std::vector<strategy_file> files,
                                                 std::vector<std::string>* warnings) {
  auto const is_merged = [](strategy_file const& file) { return file.value.merged; };
  bool const all = std::all_of(files.begin(), files.end(), is_merged);
  if (all && files.size() > 1)
    strategy_is_malformed(files[1].path, {},
                          "a merged strategy that differs from " + files[0].path);
  if (all) return files;
  for (strategy_file const& file : files)
    if (warnings != nullptr && is_merged(file))
      warnings->push_back(file.path + ": a merged strategy beside unmerged ones was ignored");
  files.erase(std::remove_if(files.begin(), files.end(), is_merged), files.end());
  return files;
}

/// Files of one stage lay the same parameters out in the same way.
inline void require_same_layouts(strategy_file const& first, strategy_file const& second) {
  auto const sorted = [](std::vector<parameter_layout> list) {
    std::sort(list.begin(), list.end(),
              [](auto const& a, auto const& b) { return a.name < b.name; });
    return list;
  };
  auto const a = sorted(first.value.parameters);
  auto const b = sorted(second.value.parameters);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (!(a[i] == b[i]))
      strategy_is_malformed(second.path, b[i].name,
                            "the layouts differ from those of the same stage in " + first.path);
  if (a.size() != b.size())
    strategy_is_malformed(second.path, {},
                          std::to_string(b.size()) + " layouts, but " + std::to_string(a.size()) +
                              " of the same stage in " + first.path);
}

/// One strategy of files of different stages, lowest stage first.
inline strategy merged(std::vector<strategy_file> const& files) {
  std::map<index_t, strategy_file const*> stages;
  for (strategy_file const& file : files) {
    auto const [first, is_new] = stages.try_emplace(stage_of_file(file.value), &file);
    if (!is_new) require_same_layouts(*first->second, file);
  }
  strategy out;
  out.merged = true;
  for (auto const& [stage, file] : stages) {
    strategy const& part = file->value;
    out.operators.insert(out.operators.end(), part.operators.begin(), part.operators.end());
    out.parameters.insert(out.parameters.end(), part.parameters.begin(), part.parameters.end());
  }
  return out;
}
}  // namespace detail

/// The strategies of the pipeline stages in a folder as one; the first file of each stage counts.
///   throws: codec_error strategy_is_malformed: files of both kinds, of one stage that disagree
[[nodiscard]] inline strategy merge_pipeline_strategies(
    std::string const& folder, std::vector<std::string>* warnings = nullptr) {
  auto files = detail::unmerged_files(detail::distinct_files(folder), warnings);
  if (files.front().value.merged) return std::move(files.front().value);
  return detail::merged(files);
}

/// The strategy of a file, protobuf or JSON, or of all stages in a folder, with every stage there.
///   throws: codec_error strategy_is_malformed, file_is_malformed, file_is_truncated
[[nodiscard]] inline strategy_with_warnings read_strategy_with_warnings(std::string const& path) {
  strategy_with_warnings out;
  if (std::filesystem::is_directory(path)) {
    out.value = merge_pipeline_strategies(path, &out.warnings);
  } else {
    out.value = detail::strategy_file_at(path).value;
  }
  detail::require_all_stages(path, out.value);
  return out;
}

/// As above, for those who have no place for warnings.
[[nodiscard]] inline strategy read_strategy(std::string const& path) {
  return read_strategy_with_warnings(path).value;
}

namespace detail {
/// Creates a file with these bytes, on disk when this returns.
inline void write_synced(std::string const& path, std::string const& bytes) {
  int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) strategy_cannot_be_written(path, std::strerror(errno));
  std::size_t done = 0;
  while (done < bytes.size()) {
    ssize_t const n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    done += static_cast<std::size_t>(n);
  }
  int const reason = done < bytes.size() || ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  if (reason != 0) {
    ::unlink(path.c_str());
    strategy_cannot_be_written(path, std::strerror(reason));
  }
}
}  // namespace detail

/// The bytes of a strategy file of that name: JSON if it ends in .json.
///   throws: codec_error strategy_is_malformed
[[nodiscard]] inline std::string strategy_file_bytes(strategy const& s, std::string const& path) {
  return path.ends_with(".json") ? strategy_json(s) : strategy_bytes(s);
}

/// Writes a strategy file, as JSON if the path ends in .json; it appears when it is complete.
/// Missing folders are created.
///   throws: codec_error file_cannot_be_written, strategy_is_malformed
inline void write_strategy(strategy const& s, std::string const& path) {
  std::string const bytes = strategy_file_bytes(s, path);
  std::filesystem::path const folder = std::filesystem::path{path}.parent_path();
  std::error_code failure;
  if (!folder.empty()) std::filesystem::create_directories(folder, failure);
  if (failure) detail::strategy_cannot_be_written(folder.string(), failure.message());
  std::string const temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  detail::write_synced(temporary, bytes);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    int const reason = errno;
    ::unlink(temporary.c_str());
    detail::strategy_cannot_be_written(path, std::strerror(reason));
  }
}

}  // namespace v1
}  // namespace reshard
