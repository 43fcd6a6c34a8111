#pragma once

#include "checkpoint.pb.h"
#include "support/synthetic.hpp"

#include <reshard/checkpoint.hpp>
#include <reshard/formats.hpp>

#include <catch2/catch.hpp>

#include <numeric>
#include <set>

// Checkpoints that protobuf writes and reads, and slices by the definition of MindSpore's tensor
// maps: nothing of it shares code with the library.
namespace by_hand {

using namespace reshard;
using synthetic::folder;
using numbers = std::vector<std::int32_t>;

struct stored {
  std::string name;
  std::vector<index_t> shape;
  numbers values;  // their bits, if the type is another one of 32 bits
  std::string type = "Int32";
};

/// Values first, first + 1, ...
inline numbers counted(index_t n, std::int32_t first = 0) {
  numbers out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), first);
  return out;
}

/// A .ckpt.
inline std::string file_bytes(std::vector<stored> const& tensors) {
  Checkpoint message;
  for (stored const& t : tensors) {
    Checkpoint::Value& value = *message.add_value();
    value.set_tag(t.name);
    for (index_t const dim : t.shape) value.mutable_tensor()->add_dims(dim);
    value.mutable_tensor()->set_tensor_type(t.type);
    value.mutable_tensor()->set_tensor_content(t.values.data(), 4 * t.values.size());
  }
  return message.SerializeAsString();
}

inline std::string write(std::string const& path, std::string const& bytes) {
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
  std::ofstream{path, std::ios::binary} << bytes;
  return path;
}
inline std::string write(std::string const& path, std::vector<stored> const& tensors) {
  return write(path, file_bytes(tensors));
}

inline std::string rank_file(std::string const& dir, index_t rank) {
  return dir + "/rank_" + std::to_string(rank) + "/m.ckpt";
}

/// The tensors of a file by name.
inline std::map<std::string, numbers> read(std::string const& path) {
  Checkpoint message;
  REQUIRE(message.ParseFromString(synthetic::bytes_of(path)));
  std::map<std::string, numbers> out;
  for (auto const& value : message.value()) {
    std::string const& content = value.tensor().tensor_content();
    numbers& list = out[value.tag()];
    list.resize(content.size() / 4);
    std::memcpy(list.data(), content.data(), content.size());
  }
  return out;
}

inline parameter_layout parameter(std::string name, std::vector<index_t> devices,
                                  std::vector<std::vector<index_t>> map, index_t stage = 0) {
  parameter_layout p;
  p.name = std::move(name);
  p.stage = stage;
  p.device_matrix = std::move(devices);
  p.tensor_map = std::move(map);
  for (auto const& axes : p.tensor_map) p.nested_map = p.nested_map || axes.size() > 1;
  return p;
}

inline parameter_layout sharded(parameter_layout p, index_t step, index_t size) {
  p.opt_weight_shard_step = step;
  p.opt_weight_shard_size = size;
  return p;
}

inline strategy strategy_of(std::vector<parameter_layout> parameters) {
  strategy out;
  out.parameters = std::move(parameters);
  for (parameter_layout const& p : out.parameters) out.merged = out.merged || p.stage > 0;
  return out;
}

/// Coordinates of a local rank, outermost axis first: the last varies fastest.
inline std::vector<index_t> coordinates(std::vector<index_t> const& devices, index_t rank) {
  std::vector<index_t> c(devices.size());
  for (std::size_t k = devices.size(); k-- > 0; rank /= devices[k]) c[k] = rank % devices[k];
  return c;
}

/// The axes that the map names, counted from the right.
inline std::set<index_t> used_axes(parameter_layout const& p) {
  std::set<index_t> used;
  for (auto const& axes : p.tensor_map) used.insert(axes.begin(), axes.end());
  return used;
}

/// Local ranks that agree with one on every axis that is used, ascending.
inline std::vector<index_t> replicas(parameter_layout const& p, index_t rank) {
  std::set<index_t> const used = used_axes(p);
  auto const n = static_cast<index_t>(p.device_matrix.size());
  std::vector<index_t> group;
  index_t const all = std::accumulate(p.device_matrix.begin(), p.device_matrix.end(), index_t{1},
                                      std::multiplies<>{});
  for (index_t other = 0; other < all; ++other) {
    bool same = true;
    for (index_t const axis : used)
      same =
          same && coordinates(p.device_matrix, rank)[static_cast<std::size_t>(n - 1 - axis)] ==
                      coordinates(p.device_matrix, other)[static_cast<std::size_t>(n - 1 - axis)];
    if (same) group.push_back(other);
  }
  return group;
}

