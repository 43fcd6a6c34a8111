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

/// A stored tensor whose dims are factored by a grid and put in another order.
///   order: which sub-dim of the grid each dim of the result is
///   example: shape (6, 4), grid ((2, 3), (4)), order 0 2 1 -> (2, 4, 3)
[[nodiscard]] inline planned_source reordered(catalog const& in, catalog_tensor const& tensor,
                                              grid const& over,
                                              std::initializer_list<std::size_t> order) {
  extents shape;
  box_view::sub_dim_list along(over.size(), box_view::fixed);
  for (std::size_t const sub_dim : order) {
    along[sub_dim] = static_cast<std::uint8_t>(shape.rank());
    shape.append(over[sub_dim]);
  }
  box_view const view{grid_box{shape}, grid_box{box{tensor.shape}, over, box{over}}, along};
  return {tensor.type, shape, {{&in, tensor}}, {{0, view}}};
}

/// A stored matrix with rows and columns exchanged.
[[nodiscard]] inline planned_source transposed(catalog const& in, catalog_tensor const& tensor) {
  return reordered(in, tensor, grid{tensor.shape}, {1, 0});
}

/// Gives the tensors of a plan the stages of their merges; the results have the types that the plan
/// says.
///   throws: checkpoint_error adapter_does_not_fit with the merges whose tensors the plan lacks
inline void add_lora(conversion_plan& plan, std::vector<lora_merge> merges,
                     lora_arithmetic arithmetic = {}) {
  std::unordered_map<std::string, lora_merge*> by_name;
  for (lora_merge& m : merges) by_name.emplace(m.base, &m);
  for (planned_tensor& tensor : plan.tensors) {
    auto const found = by_name.find(tensor.to.name);
    if (found == by_name.end()) continue;
    lora_merge& m = *found->second;
    lora_stage const stage{
        m.base, {tensor.from.type, tensor.to.type}, m.stacked, std::move(m.updates), arithmetic};
    tensor.stages.push_back({stage, stage.identity(), std::move(m.operands)});
    by_name.erase(found);
  }
  std::vector<std::string> left;
  for (auto const& [name, merge] : by_name) left.push_back(name);
  std::sort(left.begin(), left.end());
  if (!left.empty())
    detail::adapter_does_not_fit("adapters are for tensors that are not written: " + grouped(left));
}

}  // namespace v1
}  // namespace reshard
