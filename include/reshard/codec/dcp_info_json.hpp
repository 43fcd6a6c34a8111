#pragma once

#include <reshard/codec/dcp_info.hpp>
#include <reshard/codec/file_index.hpp>
#include <reshard/codec/json_events.hpp>

#include <map>
#include <optional>

namespace reshard {
inline namespace v1 {
namespace detail {

[[noreturn]] inline void dcp_info_is_malformed(file_place const& place, std::string const& reason) {
  throw codec_error{errc::file_is_malformed, __func__, place, reason};
}
[[noreturn]] inline void dcp_version_is_unknown(std::string const& path,
                                                std::string const& version) {
  throw codec_error{errc::value_is_not_supported,
                    __func__,
                    {path, {}, -1},
                    "DCP_VERSION is " + in_quotes(version) + ", '1.0' is supported"};
}

/// Takes the events of {name: {"saved_offsets": [offset, ...]}, ...}.
class dcp_info_events {
 public:
  dcp_info info;

  void open(json_bracket bracket) {
    bool const object = bracket == json_bracket::object;
    if (at_ == place::start && object) {
      at_ = place::root;
    } else if (at_ == place::shard_value && object) {
      at_ = place::shard;
    } else if (at_ == place::offsets_value && !object) {
      at_ = place::offsets;
    } else {
      unexpected(object ? "an object" : "a list");
    }
  }
  void close() {
    if (at_ == place::shard && !has_offsets_) unexpected("no saved_offsets");
    at_ = at_ == place::offsets ? place::shard : place::root;
  }
  void key(std::string const& words) {
    if (at_ == place::root) {
      info.shards.push_back({words, {}});
      has_offsets_ = false;
      at_ = place::shard_value;
    } else {
      if (words != "saved_offsets" || has_offsets_) unexpected("the key " + in_quotes(words));
      has_offsets_ = true;
      at_ = place::offsets_value;
    }
  }
  void text(std::string const& words) { unexpected("the text " + in_quotes(words)); }
  void number(std::uint64_t n) {
    if (at_ != place::offsets || n > max_index) unexpected("the number " + std::to_string(n));
    info.shards.back().saved_offsets.push_back(static_cast<index_t>(n));
  }
  void other(std::string const& token) { unexpected(token); }

 private:
  enum class place : std::uint8_t { start, root, shard_value, shard, offsets_value, offsets };

  [[noreturn]] void unexpected(std::string const& found) const {
    std::string const name = info.shards.empty() ? std::string{} : info.shards.back().name;
    dcp_info_is_malformed(
        {{}, name, -1},
        R"(expected {name: {"saved_offsets": [offset, ...]}, ...}, found )" + found);
  }

  place at_ = place::start;
  bool has_offsets_ = false;
};

/// Every tensor of the file has one shard with an offset per dim.
inline void require_shard_per_tensor(std::string const& path, file_index const& index,
                                     dcp_info const& info) {
  std::map<std::string_view, std::size_t> dims;
  for (indexed_tensor const& tensor : index.tensors) dims.emplace(tensor.name, tensor.shape.size());
  for (dcp_shard const& shard : info.shards) {
    auto const found = dims.find(shard.name);
    if (found == dims.end())
      dcp_info_is_malformed({path, shard.name, -1}, "offsets of a tensor that the file lacks");
    if (found->second != shard.saved_offsets.size())
      dcp_info_is_malformed({path, shard.name, -1}, std::to_string(shard.saved_offsets.size()) +
                                                        " offsets of " +
                                                        std::to_string(found->second) + " dims");
    dims.erase(found);
  }
  if (!dims.empty())
    dcp_info_is_malformed({path, std::string{dims.begin()->first}, -1}, "no saved_offsets");
}
}  // namespace detail

/// The offsets in the text of metadata DCP_SHARDING_INFO.
///   path:   for messages, whose bytes count from the begin of the text
///   throws: codec_error file_is_malformed: another form, a name twice
///   source: torch/distributed/checkpoint/hf_storage.py
[[nodiscard]] inline dcp_info dcp_info_of(std::string_view json, std::string const& path) {
  std::string const where = path + ": DCP_SHARDING_INFO";
  dcp_info info = detail::read_json(detail::json_source{json, where}, [] {
                    return detail::dcp_info_events{};
                  }).info;
  detail::require_unique_keys(
      where, info.shards, [](dcp_shard const& shard) -> auto const& { return shard.name; });
  return info;
}

/// The offsets of the shards in a file; nothing if torch's distributed checkpoint did not write it.
///   throws: codec_error, as above; value_is_not_supported (another DCP_VERSION)
[[nodiscard]] inline std::optional<dcp_info> dcp_info_of(file_index const& index,
                                                         std::string const& path) {
  std::string const* const text = detail::value_of(index.metadata, "DCP_SHARDING_INFO");
  if (text == nullptr) return std::nullopt;
  std::string const* const version = detail::value_of(index.metadata, "DCP_VERSION");
  if (version == nullptr || *version != "1.0")
    detail::dcp_version_is_unknown(path, version == nullptr ? std::string{} : *version);
  dcp_info info = dcp_info_of(std::string_view{*text}, path);
  detail::require_shard_per_tensor(path, index, info);
  return info;
}

}  // namespace v1
}  // namespace reshard
