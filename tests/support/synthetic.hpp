#pragma once

#include <reshard/algebra/layout.hpp>
#include <reshard/checkpoint.hpp>
#include <reshard/codec/ckpt.hpp>

#include "support/folder.hpp"

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

/// Checkpoints made for tests: element k of tensor t has the value 1000003 * t + k, so a misplaced
/// element shows.
namespace synthetic {

using namespace reshard;

struct tensor {
  std::string name;
  extents shape;
};

/// Writes one complete file of int32 tensors.
inline void write_full(std::string const& path, std::vector<tensor> const& tensors) {
  std::vector<image_entry> entries;
  for (tensor const& t : tensors)
    entries.push_back({t.name, dtype::int32, {t.shape.begin(), t.shape.end()}});
  file_image const image = ckpt_image(entries, {});
  std::string bytes(image.size, '\0');
  for (image_literal const& l : image.literals) bytes.replace(l.offset, l.bytes.size(), l.bytes);
  for (std::size_t t = 0; t < tensors.size(); ++t)
    for (std::int32_t k = 0; k < tensors[t].shape.elements(); ++k) {
      auto const value = static_cast<std::int32_t>(1000003 * t) + k;
      std::memcpy(bytes.data() + image.ranges[t].front().offset + 4 * static_cast<std::size_t>(k),
                  &value, 4);
    }
  std::ofstream{path, std::ios::binary} << bytes;
}

inline std::string bytes_of(std::string const& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A random strategy: `stages` pipeline stages of `devices` devices; each tensor in one or, rarely,
/// two stages; random maps; optimizer shard of all or some replicas where the rows divide.
class strategy_maker {
 public:
  explicit strategy_maker(unsigned seed) : random_(seed) {}

  strategy make(std::vector<tensor> const& tensors, index_t devices, index_t stages) {
    strategy out;
    out.merged = stages > 1;
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      // every stage owns a tensor, so that the stages are complete
      auto const stage = static_cast<index_t>(t) % stages;
      out.parameters.push_back(parameter(tensors[t], devices, stage));
      if (stages > 1 && below(4) == 0)
        out.parameters.push_back(parameter(tensors[t], devices, (stage + 1) % stages));
    }
    return out;
  }

 private:
  index_t below(index_t n) { return std::uniform_int_distribution<index_t>{0, n - 1}(random_); }

  parameter_layout parameter(tensor const& t, index_t devices, index_t stage) {
    parameter_layout p;
    p.name = t.name;
    p.stage = stage;
    p.device_matrix = factors(devices);
    p.tensor_map.resize(t.shape.rank());
    for (std::size_t axis = 0; axis < p.device_matrix.size(); ++axis) {
      index_t const dim = below(static_cast<index_t>(t.shape.rank()) + 2);
      if (dim < static_cast<index_t>(t.shape.rank()))
        p.tensor_map[static_cast<std::size_t>(dim)].push_back(static_cast<index_t>(axis));
    }
    for (auto const& axes : p.tensor_map) p.nested_map = p.nested_map || axes.size() > 1;
    if (below(2) == 0) {
      p.opt_weight_shard_step = 1;
      p.opt_weight_shard_size = -1;
    }
    return p;
  }

  std::vector<index_t> factors(index_t n) {
    std::vector<index_t> out;
    for (index_t f = 2; n > 1; ++f)
      for (; n % f == 0; n /= f) out.push_back(f);
    if (out.empty()) out.push_back(1);
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  std::mt19937 random_;
};

}  // namespace synthetic
