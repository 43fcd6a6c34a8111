#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>
#include <reshard/checkpoint/rule_sizes.hpp>

namespace reshard {
inline namespace v1 {

/// A tensor of the other naming scheme: what it is made of.
///   scales: of the stored tensors with scales per block, in the order of from.stored; else none
///   rule:   which one made it; null if it goes on under its own name. The table outlives it
struct remapped_tensor {
  std::string name;
  bool is_float32 = false;
  planned_source from;
  std::vector<stored_reference> scales{};
  remap_rule const* rule = nullptr;
};

namespace detail {

/// Makes the tensors of one instance of a rule.
class instance_maker {
 public:
  instance_maker(catalog const& source, rule_table const& table, name_matcher const& names,
                 remap_direction direction)
      : source_(source), table_(table), names_(names), direction_(direction) {}

  void make(rule_slots const& slots, index_t instance, std::vector<remapped_tensor>& out) {
    slots_ = &slots;
    instance_ = instance;
    values_ = stated_values(*slots.rule, names_.sizes());
    solve();
    for (std::size_t i = slots.rule->repeated.size(); i-- > 0;) {
      index_t const count = names_.count_of(*slots.rule, slots.rule->repeated[i]);
      values_.fixed[slots.rule->repeated[i]] = instance % count;
      instance /= count;
    }
    for (std::size_t t = 0; t < target().size(); ++t) each_target(t, 0, out);
  }

 private:
  [[nodiscard]] std::vector<tensor_pattern> const& target() const {
    return target_side(*slots_->rule, direction_);
  }
  [[nodiscard]] catalog_tensor const& tensor_at(index_t slot) const {
    return source_.tensors[slots_->at(instance_, slot)];
  }

  void solve() {
    std::vector<tensor_pattern> const& from = source_side(*slots_->rule, direction_);
    size_solver solver{*slots_->rule, table_.sizes, values_};
    for (std::size_t round = 0; round < values_.sizes.size(); ++round) {
      bool all = true;
      for (std::size_t p = 0; p < from.size(); ++p) {
        catalog_tensor const& t = tensor_at(slots_->patterns[p].first);
        for (std::size_t d = 0; d < from[p].dims.size() && d < t.shape.rank(); ++d)
          all = solver.learn(from[p].dims[d], t.shape[d]) && all;
      }
      if (all) break;
    }
    if (slots_->rule->is_rename() && !solver.knows_all()) return;
    solver.require_known();
    for (std::size_t p = 0; p < from.size(); ++p)
      for (index_t i = 0; i < slots_->patterns[p].count; ++i)
        solver.require(tensor_at(slots_->patterns[p].first + i), from[p]);
  }

  /// Goes through the numbers of the variables of a target pattern that do not repeat the rule.
  void each_target(std::size_t t, std::size_t variable, std::vector<remapped_tensor>& out) {
    std::vector<name_variable> const& variables = target()[t].name.variables;
    if (variable == variables.size()) return out.push_back(tensor_of(t));
    std::size_t const axis = variables[variable].axis;
    if (slots_->rule->repeats(axis)) return each_target(t, variable + 1, out);
    for (index_t i = 0; i < values_.sizes[axis]; ++i) {
      values_.fixed[axis] = i;
      each_target(t, variable + 1, out);
    }
    values_.fixed[axis] = axis_values::unknown;
  }

  remapped_tensor tensor_of(std::size_t t) {
    tensor_pattern const& pattern = target()[t];
    used_.clear();
    remapped_tensor out;
    out.name = names_.name_of(pattern.name, values_.fixed);
    out.is_float32 = pattern.is_float32;
    out.rule = slots_->rule;
    if (slots_->rule->is_rename()) {
      catalog_tensor const& stored = tensor_at(0);
      out.from = {stored.type, stored.shape, {{&source_, stored}}, {}};
      return out;
    }
    for (dim_expression const& e : pattern.dims) out.from.shape.append(size_of(e, values_.sizes));
    bool const forward = direction_ == remap_direction::forward;
    for (remap_block const& block : slots_->rule->blocks) {
      block_place const& to = forward ? block.right : block.left;
      if (to.tensor == t) each_source(to, forward ? block.left : block.right, 0, 0, out.from);
    }
    take_type(out);
    return out;
  }

  /// Goes through the source tensors of a block.
  void each_source(block_place const& to, block_place const& from, std::size_t variable,
                   index_t slot, planned_source& out) {
    slot_range const& range = slots_->patterns[from.tensor];
    if (variable == range.variables.size()) return add_terms(to, from, range.first + slot, out);
    std::size_t const axis = range.variables[variable];
    index_t const size = values_.sizes[axis];
    index_t const given = values_.fixed[axis];
    for (index_t i = 0; i < size; ++i) {
      if (given != axis_values::unknown && given != i) continue;
      values_.fixed[axis] = i;
      each_source(to, from, variable + 1, slot * size + i, out);
    }
    values_.fixed[axis] = given;
  }

  void add_terms(block_place const& to, block_place const& from, index_t slot,
                 planned_source& out) {
    auto const [number, fresh] = used_.emplace(slot, out.stored.size());
    if (fresh) out.stored.push_back({&source_, tensor_at(slot)});
    for_each_block_view(to, from, values_, [&, stored = number->second](box_view const& view) {
      out.terms.push_back({stored, view});
    });
  }

  static void take_type(remapped_tensor& out) {
    catalog_tensor const& first = out.from.stored.front().tensor;
    out.from.type = first.type;
    for (stored_reference const& stored : out.from.stored)
      if (stored.tensor.type != first.type)
        layouts_disagree("'" + stored.tensor.name + "' is " +
                         std::string{reshard::name_of(stored.tensor.type)} + ", '" + first.name +
                         "' " + std::string{reshard::name_of(first.type)} +
                         ": they become parts of '" + out.name + "'");
  }

  catalog const& source_;
  rule_table const& table_;
  name_matcher const& names_;
  remap_direction direction_;
  rule_slots const* slots_ = nullptr;
  index_t instance_ = 0;
  axis_values values_;
  std::map<index_t, std::size_t> used_;  // slot -> number among the stored tensors of a target
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
