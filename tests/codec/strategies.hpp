#pragma once

#include "files.hpp"
#include "node_strategy.pb.h"

#include <reshard/codec/mindspore_strategy.hpp>

#include <random>

// Strategies for tests, as values, as bytes and as protobuf messages.
namespace strategies {

using namespace reshard;
using files::error_of;
using files::from_hex;
using files::temporary_folder;
namespace pb = mindspore::straspb;

/// A file that MindSpore wrote: operator MatMul_w, layout w.
inline std::string const golden = from_hex(
    "0801121a0a084d61744d756c5f77120e08001204080108011204080108021a2d0a017712280a0408040802120d08ff"
    "ffffffffffffffff0108001a0022002800300238ffffffffffffffffff01");

inline parameter_layout layout_named(std::string name, index_t stage = 0) {
  return {std::move(name), stage, {4, 2}, {{}, {0}}, false, {}, {}, 0, 2, -1, {}};
}

inline strategy one_stage(index_t stage, std::vector<std::string> const& names) {
  strategy s;
  s.operators.push_back({"MatMul_" + names.front(), stage, {{1, 1}, {1, 2}}});
  for (std::string const& name : names) s.parameters.push_back(layout_named(name, stage));
  return s;
}

inline strategy read_bytes(std::string const& bytes) {
  temporary_folder const folder;
  return read_strategy(folder.write("s.ckpt", bytes));
}

inline codec_error read_error(std::string const& bytes) {
  return error_of([&] { (void)read_bytes(bytes); });
}

/// The same strategy as a protobuf message.
inline pb::ParallelStrategyMap message_of(strategy const& s) {
  pb::ParallelStrategyMap map;
  map.set_current_stage(static_cast<std::uint32_t>(s.current_stage));
  for (operator_strategy const& op : s.operators) {
    auto& item = *map.add_parallel_strategy_item();
    item.set_node_name(op.node_name);
    item.mutable_parallel_strategys()->set_stage(static_cast<std::uint32_t>(op.stage));
    for (auto const& input : op.inputs) {
      auto& dims = *item.mutable_parallel_strategys()->add_parallel_strategy();
      for (index_t const dim : input) dims.add_dim(static_cast<std::uint32_t>(dim));
    }
  }
  for (parameter_layout const& p : s.parameters) {
    auto& item = *map.add_parallel_layout_item();
    item.set_param_name(s.merged ? std::to_string(p.stage) + "-" + p.name : p.name);
    auto& out = *item.mutable_parallel_layouts();
    auto& devices = *out.add_dev_matrix();
    for (index_t const n : p.device_matrix) devices.add_dim(static_cast<std::uint32_t>(n));
    pb::TensorMap* map_message = p.nested_map ? nullptr : out.add_tensor_map();
    for (auto const& axes : p.tensor_map) {
      if (p.nested_map) map_message = out.add_tensor_map();
      for (index_t const axis : axes) map_message->add_dim(static_cast<std::int32_t>(axis));
      if (axes.empty()) map_message->add_dim(-1);
    }
    if (p.nested_map && p.tensor_map.size() < 2) out.add_tensor_map();
    auto& split = *out.add_param_split_shape();
    for (index_t const n : p.param_split_shape) split.add_dim(n);
    auto& offsets = *out.add_indices_offset();
    for (index_t const n : p.indices_offset) offsets.add_dim(n);
    out.set_field(static_cast<std::int32_t>(p.field));
    out.set_opt_weight_shard_step(static_cast<std::int32_t>(p.opt_weight_shard_step));
    out.set_opt_weight_shard_size(static_cast<std::int32_t>(p.opt_weight_shard_size));
  }
  return map;
}

inline strategy random_strategy(std::mt19937_64& random) {
  auto const below = [&](std::uint64_t n) { return static_cast<index_t>(random() % n); };
  strategy s;
  s.current_stage = below(300);
  s.merged = below(2) == 0;
  index_t const stages = s.merged ? 1 + below(3) : 1;
  for (index_t i = 0; i < below(3); ++i)
    s.operators.push_back({"Op_" + std::to_string(i), 0, {{below(200), 1}, {}}});
  for (index_t i = 0; i < 1 + stages + below(4); ++i) {
    parameter_layout p = layout_named("model.a-b." + std::to_string(i), i % stages);
    p.device_matrix.assign(1 + random() % 3, 1 + below(300));
    p.nested_map = below(2) == 0;
    p.tensor_map.clear();
    for (index_t d = 0; d < 1 + below(3); ++d) {
      p.tensor_map.emplace_back();
      if (below(3) != 0) p.tensor_map.back().push_back(below(4));
      if (p.nested_map && below(3) == 0) p.tensor_map.back().assign({2, 0});
    }
    if (below(4) == 0) p.param_split_shape = {1 + below(1000), INT64_MAX};
    if (below(4) == 0) p.indices_offset = {0, -below(1000)};
    p.field = below(3) - 1;
    p.opt_weight_shard_step = below(1000);
    p.opt_weight_shard_size = below(10) - 1;
    s.parameters.push_back(std::move(p));
  }
  return s;
}

}  // namespace strategies
