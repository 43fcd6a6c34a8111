#pragma once

#include <reshard/algebra.hpp>
#include <reshard/algebra/reshape.hpp>
#include <reshard/plan.hpp>
#include <reshard/plan/relabelling.hpp>

#include "layout_answers.hpp"
#include "mindspore_json.hpp"
#include "moved_values.hpp"
#include "parameter_keepers.hpp"
#include "strided_requests.hpp"

#include <set>

namespace tools {

using reshard::index_t;
using reshard::layout;

inline named_layout from(json const& request) {
  return make_layout(field_of(request, "from"));
}
inline named_layout to(json const& request) {
  return make_layout(field_of(request, "to"));
}

/// A device by its id and its position in the device matrix.
struct named_device {
  index_t id;
  index_t position;
};

inline named_device device_of(json const& id, named_layout const& of) {
  index_t const position = of.order.position(integer(id), of.devices());
  if (position < 0) reshard::detail::device_does_not_exist(integer(id), of.devices());
  return {integer(id), position};
}

/// The stated device, or all of them by id.
inline std::vector<named_device> stated_devices(json const& request, named_layout const& of) {
  if (auto const device = request.find("device"); device != request.end())
    return {device_of(*device, of)};
  std::vector<named_device> all;
  for (index_t p = 0; p < of.devices(); ++p) all.push_back({of.order.id(p), p});
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
  return all;
}

/// A device of the destination, which may be one of the source, too.
inline reshard::destination_device destination_of(named_layout const& source,
                                                  named_device const& device) {
  return {device.position, source.order.position(device.id, source.devices())};
}

inline json slices(json const& request) {
  require_fields(request, {"op", "id", "layout", "device"});
  named_layout const l = make_layout(field_of(request, "layout"));
  json devices = json::array();
  for (named_device const& device : stated_devices(request, l)) {
    json pieces = json::array();
    l.value.for_each_piece(device.position,
                           [&](reshard::piece const& held, reshard::grid_index const& local) {
                             pieces.push_back({{"offset", json_list(held.where().offset())},
                                               {"extent", json_list(held.where().extent())},
                                               {"local", json_list(local)}});
                           });
    devices.push_back({{"device", device.id},
                       {"shape", json_list(l.value.local_shape(device.position))},
                       {"pieces", pieces}});
  }
  return {{"devices", devices}};
}

/// The ids of the devices that hold the same as one, ascending.
inline std::vector<index_t> replica_ids(named_layout const& l, index_t position) {
  reshard::replica_group const group = l.value.replicas_of(position);
  std::vector<index_t> ids;
  for (index_t k = 0; k < group.size(); ++k) ids.push_back(l.order.id(group[k]));
  std::sort(ids.begin(), ids.end());
  return ids;
}

inline json replicas(json const& request) {
  require_fields(request, {"op", "id", "layout"});
  named_layout const l = make_layout(field_of(request, "layout"));
  json groups = json::array();
  for (named_device const& device : stated_devices(request, l)) {
    std::vector<index_t> const ids = replica_ids(l, device.position);
    if (ids.front() == device.id) groups.push_back(ids);
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
  auto const local_shape = [&](index_t device) { return shapes[static_cast<std::size_t>(device)]; };
  return {{"shape", json_list(joined_layout(stated.devices, map_of(stated), local_shape).shape())}};
}

inline json plan(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "device"});
  named_layout const source = from(request);
  named_layout const target = to(request);
  json transfers = json::array();
  reshard::plan_cost sum;
  for (named_device const& device : stated_devices(request, target)) {
    reshard::destination_device const at = destination_of(source, device);
    for_each_transfer(source.value, target.value, at, [&](reshard::transfer const& t) {
      transfers.push_back({{"source", source.order.id(t.source)},
                           {"destination", device.id},
                           {"source_offset", json_list(t.source_offset)},
                           {"destination_offset", json_list(t.destination_offset)},
                           {"extent", json_list(t.extent)}});
    });
    sum += cost(source.value, target.value, at);
  }
  return {{"transfers", transfers}, {"elements", sum.received}, {"lower_bound", sum.lower_bound}};
}

inline json needed(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "device", "rule"});
  json const rule = request.value("rule", json("minimal"));
  if (rule != "minimal" && rule != "mindspore") throw unknown_request{"unknown rule"};
  named_layout const source = from(request);
  named_layout const target = to(request);
  reshard::detail::require_same_tensor(source.value, target.value);
  named_device const device = device_of(field_of(request, "device"), target);
  reshard::destination_device const at = destination_of(source, device);
  std::set<index_t> devices;
  if (rule == "minimal") {
    needed_devices(source.value, target.value, at, [&](index_t position) {
      devices.insert(position == at.as_source ? device.id : replica_ids(source, position).front());
    });
  } else {
    for_each_mindspore_rank(read_mindspore_layout(request["from"]),
                            read_mindspore_layout(request["to"]), device.position,
                            [&](index_t position) { devices.insert(source.order.id(position)); });
  }
  return {{"devices", devices}};
}

