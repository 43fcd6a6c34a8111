#pragma once

#include <reshard/algebra/strided.hpp>

#include "json_fields.hpp"

// Answers of op "strided": shape:stride layouts in, the library called, the layout or value out.
namespace tools {

using reshard::index_t;
using reshard::int_tuple;
using reshard::strided_layout;
using reshard::tiler;

/// The entries of a list, each read as Nested; deeper than any tuple is too many entries.
template <class Nested, class Read>
Nested read_entries(json const& value, std::size_t depth, Read const& read) {
  std::size_t const deepest = 2 * reshard::max_leaves;
  if (depth == deepest) reshard::detail::too_many_entries(deepest);
  Nested entries;
  for (json const& entry : value) entries.append(read(entry, depth + 1));
  return entries;
}

inline int_tuple read_int_tuple(json const& value, std::size_t depth = 0) {
  if (!value.is_array()) return integer(value);
  return read_entries<int_tuple>(value, depth, read_int_tuple);
}

/// What is coalesced by itself: integers and nulls stand for whole modes.
inline int_tuple read_profile(json const& value, std::size_t depth = 0) {
  if (!value.is_array()) return value.is_null() ? index_t{1} : integer(value);
  return read_entries<int_tuple>(value, depth, read_profile);
}

inline json json_tuple(int_tuple const& tuple) {
  if (tuple.is_leaf()) return tuple.leaves()[0];
  json entries = json::array();
  for (std::size_t i = 0; i < tuple.rank(); ++i) entries.push_back(json_tuple(tuple[i]));
  return entries;
}

inline strided_layout read_strided_layout(json const& value) {
  require_object(value, "the layout");
  require_fields(value, {"shape", "stride"});
  return {read_int_tuple(field_of(value, "shape")), read_int_tuple(field_of(value, "stride"))};
}

/// A layout, an extent of stride 1, or a list with one of these per leading mode.
inline tiler read_tiler(json const& value, std::size_t depth = 0) {
  if (value.is_object()) return read_strided_layout(value);
  if (!value.is_array()) return strided_layout(int_tuple(integer(value)));
  return read_entries<tiler>(value, depth, read_tiler);
}

/// A shape as an argument: a layout stands for its shape.
inline int_tuple read_shape(json const& value) {
  return value.is_object() ? read_strided_layout(value).shape() : read_int_tuple(value);
}

inline strided_layout layout_field(json const& request, char const* name) {
  return read_strided_layout(field_of(request, name));
}

/// The layout of a request that has no other field.
inline strided_layout only_layout(json const& request) {
  require_fields(request, {"op", "id", "call", "a"});
  return layout_field(request, "a");
}

/// The second operand of a composition, divide or product: b or tiler.
inline tiler by_field(json const& request) {
  if (request.contains("b") && request.contains("tiler"))
    throw unknown_request{"both 'b' and 'tiler'"};
  return read_tiler(field_of(request, request.contains("tiler") ? "tiler" : "b"));
}

/// Arguments of a function on tuples.
inline std::vector<int_tuple> read_arguments(json const& request, std::size_t least,
                                             std::size_t most) {
  require_fields(request, {"op", "id", "call", "args"});
  std::vector<int_tuple> arguments;
  for (json const& value : list(field_of(request, "args"))) arguments.push_back(read_shape(value));
  if (arguments.size() < least || arguments.size() > most)
    throw unknown_request{"the call takes other arguments"};
  return arguments;
}

struct strided_call {
  char const* name;
  json (*answer)(json const& request);
};

inline json layout_answer(strided_layout const& layout) {
  return {
      {"layout", {{"shape", json_tuple(layout.shape())}, {"stride", json_tuple(layout.stride())}}}};
}
inline json value_answer(json const& value) {
  return {{"value", value}};
}

template <auto Call> json answer_of_pair(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "b", "tiler"});
  return layout_answer(Call(layout_field(request, "a"), by_field(request)));
}
template <auto Call> json answer_of_layouts(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "b"});
  return layout_answer(Call(layout_field(request, "a"), layout_field(request, "b")));
}
template <auto Call> json answer_of_layout(json const& request) {
  return layout_answer(Call(only_layout(request)));
}

inline json strided_values(json const& request) {
  json values = json::array();
  for_each_value(only_layout(request), [&](index_t value) { values.push_back(value); });
  return value_answer(values);
}
inline json strided_size(json const& request) {
  return value_answer(only_layout(request).size());
}
inline json strided_cosize(json const& request) {
  return value_answer(only_layout(request).cosize());
}
inline json strided_coalesce(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "profile"});
  return layout_answer(
      request.contains("profile")
          ? coalesce(layout_field(request, "a"), read_profile(field_of(request, "profile")))
          : coalesce(layout_field(request, "a")));
}
inline json strided_complement(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "cotarget"});
  return layout_answer(request.contains("cotarget")
                           ? complement(layout_field(request, "a"),
                                        product(read_shape(field_of(request, "cotarget"))))
                           : complement(layout_field(request, "a")));
}

