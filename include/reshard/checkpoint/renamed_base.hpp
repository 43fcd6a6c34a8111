#pragma once

#include <reshard/checkpoint/peft_merge.hpp>
#include <reshard/checkpoint/remap.hpp>

namespace reshard {
inline namespace v1 {

/// A base whose tensors have other names than the model that adapters are for.
///   named:      the tensors under the model's names
///   stored_as:  their names in the base
///   rearranged: names of the model that are parts of other tensors, or stored in another order;
///               no adapter can be merged into them
struct renamed_base {
  catalog named;
  std::unordered_map<std::string, std::string> stored_as;
  std::vector<std::string> rearranged;
};

/// The tensors of a base under the names that a remapping gives them.
[[nodiscard]] inline renamed_base renamed(remapping const& mapped) {
  renamed_base out;
  for (remapped_tensor const& t : mapped.tensors) {
    planned_source const& from = t.from;
    bool same = from.stored.size() == 1 && from.shape == from.stored.front().tensor.shape;
    for (view_term const& term : from.terms)
      same = same && term.view == box_view{grid_box{from.shape}, grid_box{from.shape}};
    if (!same) {
      out.rearranged.push_back(t.name);
      continue;
    }
    catalog_tensor named = from.stored.front().tensor;
    out.stored_as.emplace(t.name, named.name);
    named.name = t.name;
    out.named.tensors.push_back(std::move(named));
  }
  return out;
}

/// What adapters do, under the names of the base.
[[nodiscard]] inline peft_merges under_stored_names(peft_merges merges, renamed_base const& base) {
  peft_merges out{{}, {}, std::move(merges.uses), std::move(merges.warnings)};
  for (auto& [name, merge] : merges.merges) {
    std::string const& stored = base.stored_as.at(name);
    merge.base = stored;
    out.merges.emplace(stored, std::move(merge));
  }
  for (auto& [name, source] : merges.replaced)
    out.replaced.emplace(base.stored_as.at(name), std::move(source));
  for (adapter_use& use : out.uses) use.base = base.stored_as.at(use.base);
  return out;
}

}  // namespace v1
}  // namespace reshard
