#pragma once

#include <reshard/algebra.hpp>
#include <reshard/algebra/named_axes.hpp>
#include <reshard/algebra/torch_placements.hpp>

#include "json_fields.hpp"

#include <algorithm>
#include <optional>

namespace tools {

[[noreturn]] inline void device_order_is_no_permutation(std::size_t ids, reshard::index_t devices) {
  throw reshard::layout_error(
      reshard::errc::device_order_is_no_permutation, __func__,
      {"the order names ", ids, " ids, each different, for ", devices, " devices"});
}

/// Ids of devices by position; empty = the positions themselves.
class device_order {
 public:
  device_order() = default;
  device_order(std::vector<reshard::index_t> ids, reshard::index_t devices) : ids_(std::move(ids)) {
    auto sorted = ids_;
    std::sort(sorted.begin(), sorted.end());
    bool const distinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (!distinct || static_cast<reshard::index_t>(ids_.size()) != devices || sorted.front() < 0)
      device_order_is_no_permutation(ids_.size(), devices);
  }

  [[nodiscard]] bool is_stated() const { return !ids_.empty(); }
  [[nodiscard]] std::vector<reshard::index_t> const& ids() const { return ids_; }
  friend bool operator==(device_order const& a, device_order const& b) {
    std::size_t const n = std::max(a.ids_.size(), b.ids_.size());
    for (std::size_t p = 0; p < n; ++p)
      if (a.id(static_cast<reshard::index_t>(p)) != b.id(static_cast<reshard::index_t>(p)))
        return false;
    return true;
  }

  [[nodiscard]] reshard::index_t id(reshard::index_t position) const {
    return ids_.empty() ? position : ids_[static_cast<std::size_t>(position)];
  }
  /// Where an id stands; reshard::nobody if nowhere.
  [[nodiscard]] reshard::index_t position(reshard::index_t id, reshard::index_t devices) const {
    if (ids_.empty()) return id >= 0 && id < devices ? id : -1;
    auto const at = std::find(ids_.begin(), ids_.end(), id);
    return at == ids_.end() ? -1 : at - ids_.begin();
  }