inline void require_equal_counts(index_t from, index_t to) {
  if (from != to) reshard::detail::device_counts_differ(from, to);
}

/// The program, and the layout after each step. If the ids stand elsewhere in the destination,
/// whole shards change devices in the end.
inline json steps(json const& request) {
  require_fields(request, {"op", "id", "from", "to"});
  named_layout const source = from(request);
  named_layout const target = to(request);
  json steps = json::array();
  json layouts = json::array();
  layout now = source.value;
  for (reshard::step const& s : make_steps(source.value, target.value)) {
    now = after(now, s);
    steps.push_back(step_json(s));
    layouts.push_back(layout_json(now, source.order));
  }
  if (!(source.order == target.order)) {
    steps.push_back({{"kind", "permute"}});
    layouts.push_back(request["to"]);
  }
  return {{"steps", steps}, {"layouts", layouts}};
}

/// The operators of every device, as MindSpore derives them.
inline std::vector<reshard::operator_list> operators_of(json const& request) {
  auto const source = read_mindspore_layout(request["from"]);
  auto const target = read_mindspore_layout(request["to"]);
  require_equal_counts(source.device_count(), target.device_count());
  auto const from_shape = factors_of(from(request).value.shape());
  auto const to_shape = factors_of(to(request).value.shape());
  std::vector<reshard::operator_list> lists;
  for (index_t device = 0; device < target.device_count(); ++device)
    lists.push_back(mindspore_operators(source, from_shape, target, to_shape, device));
  return lists;
}

inline json operators(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "device"});
  named_device const device = device_of(field_of(request, "device"), to(request));
  auto const lists = operators_of(request);
  json list = json::array();
  for (auto const& op : lists[static_cast<std::size_t>(device.position)])
    list.push_back(operator_json(op));
  return {{"operators", list}};
}

inline json unify(json const& request) {
  require_fields(request, {"op", "id", "from", "to"});
  auto const expanded_layout = [&](char const* side) {
    auto const stated = read_mindspore_layout(field_of(request, side));
    auto const shape = factors_of(make_layout(request[side]).value.shape());
    return expanded(stated, shape);
  };
  reshard::common_refinement const both = unified(expanded_layout("from"), expanded_layout("to"));
  return {{"devices", json_list(both.from.devices)},
          {"shape", json_list(both.from.shape)},
          {"from_map", json_list(both.from.map)},
          {"to_map", json_list(both.to.map)}};
}

inline json move(json const& request) {
  require_fields(request, {"op", "id", "from", "to", "via", "values"});
  json const& via = field_of(request, "via");
  layout const source = from(request).value;
  layout const target = to(request).value;
  local_values const values = global_values(request, source.shape());
  if (via == "transfers")
    return {{"locals", moved_values(source, target, distributed(source, values))}};
  if (via == "operators")
    return {{"locals", run_lists(operators_of(request), source, distributed(source, values))}};
  if (via != "steps") throw unknown_request{"unknown 'via'"};
  std::vector<local_values> locals = distributed(source, values);
  layout now = source;
  for (reshard::step const& s : make_steps(source, target)) {
    layout const next = after(now, s);
    locals = moved_values(now, next, locals);
    now = next;
  }
  return {{"locals", locals}};
}

/// The ids of the destination, dealt out anew.
inline json relabel(json const& request) {
  require_fields(request, {"op", "id", "from", "to"});
  named_layout const source = from(request);
  named_layout const target = to(request);
  reshard::detail::require_same_tensor(source.value, target.value);
  auto const best = best_relabelling<std::vector<index_t>>(
      source.value, target.value,
      [&](index_t name) { return source.order.position(target.order.id(name), source.devices()); });
  json order = json::array();
  for (index_t const name : best.name_at) order.push_back(target.order.id(name));
  return {{"order", order}, {"kept", best.kept}, {"total", best.total}};
}

/// The same elements on every device under another shape, over device axes that the cuts use whole.
inline json reshape(json const& request) {
  require_fields(request, {"op", "id", "layout", "shape"});
  named_layout const before = make_layout(field_of(request, "layout"));
  reshard::extents const shape = read_extents(field_of(request, "shape"));
  if (shape == before.value.shape()) return {{"layout", request["layout"]}};
  layout const after = over_device_numbers(reshaped(before.value, shape));
  reshard::factor_list const sizes = whole_axes(after);
  reshard::device_matrix const devices{sizes.begin(), sizes.end()};
  return {{"layout", layout_json({devices, map_over(after, devices), shape}, before.order)}};
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
  if (op == "steps") return steps(request);
  if (op == "operators") return operators(request);
  if (op == "unify") return unify(request);
  if (op == "move") return move(request);
  if (op == "relabel") return relabel(request);
  if (op == "reshape") return reshape(request);
  if (op == "keepers") return keepers(request);
  if (op == "strided") return answer_strided(request);
  throw unknown_request{"unknown op"};
}

}  // namespace tools
