#pragma once

#include <reshard/checkpoint/peft_merge.hpp>
#include <reshard/checkpoint/remap.hpp>

namespace reshard {
inline namespace v1 {

/// A matrix of the model that is some rows of a stored one: q within q, k, v side by side.
///   view: from the stored matrix to the model's; rows are rows, and columns keep their order
struct fused_part {
  catalog_tensor stored;
  box_view view;
};

/// A base whose tensors have other names than the model that adapters are for.
///   named:      the tensors under the model's names
///   stored_as:  their names in the base
///   fused:      of those that are parts of other tensors, what they are
///   rearranged: names of the model that are stored in any other way; no adapter can be merged into
///               them
struct renamed_base {
  catalog named;
  std::unordered_map<std::string, std::string> stored_as;
  std::unordered_map<std::string, fused_part> fused;
  std::vector<std::string> rearranged;
};

namespace detail {
/// The sub-dims of a dim.
inline inplace_vector<index_t, max_grid> sub_dims_of(grid const& g, std::size_t dim) {
  inplace_vector<index_t, max_grid> out;
  for (std::size_t i = 0; i < g.sub_dims(dim); ++i) out.push_back(g[g.first(dim) + i]);
  return out;
}

/// The rows of a box of a matrix, with other columns, or none.
inline grid_box rows_of(grid_box const& matrix, std::optional<index_t> columns) {
  box region;
  grid over;
  box part;
  region.push_back(matrix.region()[0]);
  over.append_dim(sub_dims_of(matrix.over(), 0));
  for (std::size_t s = 0; s < over.size(); ++s) part.push_back(matrix.part()[s]);
  if (columns) {
    region.push_back({0, *columns});
    over.append_dim({*columns});
    part.push_back({0, *columns});
  }
  return {region, over, part};
}

/// A view between matrices maps rows to rows, and all columns to columns in their order.
inline bool keeps_columns(box_view const& view) {
  grid const& to = view.to().over();
  grid const& from = view.from().over();
  if (to.dims() != 2 || from.dims() != 2 || to.sub_dims(1) != from.sub_dims(1)) return false;
  if (view.to().region()[1] != view.from().region()[1]) return false;
  for (std::size_t i = 0; i < from.sub_dims(1); ++i) {
    std::size_t const t = to.first(1) + i;
    std::size_t const f = from.first(1) + i;
    if (view.along()[f] != t || to[t] != from[f]) return false;
    if (view.to().part()[t] != interval{0, to[t]}) return false;
  }
  return true;
}

/// The columns of an update's left side as rows of the stored matrix have them.
inline planned_source of_stored_rows(planned_source const& left, fused_part const& part) {
  index_t const rank = left.shape[1];
  box_view::sub_dim_list along;
  grid const& rows = part.view.to().over();
  for (std::size_t t = 0; t < rows.sub_dims(0); ++t) {
    auto const at = std::find(part.view.along().begin(), part.view.along().end(), t);
    along.push_back(at == part.view.along().end()
                        ? box_view::fixed
                        : static_cast<std::uint8_t>(at - part.view.along().begin()));
  }
  along.push_back(static_cast<std::uint8_t>(part.view.from().over().sub_dims(0)));
  return {left.type,
          {part.stored.shape[0], rank},
          left.stored,
          {{0, box_view{rows_of(part.view.from(), rank), rows_of(part.view.to(), rank), along}}},
          true};
}

/// What an adapter adds to a matrix, as something that is added to the one that it is a part of.
///   throws: checkpoint_error adapter_does_not_fit  for what is not left x right
inline lora_merge of_stored(lora_merge merge, fused_part const& part) {
  for (lora_update& u : merge.updates)
    if (!u.has_left || u.norm != lora_norm::none || merge.stacked)
      adapter_does_not_fit(merge.base + " is a part of " + part.stored.name +
                           ", and only B x A can be added to a part");
  for (std::size_t i = 0; i < merge.updates.size(); ++i) {
    planned_source& left = merge.operands[2 * i];
    if (!left.terms.empty())
      adapter_does_not_fit(merge.base + " is a part of " + part.stored.name +
                           ", so its adapter cannot be transposed");
    left = of_stored_rows(left, part);
    merge.updates[i].rows = rows_of(part.view.from(), std::nullopt);
  }
  merge.base = part.stored.name;
  return merge;
}
}  // namespace detail

/// The tensors of a base under the names that a remapping gives them.
[[nodiscard]] inline renamed_base renamed(remapping const& mapped) {
  renamed_base out;
  for (remapped_tensor const& t : mapped.tensors) {
    planned_source const& from = t.from;
    bool same = from.stored.size() == 1 && from.shape == from.stored.front().tensor.shape;
    for (view_term const& term : from.terms)
      same = same && term.view == box_view{grid_box{from.shape}, grid_box{from.shape}};
    bool const is_part = !same && from.stored.size() == 1 && from.terms.size() == 1 &&
                         detail::keeps_columns(from.terms.front().view);
    if (!same && !is_part) {
      out.rearranged.push_back(t.name);
      continue;
    }
    catalog_tensor named = from.stored.front().tensor;
    out.stored_as.emplace(t.name, named.name);
    if (is_part) out.fused.emplace(t.name, fused_part{named, from.terms.front().view});
    named.name = t.name;
    named.shape = from.shape;
    out.named.tensors.push_back(std::move(named));
  }
  return out;
}

/// What adapters do, under the names of the base.
///   throws: checkpoint_error adapter_does_not_fit  for what cannot be done to parts of tensors
[[nodiscard]] inline peft_merges under_stored_names(peft_merges merges, renamed_base const& base) {
  peft_merges out{{}, {}, std::move(merges.uses), std::move(merges.warnings)};
  for (auto& [name, merge] : merges.merges) {
    auto const part = base.fused.find(name);
    if (part == base.fused.end())
      merge.base = base.stored_as.at(name);
    else
      merge = detail::of_stored(std::move(merge), part->second);
    out.add(std::move(merge));
  }
  for (auto& [name, source] : merges.replaced) {
    if (base.fused.contains(name))
      detail::adapter_does_not_fit(name + " is a part of " + base.stored_as.at(name) +
                                   ", and an adapter would replace it");
    out.replaced.emplace(base.stored_as.at(name), std::move(source));
  }
  for (adapter_use& use : out.uses) use.base = base.stored_as.at(use.base);
  return out;
}

}  // namespace v1
}  // namespace reshard
