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
///   usual: what MindSpore takes: of .ckpt files as `name`, of .safetensors files as `step`
///   name:  the last in name order
///   step:  the highest (epoch, step) in names that end in -<epoch>_<step>
enum class file_choice { usual, name, step };

/// How files are chosen.
///   suffix:  not empty = instead: the file whose name ends so, see has_suffix
///   pattern: not empty = there are no rank folders, but files of such names, where {rank} is the
///            number of the rank
///   example: model-tp{rank}-of-4.safetensors
struct file_pick {
  file_choice choice = file_choice::usual;
  std::string suffix{};
  std::string pattern{};
};

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

/// What a suffix of file names says: [_]<task>-<epoch>_<step>, [-]<epoch>_<step> or [_]<step>,
/// completed by the separator before it; other texts stand for themselves.
///   example: 1_1 -> -1_1, 2-1_1 -> _2-1_1, 1 -> _1
inline std::string completed_suffix(std::string const& suffix) {
  bool const leads = suffix.starts_with('_') || suffix.starts_with('-');
  std::string const rest = suffix.substr(leads ? 1 : 0);
  std::size_t const dash = rest.find('-');
  std::string const step = rest.substr(dash == rest.npos ? 0 : dash + 1);
  std::size_t const low = step.find('_');
  auto const number = [](std::string const& text) { return number_in(text, 0).has_value(); };
  bool const two = low != step.npos && number(step.substr(0, low)) && number(step.substr(low + 1));
  if (leads || (dash != rest.npos && !number(rest.substr(0, dash)))) return suffix;
  if (two) return (dash == rest.npos ? '-' : '_') + suffix;
  return dash == rest.npos && number(rest) ? '_' + suffix : suffix;
}

/// The name of a file ends in a completed suffix; the number of a task is not that of the rank.
///   example: model_rank_2-1_1 has -1_1, but neither _2-1_1 nor, because of its dash, _1_1
///   source:  mindspore.unified_safetensors, file_suffix
inline bool has_suffix(std::string const& path, std::string const& completed) {
  std::string const stem = std::filesystem::path{path}.stem().string();
  bool const names_task = completed.starts_with('_') && completed.find('-') != completed.npos;
  return stem.ends_with(completed) && !(names_task && stem.ends_with("rank" + completed));
}

inline std::string names_of(std::vector<std::string> const& paths) {
  std::string out;
  for (std::string const& path : paths)
    out += (out.empty() ? "" : ", ") + std::filesystem::path{path}.filename().string();
  return out;
}

/// "epoch 2 step 1"
inline std::string step_text(std::pair<index_t, index_t> const& step) {
  if (step.first < 0) return "no step";
  return "epoch " + std::to_string(step.first) + " step " + std::to_string(step.second);
}

/// Chooses the file of every rank folder.
class file_chooser {
 public:
  explicit file_chooser(file_pick const& pick) : pick_(pick) {}

  std::string choose(std::string const& folder, std::vector<std::string> const& candidates) {
    if (!pick_.suffix.empty()) return by_suffix(folder, candidates);
    bool const by_step =
        pick_.choice == file_choice::step ||
        (pick_.choice == file_choice::usual && candidates.front().ends_with(".safetensors"));
    std::string const& newest = *std::max_element(candidates.begin(), candidates.end(), is_older);
    if (!by_step) return by_name(candidates, newest);
    for (std::string const& other : candidates)
      if (&other != &newest && step_of(other) == step_of(newest))
        arguments_disagree(folder + " has several files of " + step_text(step_of(newest)) + ": " +
                           names_of(candidates) + " (--file_suffix chooses)");
    several_ = several_ || candidates.size() > 1;
    steps_.emplace(step_of(newest), folder);
    return newest;
  }

  /// Ranks must not be of different steps when a step was chosen.
  void finish(std::vector<std::string>& warnings) {
    warnings.insert(warnings.end(), warnings_.begin(), warnings_.end());
    if (!several_) return;
    if (steps_.size() > 1)
      arguments_disagree("ranks differ in their newest step: " + steps_.begin()->second + " has " +
                         step_text(steps_.begin()->first) + ", " + steps_.rbegin()->second +
                         " has " + step_text(steps_.rbegin()->first) + " (--file_suffix chooses)");
    warnings.push_back("several files per rank: taking the newest, " +
                       step_text(steps_.begin()->first));
  }

