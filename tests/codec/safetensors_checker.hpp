#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

/// What the text of the format says, in another way than the library reads it: a tree of JSON
/// values and 128-bit numbers.
namespace safetensors_checker {

struct tensor {
  std::string name;
  std::string type;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;  // in the file
  std::uint64_t bytes = 0;
};

inline unsigned bits(std::string const& type) {
  for (auto const& [names, n] : std::vector<std::pair<std::set<std::string>, unsigned>>{
           {{"F4"}, 4},
           {{"F6_E2M3", "F6_E3M2"}, 6},
           {{"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"}, 8},
           {{"I16", "U16", "F16", "BF16"}, 16},
           {{"I32", "U32", "F32"}, 32},
           {{"C64", "F64", "I64", "U64"}, 64}})
    if (names.contains(type)) return n;
  return 0;
}

/// The tree of a header, if no object of it repeats a key.
inline std::optional<nlohmann::json> tree_of(std::string const& header) {
  using nlohmann::json;
  std::vector<std::set<std::string>> keys;  // by depth: 1 in the root, 2 in its members
  bool fine = true;
  auto const watch = [&](int depth, json::parse_event_t event, json& value) {
    auto const level = static_cast<std::size_t>(depth);
    bool const begins =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (begins) {
      fine = fine && level < 64;
      keys.resize(level + 1);
      keys.resize(level + 2);
    }
    // keys of objects in fields that nobody reads may repeat
    if (event == json::parse_event_t::key)
      fine = (keys[level].insert(value.get<std::string>()).second || level > 2) && fine;
    return true;
  };
  json root = json::parse(header, watch, false);
  if (!fine || root.is_discarded() || !root.is_object()) return std::nullopt;
  return root;
}

/// One entry; nothing if it breaks a rule by itself.
inline std::optional<tensor> tensor_of(std::string const& name, nlohmann::json const& entry) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    return std::nullopt;
  auto const& shape = entry["shape"];
  auto const& offsets = entry["data_offsets"];
  auto const is_number = [](auto const& v) { return v.is_number_unsigned(); };
  if (!entry["dtype"].is_string() || !shape.is_array() || !offsets.is_array() ||
      offsets.size() != 2 || !std::all_of(shape.begin(), shape.end(), is_number) ||
      !std::all_of(offsets.begin(), offsets.end(), is_number))
    return std::nullopt;
  tensor out{name, entry["dtype"], shape, offsets[0], 0};
  __extension__ using wide = unsigned __int128;
  wide const most = UINT64_MAX;
  wide product = 1;
  for (std::uint64_t const size : out.shape) {
    product *= size;
    if (product > most || size > INT64_MAX) return std::nullopt;
  }
  product *= bits(out.type);
  std::uint64_t const end = offsets[1];
  if (bits(out.type) == 0 || product > most || product % 8 != 0 || end < out.begin ||
      product / 8 != end - out.begin)
    return std::nullopt;
  out.bytes = end - out.begin;
  return out;
}

/// The tensors of a file in the order of their bytes; nothing if the file breaks a rule.
inline std::optional<std::vector<tensor>> tensors_of(std::string const& file) {
  std::uint64_t n = 0;
  if (file.size() < 8) return std::nullopt;
  std::memcpy(&n, file.data(), 8);
  if (n > 100'000'000 || n > file.size() - 8) return std::nullopt;
  std::string const header = file.substr(8, n);
  if (!header.starts_with('{') || header.find('\0') != header.npos ||
      header[header.find_last_not_of(' ')] != '}')
    return std::nullopt;
  auto const root = tree_of(header);
  if (!root) return std::nullopt;
  std::vector<tensor> out;
  for (auto const& [name, entry] : root->items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) return std::nullopt;
      for (auto const& value : entry)
        if (!value.is_string()) return std::nullopt;
      continue;
    }
    auto t = tensor_of(name, entry);
    if (!t) return std::nullopt;
    out.push_back(std::move(*t));
  }
  std::sort(out.begin(), out.end(), [](tensor const& a, tensor const& b) {
    return std::tie(a.begin, a.bytes) < std::tie(b.begin, b.bytes);
  });
  std::uint64_t end = 0;
  for (tensor& t : out) {
    if (t.begin != end) return std::nullopt;
    end += t.bytes;
    t.begin += 8 + n;
  }
  if (end != file.size() - 8 - n) return std::nullopt;
  return out;
}

}  // namespace safetensors_checker
