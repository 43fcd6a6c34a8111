#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// Most characters of the name of a device axis.
inline constexpr std::size_t longest_axis_name = 31;

using axis_name = text<longest_axis_name>;

namespace detail {
[[noreturn]] inline void device_axis_name_is_unknown(axis_name const& name) {
  throw layout_error(errc::device_axis_name_is_unknown, __func__,
                     {"no device axis is named '", name.c_str(), "'"});
}
[[noreturn]] inline void device_axis_name_is_not_unique(axis_name const& name) {
  throw layout_error(errc::device_axis_name_is_not_unique, __func__,
                     {"two device axes are named '", name.c_str(), "'"});
}

/// A name that is cut off would match others.
constexpr axis_name whole_axis_name(char const* words) {
  for (std::size_t length = 0; words[length] != '\0'; ++length)
    if (length == longest_axis_name) too_many_entries(longest_axis_name);
  axis_name name;
  print(name, words);
  return name;
}
}  // namespace detail

/// A device matrix whose axes have names, outermost first: MindSpore's Layout with alias names,
/// JAX's Mesh.
///   example: named_devices{{"dp", 2}, {"tp", 4}}
///   throws:  layout_error device_axis_name_is_not_unique, too_many_entries (of a name) and those
///   of
///            device_matrix
struct named_devices {
  struct axis {
    axis_name name;
    index_t size = 0;

    constexpr axis() = default;
    constexpr axis(char const* words, index_t extent)
        : name(detail::whole_axis_name(words)), size(extent) {}
    friend constexpr bool operator==(axis const&, axis const&) = default;
  };
  inplace_vector<axis, max_axes> axes_;

  constexpr named_devices() = default;
  constexpr named_devices(std::initializer_list<axis> axes) {
    for (axis const& a : axes) append(a);
  }
  constexpr void append(axis const& a) {
    for (axis const& known : axes_)
      if (known.name == a.name) detail::device_axis_name_is_not_unique(a.name);
    axes_.push_back(a);
  }

  [[nodiscard]] constexpr device_matrix devices() const {
    device_matrix matrix;
    for (axis const& a : axes_) matrix.append(a.size);
    return matrix;
  }
  /// The axis of that name.
  ///   throws: layout_error device_axis_name_is_unknown
  [[nodiscard]] constexpr device_axis axis_of(axis_name const& name) const {
    for (std::size_t i = 0; i < axes_.size(); ++i)
      if (axes_[i].name == name) return static_cast<device_axis>(axes_.size() - 1 - i);
    detail::device_axis_name_is_unknown(name);
  }
  friend constexpr bool operator==(named_devices const&, named_devices const&) = default;
};

/// The axes that cut one dim, by name, most significant first. {}, "None" and "" are whole.
struct axis_names {
  inplace_vector<axis_name, max_axes> names_;

  constexpr axis_names() = default;
  constexpr axis_names(char const* name) : axis_names({name}) {}  // a name is a list of one
  constexpr axis_names(std::initializer_list<char const*> names) {
    for (char const* words : names) append(words);
  }
  constexpr void append(char const* words) {
    axis_name const name = detail::whole_axis_name(words);
    axis_name none;
    print(none, "None");
    if (name.size() != 0 && name != none) names_.push_back(name);
  }
};

/// The layout of a partition spec over named axes; dims that the spec does not reach are whole.
///   example: partitioned({{"dp", 2}, {"tp", 4}}, {"tp", {}}, {512, 1024}) cuts dim 0 in 4
///   throws:  layout_error device_axis_name_is_unknown, map_length_differs_from_rank,
///            too_many_entries (of a name), those of layout
///   source:  mindspore.parallel.Layout, jax.sharding.PartitionSpec
[[nodiscard]] constexpr layout partitioned(named_devices const& named,
                                           std::initializer_list<axis_names> spec,
                                           extents const& shape, cut_rule const& rule = {}) {
  device_matrix const devices = named.devices();
  tensor_map map;
  for (axis_names const& dim : spec) {
    axis_list axes;
    for (axis_name const& name : dim.names_) axes.push_back(named.axis_of(name));
    map.append(devices, axes, rule);
  }
  while (map.size() < shape.rank()) map.append(devices, {}, rule);
  return {devices, map, shape};
}

/// Tensor parallelism: dim `dim` cut over n devices.
///   throws: layout_error device_axis_size_is_not_positive, dim_does_not_exist, those of layout
[[nodiscard]] constexpr layout tensor_parallel(index_t n, tensor_dim dim, extents const& shape,
                                               cut_rule const& rule = {}) {
  device_matrix const devices{n};
  detail::require_dim(static_cast<std::size_t>(dim), shape.rank());
  tensor_map map;
  for (std::size_t d = 0; d < shape.rank(); ++d)
    map.append(devices,
               d == static_cast<std::size_t>(dim) ? axis_list{device_axis{0}} : axis_list{}, rule);
  return {devices, map, shape};
}

}  // namespace v1
}  // namespace reshard