inline json strided_product(json const& request) {
  return value_answer(product(read_arguments(request, 1, 1)[0]));
}
inline json strided_inner_product(json const& request) {
  auto const args = read_arguments(request, 2, 2);
  return value_answer(inner_product(args[0], args[1]));
}
inline json strided_shape_div(json const& request) {
  auto const args = read_arguments(request, 2, 2);
  return value_answer(json_tuple(shape_div(args[0], args[1])));
}
inline json strided_shape_mod(json const& request) {
  auto const args = read_arguments(request, 2, 2);
  return value_answer(json_tuple(shape_mod(args[0], args[1])));
}
inline json strided_prefix_product(json const& request) {
  auto const args = read_arguments(request, 1, 2);
  return value_answer(
      json_tuple(args.size() == 1 ? prefix_product(args[0]) : prefix_product(args[0], args[1])));
}
inline json strided_compatible(json const& request) {
  auto const args = read_arguments(request, 2, 2);
  return value_answer(compatible(args[0], args[1]));
}

inline json strided_idx2crd(json const& request) {
  require_fields(request, {"op", "id", "call", "shape", "index"});
  return value_answer(json_tuple(
      idx2crd(read_int_tuple(field_of(request, "index")), read_shape(field_of(request, "shape")))));
}
inline json strided_crd2idx(json const& request) {
  require_fields(request, {"op", "id", "call", "shape", "coord", "stride"});
  int_tuple const coordinate = read_int_tuple(field_of(request, "coord"));
  int_tuple const shape = read_shape(field_of(request, "shape"));
  return value_answer(request.contains("stride")
                          ? crd2idx(coordinate, shape, read_int_tuple(field_of(request, "stride")))
                          : crd2idx(coordinate, shape));
}

inline json strided_make_ordered_layout(json const& request) {
  require_fields(request, {"op", "id", "call", "shape", "order"});
  return layout_answer(make_ordered_layout(read_shape(field_of(request, "shape")),
                                           read_int_tuple(field_of(request, "order"))));
}
inline json strided_recast_layout(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "old_bits", "new_bits"});
  return layout_answer(recast_layout(layout_field(request, "a"),
                                     integer(field_of(request, "old_bits")),
                                     integer(field_of(request, "new_bits"))));
}
inline json strided_group_modes(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "range"});
  auto const range = integers(field_of(request, "range"));
  if (range.size() != 2) throw unknown_request{"a range is a list of two integers"};
  return layout_answer(group_modes(layout_field(request, "a"), range[0], range[1]));
}
inline json strided_tile_to_shape(json const& request) {
  require_fields(request, {"op", "id", "call", "a", "target", "order"});
  int_tuple const target = read_shape(field_of(request, "target"));
  return layout_answer(request.contains("order")
                           ? tile_to_shape(layout_field(request, "a"), target,
                                           read_int_tuple(field_of(request, "order")))
                           : tile_to_shape(layout_field(request, "a"), target));
}

inline constexpr strided_call strided_calls[] = {
    {"values", strided_values},
    {"size", strided_size},
    {"cosize", strided_cosize},
    {"coalesce", strided_coalesce},
    {"composition", answer_of_pair<reshard::composition>},
    {"complement", strided_complement},
    {"right_inverse", answer_of_layout<reshard::right_inverse>},
    {"left_inverse", answer_of_layout<reshard::left_inverse>},
    {"logical_divide", answer_of_pair<reshard::logical_divide>},
    {"zipped_divide", answer_of_pair<reshard::zipped_divide>},
    {"tiled_divide", answer_of_pair<reshard::tiled_divide>},
    {"flat_divide", answer_of_pair<reshard::flat_divide>},
    {"logical_product", answer_of_pair<reshard::logical_product>},
    {"zipped_product", answer_of_pair<reshard::zipped_product>},
    {"tiled_product", answer_of_pair<reshard::tiled_product>},
    {"flat_product", answer_of_pair<reshard::flat_product>},
    {"blocked_product", answer_of_layouts<reshard::blocked_product>},
    {"raked_product", answer_of_layouts<reshard::raked_product>},
    {"product", strided_product},
    {"inner_product", strided_inner_product},
    {"shape_div", strided_shape_div},
    {"shape_mod", strided_shape_mod},
    {"prefix_product", strided_prefix_product},
    {"compatible", strided_compatible},
    {"idx2crd", strided_idx2crd},
    {"crd2idx", strided_crd2idx},
    {"make_ordered_layout", strided_make_ordered_layout},
    {"make_layout_like", answer_of_layout<reshard::make_layout_like>},
    {"recast_layout", strided_recast_layout},
    {"group_modes", strided_group_modes},
    {"tile_to_shape", strided_tile_to_shape},
};

inline json answer_strided(json const& request) {
  json const& name = field_of(request, "call");
  for (strided_call const& call : strided_calls)
    if (name == call.name) return call.answer(request);
  throw unknown_request{"unknown call"};
}

}  // namespace tools
