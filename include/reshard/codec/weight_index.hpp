#pragma once

#include <reshard/codec/file_index.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Which file of a folder holds which tensor: model.safetensors.index.json of Hugging Face,
/// param_name_map.json of MindSpore.
///   metadata:   values as JSON text: "396", "\"pt\""
///   weight_map: tensor name -> plain file name, in the order of the file
struct weight_index {
  text_pairs metadata;
  text_pairs weight_map;
  std::vector<std::string> warnings;

  /// What the index says all tensors take in bytes. Often wrong: nothing may rely on it.
  [[nodiscard]] std::optional<std::uint64_t> total_size() const {
    for (auto const& [key, value] : metadata) {
      std::uint64_t n = 0;
      char const* const end = value.data() + value.size();
      if (key != "total_size") continue;
      auto const [rest, failure] = std::from_chars(value.data(), end, n);
      if (failure == std::errc{} && rest == end) return n;
    }
    return std::nullopt;
  }
};

namespace detail {
[[noreturn]] inline void shard_is_no_plain_file_name(std::string const& path,
                                                     std::string const& tensor,
                                                     std::string const& file) {
  throw codec_error{errc::file_is_malformed,
                    __func__,
                    {path, tensor, -1},
                    in_quotes(file) + " is not the plain name of a file in the same folder"};
}
[[noreturn]] inline void shard_is_outside_of_its_folder(std::string const& path,
                                                        std::string const& target) {
  throw codec_error{errc::file_cannot_be_read,
                    __func__,
                    {path, {}, -1},
                    "a link to " + in_quotes(target) + ", outside of its folder"};
}

inline bool is_plain_file_name(std::string_view file) {
  return !file.empty() && file != "." && file != ".." &&
         file.find_first_of(std::string_view{"/\\\0", 3}) == file.npos;
}

/// The folder that the cache of Hugging Face links its files into:
/// <repository>/snapshots/<revision>/<file> is a link to <repository>/blobs/<hash>.
inline std::filesystem::path blobs_of(std::filesystem::path const& folder) {
  std::filesystem::path const snapshots = folder.parent_path();
  if (snapshots.filename() != "snapshots") return {};
  return snapshots.parent_path() / "blobs";
}
}  // namespace detail

/// The path of a file that an index names. It lies in the folder, also when it is a link; the cache
/// of Hugging Face may keep it among its blobs.
///   throws: codec_error file_is_malformed (no plain name), file_cannot_be_read (missing, outside)
[[nodiscard]] inline std::string shard_path(std::string const& folder, std::string const& file) {
  namespace fs = std::filesystem;
  if (!detail::is_plain_file_name(file)) detail::shard_is_no_plain_file_name(folder, {}, file);
  fs::path const path = fs::path{folder} / file;
  std::error_code failure;
  fs::path const home = fs::canonical(folder, failure);
  fs::path const target = failure ? fs::path{} : fs::canonical(path, failure);
  if (failure) detail::file_cannot_be_read(path.string(), -1, failure.message());
  if (target.parent_path() != home && target.parent_path() != detail::blobs_of(home))
    detail::shard_is_outside_of_its_folder(path.string(), target.string());
  return path.string();
}

/// How bad a finding is. `error_unless_equal`: two files hold a tensor of equal type and shape; the
/// index decides which counts, but the bytes must be equal.
enum class severity : std::uint8_t { warning, error_unless_equal, error };

/// Something in which an index and its shards disagree.
struct index_finding {
  severity how_bad = severity::error;
  std::string file;
  std::string tensor;  ///< "" = the whole file
  std::string what;
  friend bool operator==(index_finding const&, index_finding const&) = default;
};

/// A file in the folder of an index, and what it holds.
struct weight_shard {
  std::string file;
  file_index const* index = nullptr;
};

namespace detail {

/// Compares an index with the shards in its folder.
class shard_check {
 public:
  shard_check(weight_index const& index, std::span<weight_shard const> shards) : index_(index) {
    for (auto const& [name, file] : index.weight_map) {
      map_.emplace(name, file);
      uses_[file].push_back(name);
    }
    for (weight_shard const& shard : shards) add(shard);
  }