/// Where part `number` of n indices in so many parts begins: as torch.chunk and numpy.array_split
/// do it.
inline index_t cut_at(index_t n, index_t parts, index_t number, tail_rule tail) {
  if (tail == tail_rule::balanced) return number * (n / parts) + std::min(number, n % parts);
  return std::min(n, number * ((n + parts - 1) / parts));
}

/// Per dim the indices of a rank: the definition of slices.
inline std::vector<std::vector<index_t>> slice(parameter_layout const& p,
                                               std::vector<index_t> const& shape, index_t rank,
                                               tail_rule tail = tail_rule::exact) {
  std::vector<index_t> const c = coordinates(p.device_matrix, rank);
  std::vector<std::vector<index_t>> out;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    index_t cuts = 1;
    index_t number = 0;  // mixed radix, the first axis is the most significant
    for (index_t const axis : p.tensor_map[d]) {
      std::size_t const k = p.device_matrix.size() - 1 - static_cast<std::size_t>(axis);
      cuts *= p.device_matrix[k];
      number = number * p.device_matrix[k] + c[k];
    }
    index_t const first = cut_at(shape[d], cuts, number, tail);
    std::vector<index_t> indices(
        static_cast<std::size_t>(cut_at(shape[d], cuts, number + 1, tail) - first));
    std::iota(indices.begin(), indices.end(), first);
    out.push_back(indices);
  }
  if (p.opt_weight_shard_step == 0 || p.opt_weight_shard_size == 0) return out;
  std::vector<index_t> const group = replicas(p, rank);
  auto const all = static_cast<index_t>(group.size());
  index_t const pieces = p.opt_weight_shard_size < 0 ? all : std::min(p.opt_weight_shard_size, all);
  index_t const piece = (std::find(group.begin(), group.end(), rank) - group.begin()) % pieces;
  auto const rows = static_cast<std::ptrdiff_t>(out[0].size()) / pieces;
  out[0] = {out[0].begin() + piece * rows, out[0].begin() + (piece + 1) * rows};
  return out;
}

/// What a rank stores of a tensor.
inline stored slice_of(stored const& whole, parameter_layout const& p, index_t rank,
                       tail_rule tail = tail_rule::exact) {
  stored out{whole.name, {}, {}, whole.type};
  std::vector<std::vector<index_t>> const held = slice(p, whole.shape, rank, tail);
  std::vector<index_t> at{0};  // positions in the whole, dim by dim
  for (std::size_t d = 0; d < held.size(); ++d) {
    std::vector<index_t> next;
    for (index_t const position : at)
      for (index_t const i : held[d]) next.push_back(position * whole.shape[d] + i);
    at = next;
    out.shape.push_back(static_cast<index_t>(held[d].size()));
  }
  for (index_t const position : at)
    out.values.push_back(whole.values[static_cast<std::size_t>(position)]);
  return out;
}

/// A warning of a catalog has these words.
inline bool warns_of(catalog const& c, std::string const& words) {
  return std::any_of(c.warnings.begin(), c.warnings.end(),
                     [&](std::string const& w) { return w.find(words) != std::string::npos; });
}

/// Runs a conversion into `dir`; files are rank_file(dir, rank).
inline void convert(catalog const& source, strategy const* to, std::string const& dir,
                    layout_options const& layout = {},
                    replica_rule replicas_by = replica_rule::agree) {
  convert_options options;
  options.replicas = replicas_by;
  options.memory_bytes = std::size_t{1} << 20;
  rank_file_options files;
  files.path_of = [&](index_t rank) { return rank_file(dir, rank); };
  files.format = ckpt_format;
  conversion{plan_rank_files(source, lay_out(source, to, layout), files), options}.run();
}

/// The checkpoint_error that a call throws; the test fails if it does not.
template <class Call> checkpoint_error error_of(Call&& call) {
  try {
    call();
  } catch (checkpoint_error const& e) {
    return e;
  }
  FAIL("no checkpoint_error was thrown");
  throw std::logic_error{"unreachable"};
}

}  // namespace by_hand
