#pragma once

#include "by_hand.hpp"

#include <reshard/codec/weight_index_json.hpp>

// safetensors files of I32 tensors, put together byte by byte.
namespace by_hand {

inline std::string safetensors_bytes(std::vector<stored> const& tensors,
                                     std::string const& metadata = {}) {
  std::string header = metadata.empty() ? "{" : "{\"__metadata__\":" + metadata + ",";
  std::string data;
  for (stored const& t : tensors) {
    header += header.back() == '{' || header.back() == ',' ? "" : ",";
    header += '"' + t.name + "\":{\"dtype\":\"I32\",\"shape\":[";
    for (std::size_t d = 0; d < t.shape.size(); ++d)
      header += (d == 0 ? "" : ",") + std::to_string(t.shape[d]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + ',';
    data.append(reinterpret_cast<char const*>(t.values.data()), 4 * t.values.size());
    header += std::to_string(data.size()) + "]}";
  }
  if (header.back() == ',') header.pop_back();
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  std::uint64_t const n = header.size();
  return std::string(reinterpret_cast<char const*>(&n), 8) + header + data;
}

inline std::string write_weights(std::string const& path, std::vector<stored> const& tensors,
                                 std::string const& metadata = {}) {
  return write(path, safetensors_bytes(tensors, metadata));
}

inline open_options with_index() {
  return {.read_index = read_weight_index};
}

inline catalog opened_weights(std::string const& path) {
  return open_weights(path, all_formats(), with_index());
}

/// All values of complete weights by name, read without a plan.
inline std::map<std::string, numbers> values_of(catalog const& c) {
  std::map<std::string, numbers> out;
  tensor_reader reader;
  for (catalog_tensor const& t : c.tensors) {
    numbers& list = out[t.name];
    list.resize(static_cast<std::size_t>(t.shape.elements()));
    tensor_pieces pieces{c, t};
    box const whole{t.shape};
    pieces.fill(whole, {reinterpret_cast<std::byte*>(list.data()), whole}, reader);
  }
  return out;
}

}  // namespace by_hand
