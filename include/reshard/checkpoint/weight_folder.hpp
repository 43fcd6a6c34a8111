#pragma once

#include <reshard/checkpoint/indexed_file.hpp>
#include <reshard/checkpoint/names.hpp>
#include <reshard/checkpoint/rank_folders.hpp>
#include <reshard/checkpoint/read_tensor.hpp>
#include <reshard/codec/weight_index.hpp>

#include <optional>
#include <set>

namespace reshard {
inline namespace v1 {

/// How the index of a folder of weights is read: read_weight_index of codec/weight_index_json.hpp.
using index_reader = weight_index (*)(std::string const& path);

/// The names that an index has: Hugging Face's (of files of torch only where nothing else is),
/// MindSpore's.
inline constexpr std::string_view huggingface_index_name = "model.safetensors.index.json";
inline constexpr std::string_view torch_index_name = "pytorch_model.bin.index.json";
inline constexpr std::string_view mindspore_index_name = "param_name_map.json";
/// Beside MindSpore's index: tensors that no strategy lists, and that the index does not name.
inline constexpr std::string_view hyper_file_name = "hyper_param.safetensors";

namespace detail {

/// A folder of weights whose index says which file holds which tensor.
class weight_folder {
 public:
  weight_folder(std::string folder, std::string_view index_name, index_reader read,
                std::span<file_format const> formats)
      : folder_(std::move(folder)),
        index_path_((std::filesystem::path{folder_} / index_name).string()),
        has_hyper_(index_name == mindspore_index_name),
        formats_(formats),
        index_(read(index_path_)) {
    for (std::string const& warning : index_.warnings) warn(index_path_, warning);
  }

  /// The catalog: file number k is the k-th one in the order of the names, the hyper parameters
  /// last.
  catalog open() && {
    out_.complete_weights = true;
    std::set<std::string> named;
    for (auto const& [tensor, file] : index_.weight_map) named.insert(file);
    std::vector<weight_shard> shards;
    for (std::string const& file : named)
      if (is_there(file)) shards.push_back({file, &add_file(file).index->index()});
    for (std::string const& path : files_in(folder_, {".ckpt", ".safetensors"})) {
      std::string const file = std::filesystem::path{path}.filename().string();
      if (!named.contains(file) && !is_hyper(file)) shards.push_back({file, nullptr});
    }
    judge(check_shards(index_, shards));
    list_tensors();
    if (has_hyper_ && is_there(std::string{hyper_file_name})) add_hyper_parameters();
    out_.ranks = static_cast<index_t>(out_.files.size());
    return std::move(out_);
  }

 private:
  void warn(std::string const& what, std::string const& words) {
    out_.warnings.push_back(what + ": " + words);
  }
  [[nodiscard]] bool is_there(std::string const& file) const {
    return std::filesystem::exists(
        std::filesystem::symlink_status(std::filesystem::path{folder_} / file));
  }
  [[nodiscard]] bool is_hyper(std::string const& file) const {
    return has_hyper_ && file == hyper_file_name;
  }

  catalog_file const& add_file(std::string const& file) {
    auto const number = static_cast<index_t>(out_.files.size());
    number_of_.emplace(file, number);
    return out_.files.emplace(number, indexed(shard_path(folder_, file), formats_, known_))
        .first->second;
  }

  /// Warnings are kept; everything else is one error with the list.
  void judge(std::vector<index_finding> const& findings) {
    std::string wrong;
    for (index_finding const& f : findings) {
      std::string const text = f.file + (f.file.empty() || f.tensor.empty() ? "" : ": ") +
                               (f.tensor.empty() ? "" : "tensor '" + f.tensor + "'") +
                               (f.file.empty() ? "" : ": ") + f.what;
      if (f.how_bad == severity::warning)
        warn(index_path_, text);
      else if (f.how_bad == severity::error || !is_equal_to_mapped(f))
        wrong += (wrong.empty() ? "" : "; ") + text;
      else
        warn(index_path_, text + ", with equal bytes");
    }
    if (!wrong.empty())
      checkpoint_is_incomplete(index_path_ + " and the files in its folder disagree: " + wrong);
  }

  /// A second copy of a tensor has the bytes of the one that the index names.
  [[nodiscard]] bool is_equal_to_mapped(index_finding const& f) const {
    auto const mapped = std::find_if(index_.weight_map.begin(), index_.weight_map.end(),
                                     [&](auto const& pair) { return pair.first == f.tensor; });
    return has_equal_bytes(out_.files.at(number_of_.at(f.file)),
                           out_.files.at(number_of_.at(mapped->second)), f.tensor);
  }
  static bool has_equal_bytes(catalog_file const& a, catalog_file const& b,
                              std::string const& tensor) {
    tensor_reader reader;
    indexed_tensor const in_a = as_bytes(*a.index->find(tensor));
    indexed_tensor const in_b = as_bytes(*b.index->find(tensor));
    std::uint64_t bytes = 0;
    for (byte_range const& range : in_a.ranges) bytes += range.bytes;
    std::vector<std::byte> from_a(std::size_t{1} << 20), from_b(from_a.size());
    for (std::uint64_t at = 0; at < bytes; at += from_a.size()) {
      auto const n = std::min<std::size_t>(from_a.size(), bytes - at);
      reader.read(a.path, in_a, at, std::span{from_a}.first(n));
      reader.read(b.path, in_b, at, std::span{from_b}.first(n));
      if (!std::equal(from_a.begin(), from_a.begin() + static_cast<std::ptrdiff_t>(n),
                      from_b.begin()))
        return false;
    }
    return true;
  }
  static indexed_tensor as_bytes(indexed_tensor tensor) {
    tensor.type = dtype::uint8;
    tensor.stored_item_bytes = 1;
    return tensor;
  }

  void add_tensor(indexed_tensor const& stored, index_t file) {
    extents const shape = shape_of(stored);
    out_.tensors.push_back({stored.name, stored.type, shape, false, {everywhere(shape, 1, file)}});
    share_layouts(out_.tensors.back(), layouts_);
  }
  void list_tensors() {
    std::unordered_map<std::string, std::string> file_of{index_.weight_map.begin(),
                                                         index_.weight_map.end()};
    for (auto const& [number, file] : out_.files)
      for (indexed_tensor const& stored : file.index->index().tensors) {
        auto const mapped = file_of.find(stored.name);
        if (mapped != file_of.end() && number_of_.at(mapped->second) == number)
          add_tensor(stored, number);
      }
  }

  /// MindSpore gives them to every rank, as they are.
  void add_hyper_parameters() {
    std::set<std::string_view> mapped;
    for (auto const& [tensor, file] : index_.weight_map) mapped.insert(tensor);
    auto const number = static_cast<index_t>(out_.files.size());
    catalog_file const& file = add_file(std::string{hyper_file_name});
    std::vector<std::string> twice;
    for (indexed_tensor const& stored : file.index->index().tensors) {
      if (mapped.contains(stored.name)) twice.push_back(stored.name);
      add_tensor(stored, number);
    }
    if (!twice.empty())
      names_do_not_match(file.path +
                         " has tensors that the index places elsewhere: " + listed(twice));
  }

  std::string folder_;
  std::string index_path_;
  bool has_hyper_;
  std::span<file_format const> formats_;
  weight_index index_;
  catalog out_;
  std::map<std::string, index_t> number_of_;
  std::vector<std::shared_ptr<named_index const>> known_;
  layout_pool layouts_;
};

/// The name of the index in a folder: Hugging Face's first, then MindSpore's; "" if it has none.
inline std::string_view index_name_in(std::string const& folder) {
  auto const is_there = [&](std::string_view name) {
    return std::filesystem::exists(std::filesystem::path{folder} / name);
  };
  for (std::string_view const name : {huggingface_index_name, mindspore_index_name})
    if (is_there(name)) return name;
  bool const others = !files_in(folder, {".ckpt", ".safetensors"}).empty();
  return !others && is_there(torch_index_name) ? torch_index_name : std::string_view{};
}

inline catalog open_weight_folder(std::string const& folder, std::string_view index,
                                  std::span<file_format const> formats, index_reader read) {
  if (read == nullptr)
    arguments_disagree(folder + " has " + std::string{index} +
                       ", and open_options has no read_index");
  return weight_folder{folder, index, read, formats}.open();
}

/// The one file of a folder of weights without an index: the only one, or model.safetensors.
inline std::string only_weight_file(std::string const& folder, catalog& out) {
  std::vector<std::string> files = files_in(folder, {".ckpt", ".safetensors"});
  std::string const usual = (std::filesystem::path{folder} / "model.safetensors").string();
  std::string const torch = (std::filesystem::path{folder} / "pytorch_model.bin").string();
  if (files.empty() && std::filesystem::exists(torch)) return torch;
  std::vector<std::string> others;
  for (std::string const& file : files)
    if (file != usual) others.push_back(std::filesystem::path{file}.filename().string());
  if (files.size() > 1 && others.size() < files.size()) {
    out.warnings.push_back(usual +
                           " is taken; without an index the folder's other files are "
                           "ignored: " +
                           listed(others));
    return usual;
  }
  if (files.size() != 1)
    checkpoint_is_incomplete(
        folder + " has no rank folder, no index of weights (" +
        std::string{huggingface_index_name} + ", " + std::string{mindspore_index_name} + ") and " +
        std::to_string(files.size()) + " checkpoint files" +
        (files.empty() ? "" : ", one of which must be model.safetensors: " + listed(others)));
  return files.front();
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