  std::vector<index_finding> run() {
    for (auto const& [file, names] : uses_)
      if (!files_.contains(file))
        report(severity::error, file, {},
               "the file is missing; the index places " + std::to_string(names.size()) +
                   " tensors there, " + in_quotes(names.front()) + " the first");
    for (auto const& [name, file] : index_.weight_map) check_mapped(name, file);
    for (auto const& [name, copies] : held_) check_copies(name, copies);
    check_total_size();
    return std::move(findings_);
  }

 private:
  struct copy {
    std::string_view file;
    indexed_tensor const* tensor;
  };

  void report(severity how_bad, std::string_view file, std::string_view tensor, std::string what) {
    findings_.push_back({how_bad, std::string{file}, std::string{tensor}, std::move(what)});
  }

  /// A file that the index does not name at all is left from an earlier save, and does not count.
  void add(weight_shard const& shard) {
    if (!uses_.contains(shard.file))
      return report(severity::warning, shard.file, {}, "the index does not name this file");
    files_.emplace(shard.file, shard.index);
    for (indexed_tensor const& tensor : shard.index->tensors)
      held_[tensor.name].push_back({shard.file, &tensor});
  }

  void check_mapped(std::string const& name, std::string const& file) {
    if (!files_.contains(file)) return;
    auto const held = held_.find(name);
    if (held == held_.end())
      return report(severity::error, file, name, "the file does not hold the tensor");
    for (copy const& c : held->second)
      if (c.file == file) return;
    report(
        severity::error, file, name,
        "the file does not hold the tensor, " + std::string{held->second.front().file} + " does");
  }

  void check_copies(std::string_view name, std::vector<copy> const& copies) {
    auto const mapped = map_.find(name);
    if (mapped == map_.end() && copies.size() == 1)
      return report(severity::warning, copies.front().file, name,
                    "the index does not name this tensor");
    for (copy const& c : copies) {
      copy const& first = copies.front();
      if (mapped == map_.end() && &c != &first)
        report(severity::error, c.file, name,
               "the tensor is also in " + std::string{first.file} + ", and not in the index");
      if (mapped != map_.end() && c.file != mapped->second)
        check_copy(name, mapped->second, c, copies);
    }
  }

  void check_copy(std::string_view name, std::string_view file, copy const& c,
                  std::vector<copy> const& copies) {
    auto const chosen = std::find_if(copies.begin(), copies.end(),
                                     [&](copy const& other) { return other.file == file; });
    if (chosen == copies.end()) return;
    bool const alike =
        chosen->tensor->type == c.tensor->type && chosen->tensor->shape == c.tensor->shape;
    report(alike ? severity::error_unless_equal : severity::error, c.file, name,
           "the tensor is also in " + std::string{file} +
               (alike ? ", where the index places it" : ", with another type or shape"));
  }

  void check_total_size() {
    std::optional<std::uint64_t> const stated = index_.total_size();
    std::uint64_t bytes = 0;
    for (auto const& [name, file] : map_) {
      auto const held = held_.find(name);
      if (held == held_.end()) return;  // an error by now
      for (byte_range const& range : held->second.front().tensor->ranges) bytes += range.bytes;
    }
    if (stated && *stated != bytes)
      report(severity::warning, {}, {},
             "total_size is " + std::to_string(*stated) + ", the tensors have " +
                 std::to_string(bytes) + " bytes");
  }

  weight_index const& index_;
  std::map<std::string_view, std::string_view> map_;
  std::map<std::string_view, std::vector<std::string_view>> uses_;  // file -> names
  std::map<std::string_view, file_index const*> files_;             // those that are there
  std::map<std::string_view, std::vector<copy>> held_;              // name -> where it is
  std::vector<index_finding> findings_;
};
}  // namespace detail

/// In what an index and the files in its folder disagree.
///   shards: every file of tensors in the folder, also those that the index does not name
///   cost:   O(n log n) of the tensors
[[nodiscard]] inline std::vector<index_finding> check_shards(weight_index const& index,
                                                             std::span<weight_shard const> shards) {
  return detail::shard_check{index, shards}.run();
}

}  // namespace v1
}  // namespace reshard
