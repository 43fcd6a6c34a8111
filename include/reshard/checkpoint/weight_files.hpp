#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/codec/text_file.hpp>

#include <numeric>

namespace reshard {
inline namespace v1 {

/// Files of complete weights: where, of what kind, and how many bytes of tensors each may have.
struct weight_file_options {
  std::string folder;
  file_format format;
  image_options image;
  std::uint64_t max_bytes = 0;
};

/// The planned files of a folder of complete weights, and the index that says which has what.
///   index: none if one file of the usual name needs none; it is published with the files when its
///          JSON text is appended to them with text_file()
struct weight_files {
  std::vector<planned_file> files;
  std::optional<weight_index> index;
  std::string index_path;
};

/// Hugging Face's default limit of a shard: 5 GB.
inline constexpr std::uint64_t huggingface_shard_bytes = 5'000'000'000;
/// MindSpore's divisor of the number of parts.
inline constexpr std::uint64_t mindspore_part_bytes = std::uint64_t{3} << 30;

/// Which tensors are hyper parameters and not weights: step counters. They are in
/// hyper_param.safetensors, which no index names.
using hyper_rule = std::function<bool(catalog_tensor const&)>;

/// A file of a plan that is all text.
[[nodiscard]] inline planned_file text_file(std::string path, std::string text) {
  image_options image;
  image.text = std::move(text);
  return {std::move(path), {}, text_format, std::move(image)};
}

namespace detail {
[[noreturn]] inline void file_limit_is_zero() {
  arguments_disagree("files of at most 0 bytes hold no weights");
}

inline std::uint64_t bytes_of(planned_tensor const& tensor) {
  auto const groups = static_cast<std::uint64_t>(tensor.to.shape.elements());
  return groups * group_of(tensor.to.type).bytes;
}

/// Tensors by file, cut by a limit in their order; one that is larger than the limit is alone.
///   source: split_state_dict_into_shards_factory of huggingface_hub
inline std::vector<std::vector<std::size_t>> shards_of(std::span<planned_tensor const> tensors,
                                                       std::vector<std::size_t> const& which,
                                                       std::uint64_t limit) {
  std::vector<std::vector<std::size_t>> shards;
  std::vector<std::size_t> current;
  std::uint64_t filled = 0;
  for (std::size_t const i : which) {
    std::uint64_t const bytes = bytes_of(tensors[i]);
    if (bytes > limit) {
      shards.push_back({i});
      continue;
    }
    if (filled + bytes > limit) {
      shards.push_back(std::exchange(current, {}));
      filled = 0;
    }
    current.push_back(i);
    filled += bytes;
  }
  if (!current.empty() || shards.empty()) shards.push_back(std::move(current));
  return shards;
}

/// Tensors by part: the largest first, each into the part that has the fewest bytes.
///   source: mindspore.unified_safetensors
inline std::vector<std::vector<std::size_t>> parts_of(std::span<planned_tensor const> tensors,
                                                      std::vector<std::size_t> which,
                                                      std::uint64_t limit) {
  std::uint64_t total = 0;
  for (std::size_t const i : which) total += bytes_of(tensors[i]);
  std::uint64_t const wanted = std::max<std::uint64_t>(1, total / limit + (total % limit != 0));
  std::vector<std::vector<std::size_t>> parts(std::min<std::uint64_t>(wanted, which.size()));
  std::vector<std::uint64_t> filled(parts.size());
  std::stable_sort(which.begin(), which.end(), [&](std::size_t a, std::size_t b) {
    return bytes_of(tensors[a]) > bytes_of(tensors[b]);
  });
  for (std::size_t const i : which) {
    auto const least =
        static_cast<std::size_t>(std::min_element(filled.begin(), filled.end()) - filled.begin());
    parts[least].push_back(i);
    filled[least] += bytes_of(tensors[i]);
  }
  std::erase_if(parts, [](auto const& part) { return part.empty(); });  // only empty tensors left
  for (std::vector<std::size_t>& part : parts) std::sort(part.begin(), part.end());
  return parts;
}

/// The numbers of weights, and those of hyper parameters.
inline std::pair<std::vector<std::size_t>, std::vector<std::size_t>> weights_and_hyper(
    std::span<planned_tensor const> tensors, hyper_rule const& is_hyper) {
  std::pair<std::vector<std::size_t>, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    (is_hyper && is_hyper(tensors[i].to) ? out.second : out.first).push_back(i);
  return out;
}

/// Adds a file with whole tensors, and its tensors to the index.
class weight_file_list {
 public:
  weight_file_list(std::span<planned_tensor const> tensors, weight_file_options const& options)
      : tensors_(tensors), options_(options) {
    out_.index.emplace();
  }

  void add(std::string const& name, std::vector<std::size_t> const& held) {
    add_unnamed(name, held);
    for (std::size_t const i : held) {
      out_.index->weight_map.emplace_back(tensors_[i].to.name, name);
      total_ += bytes_of(tensors_[i]);
    }
  }
  /// A file that the index does not name.
  void add_unnamed(std::string const& name, std::vector<std::size_t> const& held) {
    out_.files.push_back({path_of(name), {}, options_.format, options_.image});
    for (std::size_t const i : held) out_.files.back().entries.push_back({i, 0, 0});
  }
  weight_files finished(std::string_view index_name) {
    out_.index_path = path_of(index_name);
    out_.index->metadata = {{"total_size", std::to_string(total_)}};
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string path_of(std::string_view name) const {
    return (std::filesystem::path{options_.folder} / name).string();
  }

  std::span<planned_tensor const> tensors_;
  weight_file_options const& options_;
  weight_files out_;
  std::uint64_t total_ = 0;
};

/// "model-00002-of-00007.safetensors"
inline std::string shard_name(std::size_t shard, std::size_t shards, std::string_view extension) {
  auto const five = [](std::size_t n) {
    std::string const digits = std::to_string(n);
    return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
  };
  return "model-" + five(shard + 1) + "-of-" + five(shards) + std::string{extension};
}
}  // namespace detail

/// The files of Hugging Face's form: model.safetensors, or if that exceeds the limit
/// model-0000i-of-0000N.safetensors, each with the next tensors in their order, and an index.
///   tensors:  their first placement is whole on its only device; the plan that has them gets the
///             files
///   is_hyper: none is one if it is empty
///   throws:   checkpoint_error arguments_disagree for a limit of 0
[[nodiscard]] inline weight_files plan_huggingface_files(std::span<planned_tensor const> tensors,
                                                         weight_file_options const& options,
                                                         hyper_rule const& is_hyper = {}) {
  if (options.max_bytes == 0) detail::file_limit_is_zero();
  auto const [weights, hyper] = detail::weights_and_hyper(tensors, is_hyper);
  auto const shards = detail::shards_of(tensors, weights, options.max_bytes);
  detail::weight_file_list list{tensors, options};
  std::string const extension{options.format.extension};
  for (std::size_t s = 0; s < shards.size(); ++s)
    list.add(
        shards.size() == 1 ? "model" + extension : detail::shard_name(s, shards.size(), extension),
        shards[s]);
  if (!hyper.empty()) list.add_unnamed(std::string{hyper_file_name}, hyper);
  weight_files out = list.finished(huggingface_index_name);
  if (shards.size() == 1) out.index.reset();
  return out;
}

/// The files of MindSpore's unified form: part<k>.safetensors, as many as the bytes divided by the
/// limit but at most one per tensor, the largest tensors dealt out first; param_name_map.json,
/// whose total_size counts them.
///   tensors, is_hyper, throws: as above
///   source: mindspore.unified_safetensors
[[nodiscard]] inline weight_files plan_unified_files(std::span<planned_tensor const> tensors,
                                                     weight_file_options const& options,
                                                     hyper_rule const& is_hyper = {}) {
  if (options.max_bytes == 0) detail::file_limit_is_zero();
  auto const [weights, hyper] = detail::weights_and_hyper(tensors, is_hyper);
  auto const parts = detail::parts_of(tensors, weights, options.max_bytes);
  std::string const extension{options.format.extension};
  weight_file_options settings = options;
  detail::weight_file_list list{tensors, settings};
  for (std::size_t k = 0; k < parts.size(); ++k)
    list.add("part" + std::to_string(k) + extension, parts[k]);
  std::erase_if(settings.image.metadata,  // it speaks of weights only
                [](auto const& pair) { return pair.first == "remove_redundancy"; });
  if (!hyper.empty()) list.add_unnamed(std::string{hyper_file_name}, hyper);
  return list.finished(mindspore_index_name);
}

}  // namespace v1
}  // namespace reshard
