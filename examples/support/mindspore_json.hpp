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
  for (std::size_t d = 0; d < stated.map.size(); ++d) {
    reshard::factor_list axes;
    for (std::size_t i = 0; i < stated.map.cuts_of(d); ++i) {
      reshard::cut const& c = stated.map.cuts()[stated.map.first(d) + i];
      if (c != reshard::cut{c.by(), {}})
        throw unknown_request{"MindSpore knows the cut exact only"};
      for (reshard::device_axis const axis : c.by().axes())
        axes.push_back(static_cast<reshard::index_t>(axis));
    }
    out.map.push_back(axes);
    if (axes.size() > 1) out.form = reshard::map_form::nested;
  }
  if (!stated.shard || stated.shard->pieces == 1) return out;
  if (stated.shard->dim != 0 || stated.shard->rule != reshard::cut_rule{})
    throw unknown_request{"MindSpore knows exact optimizer shards of dim 0 only"};
  reshard::axis_list const replicas = replica_axes(stated.devices, stated.map);
  if (replicas.empty()) return out;
  out.shard_step = stated.devices.stride(replicas[replicas.size() - 1]);
  out.shard_size = stated.shard->pieces;
  return out;
}

}  // namespace tools
