#pragma once

#include <reshard/algebra.hpp>

#include "json_fields.hpp"

#include <optional>

namespace tools {

struct stated_shard {
  reshard::index_t pieces = 1;
  reshard::index_t dim = 0;
  reshard::tail_rule tail = reshard::tail_rule::exact;
};

/// A layout as a line states it: the map of the dims, and the optimizer shard that comes on top.
struct stated_layout {
  reshard::device_matrix devices;
  std::vector<std::vector<reshard::index_t>> axes;
  std::vector<reshard::tail_rule> tails;
  std::optional<stated_shard> shard;
  std::optional<reshard::extents> shape;

  [[nodiscard]] reshard::tensor_map map() const {
    reshard::tensor_map all;
    for (std::size_t d = 0; d < axes.size(); ++d) {
      reshard::axis_list cut_by;
      for (reshard::index_t const axis : axes[d]) cut_by.push_back(devices.axis(axis));
      all.append(devices, cut_by, tails[d]);
    }
    return all;
  }
  [[nodiscard]] reshard::layout of(reshard::extents const& extents) const {
    reshard::layout const plain{devices, map(), extents};
    if (!shard) return plain;
    auto const dim = static_cast<reshard::tensor_dim>(shard->dim);
    if (static_cast<reshard::index_t>(dim) != shard->dim)
      reshard::detail::dim_does_not_exist(static_cast<std::size_t>(shard->dim), axes.size());
    return with_optimizer_shard(plain, shard->pieces, dim, shard->tail);
  }
};

inline reshard::tail_rule read_cut(json const& value) {
  if (value == "exact") return reshard::tail_rule::exact;
  if (value == "ceil") return reshard::tail_rule::ceil;
  if (value == "balanced") return reshard::tail_rule::balanced;
  throw unknown_request{"unknown cut " +
                        value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

inline std::vector<reshard::tail_rule> read_cuts(json const& stated, std::size_t rank) {
  auto const found = stated.find("cut");
  if (found == stated.end()) return {rank, reshard::tail_rule::exact};
  if (!found->is_array()) return {rank, read_cut(*found)};
  std::vector<reshard::tail_rule> tails;
  for (json const& entry : *found) tails.push_back(read_cut(entry));
  if (tails.size() != rank) reshard::detail::map_length_differs_from_rank(tails.size(), rank);
  return tails;
}

/// The axes of one dim; none = whole.
inline std::vector<reshard::index_t> read_map_entry(json const& value) {
  auto axes = value.is_array() ? integers(value) : std::vector{integer(value)};
  if (axes == std::vector<reshard::index_t>{-1}) axes.clear();
  return axes;
}

inline stated_shard read_shard(json const& shard) {
  require_object(shard, "optimizer_shard");
  require_fields(shard, {"pieces", "dim", "cut"});
  return {integer(field_of(shard, "pieces")), integer(shard.value("dim", json(0))),
          read_cut(shard.value("cut", json("exact")))};
}

inline reshard::extents read_extents(json const& value) {
  auto const sizes = integers(value);
  return {sizes.begin(), sizes.end()};
}

inline stated_layout read_layout(json const& stated) {
  require_object(stated, "the layout");
  require_fields(stated, {"devices", "map", "shape", "cut", "optimizer_shard"});
  auto const sizes = integers(field_of(stated, "devices"));
  stated_layout out;
  out.devices = reshard::device_matrix{sizes.begin(), sizes.end()};
  for (json const& entry : list(field_of(stated, "map"))) out.axes.push_back(read_map_entry(entry));
  out.tails = read_cuts(stated, out.axes.size());
  if (auto const shard = stated.find("optimizer_shard"); shard != stated.end())
    out.shard = read_shard(*shard);
  if (stated.contains("shape")) out.shape = read_extents(stated["shape"]);
  return out;
}

inline reshard::layout make_layout(stated_layout const& stated) {
  if (!stated.shape) throw unknown_request{"field 'shape' is missing"};
  return stated.of(*stated.shape);
}
inline reshard::layout make_layout(json const& stated) {
  return make_layout(read_layout(stated));
}

}  // namespace tools
