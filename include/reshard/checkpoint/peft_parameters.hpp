#pragma once

#include <reshard/checkpoint/peft_pairs.hpp>

namespace reshard {
inline namespace v1 {

/// Adapters on parameters, which are mostly stacks of experts. A's rows count experts before ranks,
/// B's columns ranks before experts; delta[e, o, i] = scale * sum_k B[o, k * E + e] A[e * r + k,
/// i]. Patterns of ranks and alphas are of the path of the parameter: "mlp.experts.gate_up_proj".
///   source: peft, tuners/lora/layer.py, ParamWrapper
class peft_parameters {
 public:
  peft_parameters(base_weights const& base, catalog const& tensors, adapter const& config)
      : base_(base), in_(tensors), config_(config) {}

  /// What a group of tensors does to the one parameter of a module that it fits.
  ///   weight: a factor of its scale
  ///   throws: checkpoint_error adapter_does_not_fit
  [[nodiscard]] std::vector<lora_merge> merges(std::string const& module, peft_group const& group,
                                               double weight, adapter_rules const& rules) {
    peft_pairs::require_pair(module, group);
    if (group.a->shape.rank() != 2 || group.b->shape.rank() != 2)
      peft_pairs::fault(module + ": A " + shape_text(group.a->shape) + " and B " +
                        shape_text(group.b->shape) + " are no matrices");
    if (group.magnitude != nullptr || group.b_bias != nullptr || config_.fan_in_fan_out)
      peft_pairs::fault(module +
                        ": DoRA, lora_bias and fan_in_fan_out are not defined for parameters");
    std::vector<std::vector<lora_merge>> fitting;
    std::string names;
    std::string path;
    for (std::string const& parameter : parameters_of(config_, module)) {
      std::string const own = module + "." + parameter;
      names += (names.empty() ? "" : ", ") + parameter;
      add_fitting(fitting, module, parameter, group, weight * rules.scaling(own));
      if (path.empty() && !fitting.empty()) path = own;
    }
    std::string const shapes =
        module + ": A " + shape_text(group.a->shape) + ", B " + shape_text(group.b->shape);
    if (fitting.empty())
      peft_pairs::fault(names.empty() ? shapes + ": the base has no " + module + ".weight"
                                      : shapes + " fit none of the module's parameters " + names);
    if (fitting.size() > 1) peft_pairs::fault(shapes + " fit several of " + names);
    if (!used_.insert(fitting.front().front().base).second)
      peft_pairs::fault(shapes + ": two adapters fit " + fitting.front().front().base);
    index_t const rank = fitting.front().front().updates.front().rank;
    if (rules.rank(path) != rank)
      peft_pairs::fault(shapes + ": of rank " + std::to_string(rank) + ", the configuration says " +
                        std::to_string(rules.rank(path)) + " of " + path);
    return std::move(fitting.front());
  }

  /// Names of target_parameters that belong to a module.
  [[nodiscard]] static std::vector<std::string> parameters_of(adapter const& config,
                                                              std::string const& module) {
    std::vector<std::string> out;
    for (std::string const& target : config.target_parameters) {
      std::size_t const dot = target.rfind('.');
      std::string const name = target.substr(dot == target.npos ? 0 : dot + 1);
      bool const is_of_module =
          dot == target.npos || detail::ends_in_module(module, target.substr(0, dot));
      if (is_of_module && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
    return out;
  }

 private:
  void add_fitting(std::vector<std::vector<lora_merge>>& fitting, std::string const& module,
                   std::string const& parameter, peft_group const& group, double scale) const {
    if (catalog_tensor const* const whole = base_.find(module + "." + parameter)) {
      bool const is_stack = whole->shape.rank() == 3;
      if (!is_stack && whole->shape.rank() != 2) return;
      index_t const experts = is_stack ? whole->shape[0] : 1;
      index_t const x = whole->shape[is_stack ? 1 : 0];
      index_t const y = whole->shape[is_stack ? 2 : 1];
      bool const is_square = is_stack && x == y;
      bool const is_turned = is_square && base_.stacks_of(module, x) == stored_as::in_out;
      bool const is_straight = is_square && base_.stacks_of(module, x) == stored_as::out_in;
      if (fits(group, experts, x, y) && !is_turned)
        fitting.push_back({stack_merge(*whole, group, experts, scale, false)});
      if (is_stack && fits(group, experts, y, x) && !is_straight)
        fitting.push_back({stack_merge(*whole, group, experts, scale, true)});
      return;
    }
    split_experts const split = base_.experts_of(module, parameter);
    if (split.experts.empty()) return;
    auto const count = static_cast<index_t>(split.experts.size());
    index_t rows = 0;
    for (catalog_tensor const* t : split.experts.front()) rows += t->shape[0];
    if (fits(group, count, rows, split.experts.front().front()->shape[1]))
      fitting.push_back(split_merges(split, group, scale));
  }

  static bool fits(peft_group const& group, index_t experts, index_t out, index_t in) {
    index_t const rows = group.a->shape[0];
    return experts > 0 && rows % experts == 0 && group.a->shape[1] == in &&
           group.b->shape == extents{out, rows};
  }

  /// A as (E, r, in), B as (out, r, E).
  static grid_box a_box(peft_group const& group, index_t experts) {
    index_t const rank = group.a->shape[0] / experts;
    grid const over{group.a->shape, {{experts, rank}, {group.a->shape[1]}}};
    return {box{group.a->shape}, over, box{over}};
  }
  static grid_box b_box(peft_group const& group, index_t experts) {
    index_t const rank = group.a->shape[0] / experts;
    grid const over{group.b->shape, {{group.b->shape[0]}, {rank, experts}}};
    return {box{group.b->shape}, over, box{over}};
  }
  static lora_update update_of(peft_group const& group, index_t experts, double scale,
                               bool is_transposed) {
    catalog_tensor const& left = is_transposed ? *group.a : *group.b;
    catalog_tensor const& right = is_transposed ? *group.b : *group.a;
    return {group.a->shape[0] / experts, scale, left.type, right.type, true, {}, {}};
  }

  /// A parameter that is stored whole: [E, out, in], [E, in, out], or [out, in].
  [[nodiscard]] lora_merge stack_merge(catalog_tensor const& whole, peft_group const& group,
                                       index_t experts, double scale, bool is_transposed) const {
    lora_merge out{whole.name, {update_of(group, experts, scale, is_transposed)}, {}, true};
    out.stacked = whole.shape.rank() == 3;
    if (!out.stacked) {
      out.operands = {as_stored(in_, *group.b), as_stored(in_, *group.a)};
      return out;
    }
    index_t const rank = out.updates.front().rank;
    extents const left{experts, whole.shape[1], rank};
    extents const right{experts, rank, whole.shape[2]};
    grid_box const a = a_box(group, experts);
    grid_box const b = b_box(group, experts);
    if (is_transposed) {
      out.operands = {viewed(in_, *group.a, a, {0, 2, 1}, left),
                      viewed(in_, *group.b, b, {2, 1, 0}, right)};
    } else {
      out.operands = {viewed(in_, *group.b, b, {1, 2, 0}, left),
                      viewed(in_, *group.a, a, {0, 1, 2}, right)};
    }
    return out;
  }

  /// A parameter that is stored expert by expert, in one or more tensors each.
  [[nodiscard]] std::vector<lora_merge> split_merges(split_experts const& split,
                                                     peft_group const& group, double scale) const {
    auto const experts = static_cast<index_t>(split.experts.size());
    std::vector<lora_merge> out;
    for (index_t e = 0; e < experts; ++e) {
      index_t row = 0;
      for (catalog_tensor const* t : split.experts[static_cast<std::size_t>(e)]) {
        lora_merge m{t->name, {update_of(group, experts, scale, false)}, {}, false};
        index_t const rank = m.updates.front().rank;
        grid_box a = a_box(group, experts);
        a.part_ = box{{e, 0, 0}, {1, rank, t->shape[1]}};
        grid_box b = b_box(group, experts);
        b.part_ = box{{row, 0, e}, {t->shape[0], rank, 1}};
        m.operands = {viewed(in_, *group.b, b, {0, 1, box_view::fixed}, {t->shape[0], rank}),
                      viewed(in_, *group.a, a, {box_view::fixed, 0, 1}, {rank, t->shape[1]})};
        row += t->shape[0];
        out.push_back(std::move(m));
      }
    }
    return out;
  }

  base_weights const& base_;
  catalog const& in_;
  adapter const& config_;
  std::set<std::string> used_;
};

}  // namespace v1
}  // namespace reshard
