#pragma once

#include <reshard/algebra/text.hpp>
#include <reshard/checkpoint/error.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Which of several files in a rank folder is meant.
///   name: the last in name order, as MindSpore's .ckpt path takes it
///   step: the highest (epoch, step) in names that end in -<epoch>_<step>
enum class file_choice { name, step };

/// The one file of every rank that is there, and what a user should know about the choice.
struct rank_files {
  std::map<index_t, std::string> paths;
  std::vector<std::string> warnings;
};

namespace detail {
/// The number in text[at..] if that is all digits.
inline std::optional<index_t> number_in(std::string const& text, std::size_t at) {
  index_t value = 0;
  char const* const end = text.data() + text.size();
  if (at >= text.size() || text[at] == '-') return std::nullopt;
  auto const [stop, failure] = std::from_chars(text.data() + at, end, value);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// (epoch, step) of a stem that ends in -<epoch>_<step>.
inline std::pair<index_t, index_t> step_of(std::string const& path) {
  std::string const stem = std::filesystem::path{path}.stem().string();
  std::size_t const dash = stem.rfind('-');
  std::size_t const low = stem.rfind('_');
  if (dash == std::string::npos || low == std::string::npos || low < dash) return {-1, -1};
  auto const epoch = number_in(stem.substr(0, low), dash + 1);
  auto const step = number_in(stem, low + 1);
  if (!epoch || !step) return {-1, -1};
  return {*epoch, *step};
}

inline std::string chosen_file(std::vector<std::string> const& candidates, file_choice choice,
                               std::vector<std::string>& warnings) {
  auto const by_step = [](std::string const& a, std::string const& b) {
    return std::pair{step_of(a), a} < std::pair{step_of(b), b};
  };
  std::string const last = *std::max_element(candidates.begin(), candidates.end());
  std::string const newest = *std::max_element(candidates.begin(), candidates.end(), by_step);
  std::string const& chosen = choice == file_choice::name ? last : newest;
  if (candidates.size() > 1 && last != newest)
    warnings.push_back(
        std::to_string(candidates.size()) + " files: taking " + chosen +
        (choice == file_choice::name
             ? ", the last by name; the newest by epoch and step is " + newest + " (--pick step)"
             : ", the newest by epoch and step; the last by name is " + last));
  return chosen;
}
}  // namespace detail

/// Files directly in `dir` with one of the extensions, ascending.
[[nodiscard]] inline std::vector<std::string> files_in(std::string const& dir,
                                                       std::vector<std::string> const& extensions) {
  std::vector<std::string> found;
  for (auto const& entry : std::filesystem::directory_iterator{dir})
    if (entry.is_regular_file() && std::find(extensions.begin(), extensions.end(),
                                             entry.path().extension().string()) != extensions.end())
      found.push_back(entry.path().string());
  std::sort(found.begin(), found.end());
  return found;
}

/// The rank folders of a distributed checkpoint: rank_<digits>, rank_01 is rank 1. Files of such a
/// name and folders like rank_0_old are ignored with a warning, empty rank folders too.
///   throws: checkpoint_error checkpoint_is_incomplete  when dir is no folder, or two folders are
///   one
///           rank; arguments_disagree when .ckpt and .safetensors files are mixed
[[nodiscard]] inline rank_files find_rank_files(std::string const& dir, file_choice choice) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(dir)) detail::checkpoint_is_incomplete(dir + " is not a folder");
  rank_files out;
  std::map<std::string, std::string> kinds;  // extension -> an example
  std::vector<std::string> entries;
  for (auto const& entry : fs::directory_iterator{dir})
    if (entry.path().filename().string().starts_with("rank_"))
      entries.push_back(entry.path().string());
  std::sort(entries.begin(), entries.end());
  for (std::string const& path : entries) {
    auto const rank = detail::number_in(fs::path{path}.filename().string(), 5);
    if (!rank || !fs::is_directory(path)) {
      out.warnings.push_back(path + " is no rank folder: ignored");
      continue;
    }
    std::vector<std::string> const candidates = files_in(path, {".ckpt", ".safetensors"});
    for (std::string const& file : candidates)
      kinds.emplace(fs::path{file}.extension().string(), file);
    if (candidates.empty()) {
      out.warnings.push_back(path + " has no checkpoint file: ignored");
      continue;
    }
    if (!out.paths.emplace(*rank, detail::chosen_file(candidates, choice, out.warnings)).second)
      detail::checkpoint_is_incomplete("two folders are rank " + std::to_string(*rank) + ": " +
                                       path + " and that of " + out.paths[*rank]);
  }
  if (kinds.size() > 1)
    detail::arguments_disagree("mixed file kinds: " + kinds.begin()->second + " and " +
                               kinds.rbegin()->second);
  return out;
}

}  // namespace v1
}  // namespace reshard
