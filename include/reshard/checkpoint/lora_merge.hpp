#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/checkpoint/lora_stage.hpp>

#include <unordered_map>

namespace reshard {
inline namespace v1 {

/// What is merged into one tensor.
///   operands: of the updates, in the order of lora_stage
///   stacked:  the first dim counts matrices
struct lora_merge {
  std::string base;
  std::vector<lora_update> updates;
  std::vector<planned_source> operands;
  bool stacked = false;
};

/// All of a stored tensor, as it is.
[[nodiscard]] inline planned_source as_stored(catalog const& in, catalog_tensor const& tensor) {
  return {tensor.type, tensor.shape, {{&in, tensor}}, {}};
}

/// Some elements of a stored tensor in another order.
///   from:  which ones, as sub-dims
///   along: the dim of the result that each sub-dim of `from` is, or box_view::fixed
///   shape: of the result; what no sub-dim is has extent 1
[[nodiscard]] inline planned_source viewed(catalog const& in, catalog_tensor const& tensor,
                                           grid_box const& from,
                                           box_view::sub_dim_list const& along,
                                           extents const& shape) {
  return {tensor.type, shape, {{&in, tensor}}, {{0, box_view{grid_box{shape}, from, along}}}};
}

/// A stored matrix with rows and columns exchanged.
[[nodiscard]] inline planned_source transposed(catalog const& in, catalog_tensor const& tensor) {
  return viewed(in, tensor, grid_box{tensor.shape}, {1, 0}, {tensor.shape[1], tensor.shape[0]});
}

/// Lets the tensors of a plan that hold numbers be written as another type; add_lora rounds them.
///   throws: codec_error value_is_not_supported
inline void set_real_type(conversion_plan& plan, dtype type) {
  if (!is_real(type)) detail::type_is_not_real(type);
  for (planned_tensor& tensor : plan.tensors)
    if (is_real(tensor.from.type)) tensor.to.type = type;
}

/// A tensor with the stage of its merge, which rounds to the type that the tensor is to have.
[[nodiscard]] inline planned_tensor with_lora(planned_tensor tensor, lora_merge merge,
                                              lora_arithmetic arithmetic) {
  lora_stage const stage{tensor.to.name,
                         {tensor.from.type, tensor.to.type},
                         merge.stacked,
                         std::move(merge.updates),
                         arithmetic};
  tensor.stages.push_back({stage, stage.identity(), std::move(merge.operands)});
  return tensor;
}

/// Gives the tensors of a plan the stages of their merges. The results have the types that the plan
/// says, also where nothing is merged.
///   throws: checkpoint_error adapter_does_not_fit with the merges whose tensors the plan lacks
inline void add_lora(conversion_plan& plan, std::vector<lora_merge> merges,
                     lora_arithmetic arithmetic = {}) {
  std::unordered_map<std::string, lora_merge*> by_name;
  for (lora_merge& m : merges) by_name.emplace(m.base, &m);
  for (planned_tensor& tensor : plan.tensors) {
    auto const found = by_name.find(tensor.to.name);
    if (found == by_name.end() && tensor.from.type == tensor.to.type) continue;
    lora_merge merge;
    if (found != by_name.end()) {
      merge = std::move(*found->second);
      by_name.erase(found);
    }
    tensor = with_lora(std::move(tensor), std::move(merge), arithmetic);
  }
  std::vector<std::string> left;
  for (auto const& [name, merge] : by_name) left.push_back(name);
  std::sort(left.begin(), left.end());
  if (!left.empty())
    detail::adapter_does_not_fit("adapters are for tensors that are not written: " + grouped(left));
}

}  // namespace v1
}  // namespace reshard