 private:
  static bool is_older(std::string const& a, std::string const& b) {
    return std::pair{step_of(a), a} < std::pair{step_of(b), b};
  }
  std::string by_name(std::vector<std::string> const& candidates, std::string const& newest) {
    std::string const& last = candidates.back();  // they ascend
    if (last != newest)
      warnings_.push_back(std::to_string(candidates.size()) + " files: taking " + last +
                          ", the last by name; the newest by epoch and step is " + newest +
                          " (--pick step)");
    return last;
  }
  [[nodiscard]] std::string by_suffix(std::string const& folder,
                                      std::vector<std::string> const& candidates) const {
    std::string const completed = completed_suffix(pick_.suffix);
    std::vector<std::string> found;
    for (std::string const& path : candidates)
      if (has_suffix(path, completed)) found.push_back(path);
    auto const shorter = [](std::string const& a, std::string const& b) {
      return a.size() < b.size();
    };
    std::stable_sort(found.begin(), found.end(), shorter);
    if (found.empty())
      checkpoint_is_incomplete(folder + " has no file that ends in '" + completed +
                               "': " + names_of(candidates));
    if (found.size() > 1 && found[0].size() == found[1].size())
      arguments_disagree(folder + " has several files that end in '" + completed +
                         "': " + names_of(found));
    return found.front();
  }

  file_pick const& pick_;
  std::vector<std::string> warnings_;
  bool several_ = false;                                      // a rank has files of several steps
  std::map<std::pair<index_t, index_t>, std::string> steps_;  // -> an example
};
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

namespace detail {
/// The files of a folder whose names a pattern tells.
inline rank_files files_by_pattern(std::string const& dir, std::string const& pattern) {
  constexpr std::string_view hole = "{rank}";
  std::size_t const at = pattern.find(hole);
  if (at == pattern.npos || pattern.find('/') != pattern.npos)
    arguments_disagree("'" + pattern + "' is no file name with {rank} in it");
  std::string const before = pattern.substr(0, at);
  std::string const behind = pattern.substr(at + hole.size());
  rank_files out;
  std::vector<std::string> paths;
  for (auto const& entry : std::filesystem::directory_iterator{dir})
    paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  for (std::string const& path : paths) {
    std::string const name = std::filesystem::path{path}.filename().string();
    if (name.size() <= before.size() + behind.size() || !name.starts_with(before) ||
        !name.ends_with(behind))
      continue;
    auto const rank = number_in(name.substr(0, name.size() - behind.size()), before.size());
    if (!rank) continue;
    if (!out.paths.emplace(*rank, path).second)
      checkpoint_is_incomplete("two files are rank " + std::to_string(*rank) + ": " + path +
                               " and " + out.paths[*rank]);
  }
  if (out.paths.empty()) checkpoint_is_incomplete(dir + " has no file '" + pattern + "'");
  return out;
}
}  // namespace detail

/// The rank folders of a distributed checkpoint: rank_<digits>, rank_01 is rank 1. Files of such a
/// name and folders like rank_0_old are ignored with a warning, empty rank folders too. With a
/// pattern, files of such names in `dir` instead.
///   throws: checkpoint_error checkpoint_is_incomplete when dir is no folder, two folders are one
///           rank, or no file has the suffix; arguments_disagree when .ckpt and .safetensors files
///           are mixed, candidates are ambiguous, or the newest files of ranks are of several steps
[[nodiscard]] inline rank_files find_rank_files(std::string const& dir,
                                                file_pick const& pick = {}) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(dir)) detail::checkpoint_is_incomplete(dir + " is not a folder");
  if (!pick.pattern.empty()) return detail::files_by_pattern(dir, pick.pattern);
  rank_files out;
  detail::file_chooser chooser{pick};
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
    if (!out.paths.emplace(*rank, chooser.choose(path, candidates)).second)
      detail::checkpoint_is_incomplete("two folders are rank " + std::to_string(*rank) + ": " +
                                       path + " and that of " + out.paths[*rank]);
  }
  if (kinds.size() > 1)
    detail::arguments_disagree("mixed file kinds: " + kinds.begin()->second + " and " +
                               kinds.rbegin()->second);
  chooser.finish(out.warnings);
  return out;
}

}  // namespace v1
}  // namespace reshard
