#pragma once

#include <reshard/algebra/layout.hpp>
#include <reshard/exec/operator_run.hpp>
#include <reshard/plan.hpp>

#include "json_fields.hpp"

namespace tools {

/// Calls sink(index) for every index of a box that starts at 0, row-major.
template <class Sink> void for_each_index(reshard::grid_index const& extent, Sink&& sink) {
  for (reshard::index_t const size : extent)
    if (size == 0) return;
  reshard::grid_index at(extent.size(), 0);
  for (std::size_t d = 0;;) {
    sink(static_cast<reshard::grid_index const&>(at));
    for (d = extent.size(); d-- > 0 && ++at[d] == extent[d];) at[d] = 0;
    if (d == static_cast<std::size_t>(-1)) return;
  }
}

/// Row-major position of offset + index in a tensor of those sizes.
inline std::size_t position(reshard::extents const& sizes, reshard::grid_index const& offset,
                            reshard::grid_index const& index) {
  reshard::index_t sum = 0;
  for (std::size_t d = 0; d < sizes.rank(); ++d) sum = sum * sizes[d] + offset[d] + index[d];
  return static_cast<std::size_t>(sum);
}

using local_values = std::vector<json>;

/// What each device of a layout holds of the global values.
inline std::vector<local_values> distributed(reshard::layout const& over,
                                             local_values const& global) {
  std::vector<local_values> locals;
  reshard::piece const whole{reshard::box{over.shape()}};
  for (reshard::index_t device = 0; device < over.devices().devices(); ++device) {
    local_values& local =
        locals.emplace_back(static_cast<std::size_t>(over.local_shape(device).elements()));
    over.for_each_piece(device, [&](reshard::piece const& held, reshard::grid_index const&) {
      for_each_index(held.where().extent(), [&](reshard::grid_index at) {
        for (std::size_t d = 0; d < at.size(); ++d) at[d] += held.where().offset()[d];
        local[static_cast<std::size_t>(held.address(at))] =
            global[static_cast<std::size_t>(whole.address(at))];
      });
    });
  }
  return locals;
}

/// What each destination device holds after the transfers; null = nothing arrived.
inline std::vector<local_values> moved_values(reshard::layout const& from,
                                              reshard::layout const& to,
                                              std::vector<local_values> const& sources) {
  std::vector<local_values> locals;
  for (reshard::index_t device = 0; device < to.devices().devices(); ++device) {
    reshard::extents const sizes = to.local_shape(device);
    local_values& local = locals.emplace_back(static_cast<std::size_t>(sizes.elements()));
    for_each_transfer(from, to, device, [&](reshard::transfer const& t) {
      local_values const& source = sources[static_cast<std::size_t>(t.source)];
      reshard::extents const source_sizes = from.local_shape(t.source);
      for_each_index(t.extent, [&](reshard::grid_index const& at) {
        local[position(sizes, t.destination_offset, at)] =
            source[position(source_sizes, t.source_offset, at)];
      });
    });
  }
  return locals;
}

inline reshard::factor_list factors_of(reshard::extents const& shape) {
  reshard::factor_list out;
  for (std::size_t d = 0; d < shape.rank(); ++d) out.push_back(shape[d]);
  return out;
}

/// What the devices hold after MindSpore's operators.
inline std::vector<local_values> run_lists(std::vector<reshard::operator_list> const& lists,
                                           reshard::layout const& from,
                                           std::vector<local_values> const& sources) {
  std::vector<reshard::held_tensor<json>> held;
  for (std::size_t device = 0; device < sources.size(); ++device) {
    reshard::extents const local = from.local_shape(static_cast<reshard::index_t>(device));
    held.push_back({factors_of(local), sources[device]});
  }
  std::vector<local_values> locals;
  for (auto& tensor : run_operators(lists, std::move(held)))
    locals.push_back(std::move(tensor.values));
  return locals;
}

inline void append_flat(json const& nested, local_values& flat) {
  if (!nested.is_array()) return flat.push_back(nested);
  for (json const& entry : nested) append_flat(entry, flat);
}

/// The tensor 0, 1, 2, ..., or the stated values, nested or flat.
inline local_values global_values(json const& request, reshard::extents const& shape) {
  local_values flat;
  if (auto const stated = request.find("values"); stated != request.end()) {
    append_flat(*stated, flat);
  } else {
    for (reshard::index_t i = 0; i < shape.elements(); ++i) flat.emplace_back(i);
  }
  if (static_cast<reshard::index_t>(flat.size()) != shape.elements())
    throw unknown_request{"'values' has " + std::to_string(flat.size()) + " entries, the tensor " +
                          std::to_string(shape.elements())};
  return flat;
}

}  // namespace tools
