#pragma once

#include <reshard/plan/mindspore_ranks.hpp>

#include "layout_json.hpp"

namespace tools {

/// The layout as MindSpore would write it to a strategy file.
inline reshard::mindspore_layout read_mindspore_layout(json const& request) {
  stated_layout const stated = read_layout(request);
  reshard::mindspore_layout out;
  for (reshard::index_t const size : stated.devices) out.devices.push_back(size);
  if (out.devices.empty()) out.devices.push_back(1);
  for (std::size_t d = 0; d < stated.axes.size(); ++d) {
    reshard::factor_list axes;
    for (reshard::index_t const axis : stated.axes[d]) axes.push_back(axis);
    out.map.push_back(axes);
    if (axes.size() > 1) out.form = reshard::map_form::nested;
    if (stated.tails[d] != reshard::tail_rule::exact && !axes.empty())
      throw unknown_request{"the rule mindspore knows the cut exact only"};
  }
  if (!stated.shard || stated.shard->pieces == 1) return out;
  if (stated.shard->dim != 0 || stated.shard->tail != reshard::tail_rule::exact)
    throw unknown_request{"the rule mindspore knows exact optimizer shards of dim 0 only"};
  reshard::layout const plain{stated.devices, stated.map(), *stated.shape};
  reshard::axis_list const replicas = replica_axes(plain);
  if (replicas.empty()) return out;
  out.shard_step = stated.devices.stride(replicas.back());
  out.shard_size = stated.shard->pieces;
  return out;
}

}  // namespace tools
