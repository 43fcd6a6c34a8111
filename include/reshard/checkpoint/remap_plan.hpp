#pragma once

#include <reshard/checkpoint/dequantize_stage.hpp>
#include <reshard/checkpoint/remap.hpp>

namespace reshard {
inline namespace v1 {

/// Element types of the result.
///   type:      of all real numbers but those that a rule keeps as float32; nothing = as stored
///   fp8_block: rows and columns with one scale
///   overflows: counts what becomes infinite
struct remap_types {
  std::optional<dtype> type;
  std::array<index_t, 2> fp8_block{128, 128};
  std::shared_ptr<overflow_count> overflows = std::make_shared<overflow_count>();
};

namespace detail {
constexpr bool is_float8(dtype type) {
  return type == dtype::float8_e4m3fn || type == dtype::float8_e5m2;
}

/// The type of a tensor before a cast.
inline dtype scaled_type(remapped_tensor const& t) {
  return t.scales.empty() ? t.from.type : dequantize_stage::result;
}
inline dtype type_of_result(remapped_tensor const& t, remap_types const& types) {
  dtype const type = scaled_type(t);
  if (!types.type || !is_real(type)) return type;
  return t.is_float32 ? dtype::float32 : *types.type;
}

inline std::vector<quantized_tensor> quantized(remapped_tensor const& t, remap_types const& types) {
  std::vector<quantized_tensor> out;
  for (std::size_t i = 0; i < t.scales.size(); ++i) {
    catalog_tensor const& weight = t.from.stored[i].tensor;
    catalog_tensor const& scale = t.scales[i].tensor;
    if (weight.shape.rank() != 2 || (!is_float8(weight.type) && weight.type != dtype::int8))
      layouts_disagree("'" + weight.name + "' has scales, but is no matrix of 8 bits");
    extents wanted;
    for (std::size_t d = 0; d < 2; ++d)
      wanted.append((weight.shape[d] + types.fp8_block[d] - 1) / types.fp8_block[d]);
    if (scale.shape != wanted)
      layouts_disagree("'" + scale.name + "' has shape " + shape_text(scale.shape) + "; " +
                       shape_text(weight.shape) + " in blocks of " +
                       std::to_string(types.fp8_block[0]) + " x " +
                       std::to_string(types.fp8_block[1]) + " needs " + shape_text(wanted));
    if (scale.type != t.scales.front().tensor.type)
      layouts_disagree("'" + scale.name + "' and '" + t.scales.front().tensor.name +
                       "' are of different types");
    out.push_back({weight.shape, scale.shape});
  }
  return out;
}

/// All scales of a tensor's parts as one vector.
inline planned_source scales_of(remapped_tensor const& t) {
  planned_source out{t.scales.front().tensor.type, {}, t.scales, {}};
  index_t first = 0;
  for (std::size_t i = 0; i < t.scales.size(); ++i) {
    extents const& shape = t.scales[i].tensor.shape;
    grid_box const to{box{{first}, {shape.elements()}},
                      grid{extents{shape.elements()}, {{shape[0], shape[1]}}}, box{shape}};
    out.terms.push_back({i, {to, grid_box{shape}}});
    first += shape.elements();
  }
  out.shape.append(first);
  return out;
}

inline std::vector<planned_stage> stages_of(remapped_tensor const& t, remap_types const& types) {
  std::vector<planned_stage> out;
  if (!t.scales.empty())
    out.push_back({dequantize_stage{t.from.type, t.scales.front().tensor.type, quantized(t, types),
                                    t.from.terms, types.fp8_block},
                   "dequantize " + std::to_string(types.fp8_block[0]) + " x " +
                       std::to_string(types.fp8_block[1]),
                   {scales_of(t)}});
  dtype const from = scaled_type(t);
  dtype const to = type_of_result(t, types);
  if (from != to)
    out.push_back(
        {cast_stage{t.name, from, to, types.overflows}, "cast to " + std::string{name_of(to)}, {}});
  return out;
}
}  // namespace detail

/// The remapped tensors as a catalog of whole tensors, to be laid out and dealt out to files.
[[nodiscard]] inline catalog targets_of(remapping const& mapped, remap_types const& types) {
  catalog out;
  layout_pool layouts;
  for (remapped_tensor const& t : mapped.tensors) {
    if (detail::is_float8(t.from.type) && t.scales.empty())
      detail::names_do_not_match("'" + t.from.stored.front().tensor.name + "' is " +
                                 std::string{name_of(t.from.type)} + " and has no scales ..." +
                                 std::string{detail::scales_ending});
    out.tensors.push_back({t.name,
                           detail::type_of_result(t, types),
                           t.from.shape,
                           false,
                           {detail::everywhere(t.from.shape, 1)}});
    share_layouts(out.tensors.back(), layouts);
  }
  return out;
}

/// Lets a plan whose tensors come from targets_of take their elements from the source instead, with
/// the stages that their types need.
inline void take_from_source(conversion_plan& plan, remapping mapped, remap_types const& types) {
  std::unordered_map<std::string, remapped_tensor*> by_name;
  for (remapped_tensor& t : mapped.tensors) by_name.emplace(t.name, &t);
  for (planned_tensor& planned : plan.tensors) {
    remapped_tensor& t = *by_name.at(planned.to.name);
    planned.stages = detail::stages_of(t, types);
    planned.from = std::move(t.from);  // terms of many experts are most of a plan
  }
}

}  // namespace v1
}  // namespace reshard
