#pragma once

#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

#include "mindspore_json.hpp"
#include "moved_values.hpp"
#include "parameter_keepers.hpp"

#include <set>

namespace tools {

using reshard::index_t;
using reshard::layout;

inline layout from(json const& request) {
  return make_layout(field_of(request, "from"));
}
inline layout to(json const& request) {
  return make_layout(field_of(request, "to"));
}

/// The stated device, or all of them.
inline std::pair<index_t, index_t> stated_devices(json const& request, layout const& of) {
  auto const device = request.find("device");
  if (device == request.end()) return {0, of.devices().devices()};
  index_t const one = integer(*device);
  if (one < 0 || one >= of.devices().devices())
    reshard::detail::device_does_not_exist(one, of.devices().devices());
  return {one, one + 1};
}

inline json slices(json const& request) {
  require_fields(request, {"op", "id", "layout", "device"});
  layout const l = make_layout(field_of(request, "layout"));
  json devices = json::array();
  auto const [first, last] = stated_devices(request, l);
  for (index_t device = first; device < last; ++device) {
    json pieces = json::array();
    for (reshard::piece const& p : l.pieces(device))
      pieces.push_back({{"offset", json_list(p.where().offset())},
                        {"extent", json_list(p.where().extent())},
                        {"local", json_list(reshard::grid_index(p.where().rank(), 0))}});
    devices.push_back(
        {{"device", device}, {"shape", json_list(l.local_shape(device))}, {"pieces", pieces}});
  }
  return {{"devices", devices}};
}

inline json replicas(json const& request) {
  require_fields(request, {"op", "id", "layout"});
  layout const l = make_layout(field_of(request, "layout"));
  json groups = json::array();
  for (index_t device = 0; device < l.devices().devices(); ++device) {
    reshard::replica_group const group = l.replicas_of(device);
    if (group[0] != device) continue;
    json devices = json::array();
    for (index_t k = 0; k < group.size(); ++k) devices.push_back(group[k]);
    groups.push_back(devices);
  }
  return {{"groups", groups}};
}

inline json local_to_global(json const& request) {
  require_fields(request, {"op", "id", "layout", "shapes"});
  stated_layout const stated = read_layout(field_of(request, "layout"));
  if (stated.shape) throw unknown_request{"the layout of local_to_global has no shape"};
  std::vector<reshard::extents> shapes;
  for (json const& shape : list(field_of(request, "shapes"))) shapes.push_back(read_extents(shape));
  if (static_cast<index_t>(shapes.size()) != stated.devices.devices())
    throw unknown_request{"one local shape per device is expected"};
  std::vector<index_t> const empty(stated.axes.size(), 0);  // every cut divides an empty dim
  layout const cuts = stated.of(reshard::extents{empty.begin(), empty.end()});
  auto const local_shape = [&](index_t device) { return shapes[static_cast<std::size_t>(device)]; };
  return {{"shape", json_list(joined_layout(cuts.devices(), cuts.map(), local_shape).shape())}};
}

inline json plan(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "device"});
  layout const source = from(request);
  layout const target = to(request);
  json transfers = json::array();
  reshard::plan_cost sum;
  auto const [first, last] = stated_devices(request, target);
  for (index_t device = first; device < last; ++device) {
    for_each_transfer(source, target, device, [&](reshard::transfer const& t) {
      transfers.push_back({{"source", t.source},
                           {"destination", t.destination},
                           {"source_offset", json_list(t.source_offset)},
                           {"destination_offset", json_list(t.destination_offset)},
                           {"extent", json_list(t.extent)}});
    });
    sum += cost(source, target, device);
  }
  return {{"transfers", transfers}, {"elements", sum.received}, {"lower_bound", sum.lower_bound}};
}

inline json needed(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "device", "rule"});
  std::set<index_t> devices;
  auto const collect = [&](index_t device) { devices.insert(device); };
  index_t const device = integer(field_of(request, "device"));
  json const rule = request.value("rule", json("minimal"));
  if (rule != "minimal" && rule != "mindspore") throw unknown_request{"unknown rule"};
  layout const source = from(request);
  layout const target = to(request);
  reshard::detail::require_same_tensor(source, target);
  stated_devices(request, target);
  if (rule == "minimal") {
    needed_devices(source, target, device, collect);
  } else {
    for_each_mindspore_rank(read_mindspore_layout(request["from"]),
                            read_mindspore_layout(request["to"]), device, collect);
  }
  return {{"devices", devices}};
}

inline json move(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "via", "values"});
  if (field_of(request, "via") != "transfers") throw unknown_request{"unknown 'via'"};
  layout const source = from(request);
  return {{"locals", moved_values(source, to(request), global_values(request, source.shape()))}};
}

inline json keepers(json const& request) {
  require_fields(request, {"op", "id", "layouts", "first_rank", "rule"});
  json const& layouts = field_of(request, "layouts");
  require_object(layouts, "layouts");
  json const rule = request.value("rule", json("mindspore"));
  if (rule != "mindspore" && rule != "balanced") throw unknown_request{"unknown rule"};
  index_t const first_rank = integer(request.value("first_rank", json(0)));
  json kept = json::object();
  for (auto const& [device, names] :
       rule == "mindspore" ? mindspore_keepers(layouts) : balanced_keepers(layouts))
    kept[std::to_string(first_rank + device)] = names;
  return {{"keepers", kept}};
}

inline json answer(json const& request) {
  json const& op = field_of(request, "op");
  if (op == "slices") return slices(request);
  if (op == "replicas") return replicas(request);
  if (op == "local_to_global") return local_to_global(request);
  if (op == "plan") return plan(request);
  if (op == "needed") return needed(request);
  if (op == "move") return move(request);
  if (op == "keepers") return keepers(request);
  throw unknown_request{"unknown op"};
}

}  // namespace tools
