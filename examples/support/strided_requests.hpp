#pragma once

#include <reshard/algebra/strided.hpp>

#include "json_fields.hpp"

// Answers of op "strided": shape:stride layouts in, the library called, the layout or value out.
namespace tools {

using reshard::index_t;
using reshard::int_tuple;
using reshard::strided_layout;
using reshard::tiler;

inline int_tuple read_int_tuple(json const& value) {
  if (!value.is_array()) return integer(value);
  int_tuple entries;
  for (json const& entry : value) entries.append(read_int_tuple(entry));
  return entries;
}

inline json to_json(int_tuple const& tuple) {
  if (tuple.is_leaf()) return tuple.leaves()[0];
  json entries = json::array();
  for (std::size_t i = 0; i < tuple.rank(); ++i) entries.push_back(to_json(tuple[i]));
  return entries;
}

inline strided_layout read_strided_layout(json const& value) {
  require_object(value, "the layout");
  require_fields(value, {"shape", "stride"});
  return {read_int_tuple(field_of(value, "shape")), read_int_tuple(field_of(value, "stride"))};
}

/// A layout, an extent of stride 1, or a list with one of these per leading mode.
inline tiler read_tiler(json const& value) {
  if (value.is_object()) return read_strided_layout(value);
  if (!value.is_array()) return strided_layout(int_tuple(integer(value)));
  tiler by_mode;
  for (json const& entry : value) by_mode.append(read_tiler(entry));
  return by_mode;
}

/// A shape as an argument: a layout stands for its shape.
inline int_tuple read_shape(json const& value) {
  return value.is_object() ? read_strided_layout(value).shape() : read_int_tuple(value);
}

/// What is coalesced by itself: integers and nulls stand for whole modes.
inline int_tuple read_profile(json const& value) {
  if (!value.is_array()) return value.is_null() ? index_t{1} : integer(value);
  int_tuple entries;
  for (json const& entry : value) entries.append(read_profile(entry));
  return entries;
}

/// The fields of one request, each of which the call must know.
class strided_fields {
 public:
  strided_fields(json const& request, std::initializer_list<char const*> known)
      : request_(request) {
    for (auto const& [name, value] : request.items()) {
      bool found = name == "op" || name == "id" || name == "call";
      for (char const* field : known) found = found || name == field;
      if (!found) throw unknown_request{"unknown field '" + name + "'"};
    }
  }
  [[nodiscard]] bool has(char const* name) const { return request_.contains(name); }
  [[nodiscard]] json const& operator[](char const* name) const { return field_of(request_, name); }
  [[nodiscard]] strided_layout layout(char const* name) const {
    return read_strided_layout((*this)[name]);
  }
  /// The second operand of a composition, divide or product: b or tiler.
  [[nodiscard]] tiler by() const {
    if (has("b") && has("tiler")) throw unknown_request{"both 'b' and 'tiler'"};
    return read_tiler((*this)[has("tiler") ? "tiler" : "b"]);
  }

 private:
  json const& request_;
};

/// Arguments of a function on tuples.
inline std::vector<int_tuple> read_arguments(json const& request, std::size_t least,
                                             std::size_t most) {
  strided_fields const fields{request, {"args"}};
  std::vector<int_tuple> arguments;
  for (json const& value : list(fields["args"])) arguments.push_back(read_shape(value));
  if (arguments.size() < least || arguments.size() > most)
    throw unknown_request{"the call takes other arguments"};
  return arguments;
}

struct strided_call {
  char const* name;
  json (*answer)(json const& request);
};

inline json layout_answer(strided_layout const& layout) {
  return {{"layout", {{"shape", to_json(layout.shape())}, {"stride", to_json(layout.stride())}}}};
}
inline json value_answer(json const& value) {
  return {{"value", value}};
}

template <auto Call> json answer_of_pair(json const& request) {
  strided_fields const f{request, {"a", "b", "tiler"}};
  return layout_answer(Call(f.layout("a"), f.by()));
}
template <auto Call> json answer_of_layouts(json const& request) {
  strided_fields const f{request, {"a", "b"}};
  return layout_answer(Call(f.layout("a"), f.layout("b")));
}
template <auto Call> json answer_of_layout(json const& request) {
  return layout_answer(Call(strided_fields{request, {"a"}}.layout("a")));
}

inline json strided_values(json const& request) {
  json values = json::array();
  for_each_value(strided_fields{request, {"a"}}.layout("a"),
                 [&](index_t value) { values.push_back(value); });
  return value_answer(values);
}
inline json strided_size(json const& request) {
  return value_answer(strided_fields{request, {"a"}}.layout("a").size());
}
inline json strided_cosize(json const& request) {
  return value_answer(strided_fields{request, {"a"}}.layout("a").cosize());
}
inline json strided_coalesce(json const& request) {
  strided_fields const f{request, {"a", "profile"}};
  return layout_answer(f.has("profile") ? coalesce(f.layout("a"), read_profile(f["profile"]))
                                        : coalesce(f.layout("a")));
}
inline json strided_complement(json const& request) {
  strided_fields const f{request, {"a", "cotarget"}};
  return layout_answer(f.has("cotarget")
                           ? complement(f.layout("a"), product(read_shape(f["cotarget"])))
                           : complement(f.layout("a")));
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
  return value_answer(to_json(shape_div(args[0], args[1])));
}
inline json strided_shape_mod(json const& request) {
  auto const args = read_arguments(request, 2, 2);
  return value_answer(to_json(shape_mod(args[0], args[1])));
}
inline json strided_prefix_product(json const& request) {
  auto const args = read_arguments(request, 1, 2);
  return value_answer(
      to_json(args.size() == 1 ? prefix_product(args[0]) : prefix_product(args[0], args[1])));
}
inline json strided_compatible(json const& request) {
  auto const args = read_arguments(request, 2, 2);
  return value_answer(compatible(args[0], args[1]));
}

inline json strided_idx2crd(json const& request) {
  strided_fields const f{request, {"shape", "index"}};
  return value_answer(to_json(idx2crd(read_int_tuple(f["index"]), read_shape(f["shape"]))));
}
inline json strided_crd2idx(json const& request) {
  strided_fields const f{request, {"shape", "coord", "stride"}};
  int_tuple const coordinate = read_int_tuple(f["coord"]);
  int_tuple const shape = read_shape(f["shape"]);
  return value_answer(f.has("stride") ? crd2idx(coordinate, shape, read_int_tuple(f["stride"]))
                                      : crd2idx(coordinate, shape));
}

inline json strided_make_ordered_layout(json const& request) {
  strided_fields const f{request, {"shape", "order"}};
  return layout_answer(make_ordered_layout(read_shape(f["shape"]), read_int_tuple(f["order"])));
}
inline json strided_recast_layout(json const& request) {
  strided_fields const f{request, {"a", "old_bits", "new_bits"}};
  return layout_answer(
      recast_layout(f.layout("a"), integer(f["old_bits"]), integer(f["new_bits"])));
}
inline json strided_group_modes(json const& request) {
  strided_fields const f{request, {"a", "range"}};
  auto const range = integers(f["range"]);
  if (range.size() != 2) throw unknown_request{"a range is a list of two integers"};
  return layout_answer(group_modes(f.layout("a"), range[0], range[1]));
}
inline json strided_tile_to_shape(json const& request) {
  strided_fields const f{request, {"a", "target", "order"}};
  int_tuple const target = read_shape(f["target"]);
  return layout_answer(f.has("order")
                           ? tile_to_shape(f.layout("a"), target, read_int_tuple(f["order"]))
                           : tile_to_shape(f.layout("a"), target));
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