 private:
  std::vector<reshard::index_t> ids_;
};

struct stated_shard {
  reshard::index_t pieces = 1;
  std::size_t dim = 0;
  reshard::cut_rule rule;
};

/// A layout as a line states it; without a shape it is only the cuts.
struct stated_layout {
  reshard::device_matrix devices;
  reshard::tensor_map map;
  std::optional<stated_shard> shard;
  std::optional<reshard::extents> shape;
  device_order order;
};

inline reshard::size_list read_sizes(json const& value) {
  reshard::size_list sizes;
  for (reshard::index_t const size : integers(value)) sizes.push_back(size);
  return sizes;
}

inline reshard::cut_rule read_cut(json const& value) {
  if (value == "exact") return reshard::tail_rule::exact;
  if (value == "ceil") return reshard::tail_rule::ceil;
  if (value == "balanced") return reshard::tail_rule::balanced;
  if (value.is_object() && value.size() == 1) {
    auto const [name, argument] = *value.items().begin();
    if (name == "cyclic") return reshard::cut_rule::cyclic(integer(argument));
    if (name == "parts") return reshard::cut_rule::parts(read_sizes(argument));
    if (name == "sections" && argument.is_array())
      return reshard::cut_rule::sections(read_sizes(argument));
  }
  throw unknown_request{"unknown cut " +
                        value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

/// One rule per dim.
inline std::vector<reshard::cut_rule> read_cuts(json const& stated, std::size_t rank,
                                                reshard::cut_rule const& otherwise) {
  auto const found = stated.find("cut");
  if (found == stated.end()) return {rank, otherwise};
  if (!found->is_array()) return {rank, read_cut(*found)};
  std::vector<reshard::cut_rule> rules;
  for (json const& entry : *found) rules.push_back(read_cut(entry));
  if (rules.size() != rank) reshard::detail::map_length_differs_from_rank(rules.size(), rank);
  return rules;
}

inline reshard::extents read_extents(json const& value) {
  auto const sizes = integers(value);
  return {sizes.begin(), sizes.end()};
}

inline std::size_t read_dim(json const& value, std::size_t rank) {
  reshard::index_t const dim = integer(value);
  reshard::detail::require_dim(static_cast<std::size_t>(dim), rank);
  return static_cast<std::size_t>(dim);
}

/// "map": one entry per dim, -1 or [] = whole.
inline reshard::tensor_map read_map(json const& stated, reshard::device_matrix const& devices) {
  json const& entries = list(stated["map"]);
  auto const rules = read_cuts(stated, entries.size(), {});
  reshard::tensor_map map;
  for (std::size_t d = 0; d < entries.size(); ++d) {
    auto numbers = entries[d].is_array() ? integers(entries[d]) : std::vector{integer(entries[d])};
    if (numbers == std::vector<reshard::index_t>{-1}) numbers.clear();
    reshard::axis_list axes;
    for (reshard::index_t const number : numbers) axes.push_back(devices.axis(number));
    map.append(devices, axes, rules[d]);
  }
  return map;
}

/// "axes" and "spec": named axes, missing trailing entries = whole.
inline reshard::tensor_map read_spec(json const& stated, reshard::device_matrix const& devices) {
  auto const text_of = [](json const& name) {
    if (!name.is_string()) throw unknown_request{"the name of an axis is a string"};
    reshard::axis_name out;
    reshard::print(out, name.get_ref<std::string const&>().c_str());
    return out;
  };
  reshard::named_devices named;
  json const& names = list(field_of(stated, "axes"));
  if (names.size() != devices.axes())
    reshard::detail::placements_differ_from_device_axes(names.size(), devices.axes());
  for (std::size_t i = 0; i < names.size(); ++i)
    named.append({text_of(names[i]).c_str(), devices.sizes_[i]});
  json const& entries = list(field_of(stated, "spec"));
  std::size_t const rank = stated.contains("shape") ? list(stated["shape"]).size() : entries.size();
  auto const rules = read_cuts(stated, rank, {});
  reshard::tensor_map map;
  for (std::size_t d = 0; d < std::max(rank, entries.size()); ++d) {
    reshard::axis_list axes;
    json const entry = d < entries.size() ? entries[d] : json{};
    if (entry.is_array())
      for (json const& name : entry) axes.push_back(named.axis_of(text_of(name)));
    else if (!entry.is_null())
      axes.push_back(named.axis_of(text_of(entry)));
    map.append(devices, axes, d < rank ? rules[d] : reshard::cut_rule{});
  }
  return map;
}

inline reshard::torch_placement read_placement(json const& value, std::size_t rank) {
  if (value == "replicate") return reshard::torch_placement::replicate();
  if (value == "partial" || (value.is_object() && value.contains("partial")))
    return reshard::torch_placement::partial();
  if (value.is_object() && value.contains("shard") && value.size() == 1)
    return reshard::torch_placement::shard(
        static_cast<reshard::tensor_dim>(read_dim(value["shard"], rank)));
  if (value.is_object() && value.contains("strided_shard") && value.size() == 2)
    return reshard::torch_placement::strided_shard(
        static_cast<reshard::tensor_dim>(read_dim(value["strided_shard"], rank)),
        integer(field_of(value, "split_factor")));
  throw unknown_request{"unknown placement " +
                        value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

/// "placements": torch's, one per device axis.
inline reshard::tensor_map read_placements(json const& stated,
                                           reshard::device_matrix const& devices) {
  std::size_t const rank = list(field_of(stated, "shape")).size();
  auto const rules = read_cuts(stated, rank, reshard::tail_rule::ceil);
  reshard::torch_placements placements;
  for (json const& entry : list(stated["placements"]))
    placements.push_back(read_placement(entry, rank));
  return reshard::torch_map(devices, placements, rank, [&](std::size_t d) { return rules[d]; });
}

inline stated_shard read_shard(json const& shard) {
  require_object(shard, "optimizer_shard");
  require_fields(shard, {"pieces", "dim", "cut"});
  return {integer(field_of(shard, "pieces")), read_dim(shard.value("dim", json(0)), 256),
          read_cut(shard.value("cut", json("exact")))};
}

inline stated_layout read_layout(json const& stated) {
  require_object(stated, "the layout");
  require_fields(stated, {"devices", "map", "shape", "cut", "optimizer_shard", "order",
                          "placements", "axes", "spec"});
  stated_layout out;
  auto const sizes = integers(field_of(stated, "devices"));
  out.devices = reshard::device_matrix{sizes.begin(), sizes.end()};
  bool const by_spec = stated.contains("axes") || stated.contains("spec");
  if (stated.contains("map") + stated.contains("placements") + by_spec != 1)
    throw unknown_request{"one of 'map', 'placements', 'axes' with 'spec' is expected"};
  out.map = stated.contains("map")          ? read_map(stated, out.devices)
            : stated.contains("placements") ? read_placements(stated, out.devices)
                                            : read_spec(stated, out.devices);
  if (auto const shard = stated.find("optimizer_shard"); shard != stated.end())
    out.shard = read_shard(*shard);
  if (stated.contains("shape")) out.shape = read_extents(stated["shape"]);
  if (auto const order = stated.find("order"); order != stated.end())
    out.order = {integers(*order), out.devices.devices()};
  return out;
}

/// The map with its optimizer shard.
inline reshard::tensor_map map_of(stated_layout const& stated) {
  if (!stated.shard) return stated.map;
  return with_optimizer_shard(stated.devices, stated.map, stated.shard->pieces,
                              static_cast<reshard::tensor_dim>(stated.shard->dim),
                              stated.shard->rule);
}

/// A layout and the ids of its devices.
struct named_layout {
  reshard::layout value;
  device_order order;

  [[nodiscard]] reshard::index_t devices() const { return value.devices().devices(); }
};

inline named_layout make_layout(json const& request) {
  stated_layout const stated = read_layout(request);
  if (!stated.shape) throw unknown_request{"field 'shape' is missing"};
  return {{stated.devices, map_of(stated), *stated.shape}, stated.order};
}

}  // namespace tools
