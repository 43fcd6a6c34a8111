#pragma once

#include <reshard/checkpoint/base_weights.hpp>
#include <reshard/checkpoint/peft_parts.hpp>
#include <reshard/codec/adapter_rules.hpp>

namespace reshard {
inline namespace v1 {

/// Adapters on whole modules: linear layers, convolutions and embeddings.
///   source: peft, tuners/lora/layer.py and dora.py
class peft_pairs {
 public:
  ///   replaced: tensors that take the place of some of the base, before anything is added
  peft_pairs(base_weights const& base, std::map<std::string, planned_source> const& replaced,
             catalog const& tensors, adapter const& config)
      : base_(base), replaced_(replaced), in_(tensors), config_(config) {}

  /// The base has a weight of this module.
  [[nodiscard]] bool is_module(std::string const& module) const {
    return base_.find(module + ".weight") != nullptr;
  }

  /// What one group of tensors does: to the weight, and to the bias.
  ///   path:   what patterns of ranks and alphas are of
  ///   weight: a factor of its scale
  ///   throws: checkpoint_error adapter_does_not_fit
  [[nodiscard]] std::vector<lora_merge> merges(std::string const& module, std::string const& path,
                                               peft_group const& group, double weight,
                                               adapter_rules const& rules) const {
    require_pair(module, group);
    catalog_tensor base = *base_.find(module + ".weight");
    if (auto const at = replaced_.find(base.name); at != replaced_.end())
      base.shape = at->second.shape;
    shape_facts const facts = facts_of_shapes(module, base, group);
    if (rules.rank(path) != facts.rank)
      fault(module + ": A is of rank " + std::to_string(facts.rank) + ", the configuration says " +
            std::to_string(rules.rank(path)));
    double const scale = weight * rules.scaling(path);
    std::vector<lora_merge> out{weight_merge(base, group, facts, scale)};
    if (config_.weight_decomposed != (group.magnitude != nullptr))
      fault(module + (group.magnitude != nullptr ? ": lora_magnitude_vector without use_dora"
                                                 : ": use_dora without lora_magnitude_vector"));
    if (group.magnitude != nullptr) add_magnitude(out.front(), module, base, group, facts);
    if (group.b_bias != nullptr) out.push_back(bias_merge(module, group, facts, scale));
    return out;
  }

  /// A and B are there.
  static void require_pair(std::string const& module, peft_group const& group) {
    char const* const kind = group.is_embedding ? "lora_embedding_" : "lora_";
    if (group.a == nullptr && group.b == nullptr)
      fault(module + ": neither " + kind + "A nor " + kind + "B");
    if (group.a == nullptr || group.b == nullptr)
      fault(module + ": " + kind + (group.a != nullptr ? "A without " : "B without ") + kind +
            (group.a != nullptr ? "B" : "A"));
  }
  [[noreturn]] static void fault(std::string const& message) {
    detail::adapter_does_not_fit(message);
  }

 private:
  struct shape_facts {
    index_t rank = 0;
    index_t out = 0;
    bool is_transposed = false;  // the base is [in, out]
  };

  /// A and B fit each other and the base. Whether it is stored [in, out] PEFT sees from the class
  /// of the layer; the configuration has what the last layer was. Here a base that is not square
  /// says it itself; of a square one the configuration or its relatives do.
  [[nodiscard]] shape_facts facts_of_shapes(std::string const& module, catalog_tensor const& base,
                                            peft_group const& group) const {
    extents const& a = group.a->shape;
    extents const& b = group.b->shape;
    std::string const shapes = module + ": base " + shape_text(base.shape) + ", A " +
                               shape_text(a) + ", B " + shape_text(b);
    std::size_t const rank = base.shape.rank();
    if (rank < 2 || a.rank() != rank || b.rank() != rank) fault(shapes + ": ranks do not fit");
    if (a[0] != b[1])
      fault(shapes + ": A has " + std::to_string(a[0]) + " rows, B " + std::to_string(b[1]) +
            " columns");
    for (std::size_t d = 2; d < rank; ++d)
      if (b[d] != 1) fault(shapes + ": B is no 1 x 1 kernel");
    extents straight{b[0]};
    for (std::size_t d = 1; d < rank; ++d) straight.append(a[d]);
    bool const fits = base.shape == straight;
    bool const turned = rank == 2 && base.shape == extents{a[1], b[0]};
    if (group.is_embedding ? !turned : !fits && !turned) fault(shapes + ": B x A does not fit");
    bool const both = fits && turned;
    bool const is_turned = both ? config_.fan_in_fan_out || base_.is_stored_in_out(base) : turned;
    return {a[0], b[0], group.is_embedding || is_turned};
  }

  [[nodiscard]] lora_merge weight_merge(catalog_tensor const& weight, peft_group const& group,
                                        shape_facts const& facts, double scale) const {
    lora_merge out{weight.name, {}, {}, false};
    catalog_tensor const& left = facts.is_transposed ? *group.a : *group.b;
    catalog_tensor const& right = facts.is_transposed ? *group.b : *group.a;
    out.updates.push_back({facts.rank, scale, left.type, right.type, true, {}, {}});
    if (facts.is_transposed) {
      out.operands = {transposed(in_, left), transposed(in_, right)};
    } else {
      out.operands = {as_matrix(left, facts), as_stored(in_, right)};
    }
    return out;
  }
  /// B of a convolution without its kernel of one.
  [[nodiscard]] planned_source as_matrix(catalog_tensor const& b, shape_facts const& facts) const {
    if (b.shape.rank() == 2) return as_stored(in_, b);
    box_view::sub_dim_list along{0, 1};
    while (along.size() < b.shape.rank()) along.push_back(box_view::fixed);
    return viewed(in_, b, grid_box{b.shape}, along, {facts.out, facts.rank});
  }

  void add_magnitude(lora_merge& merge, std::string const& module, catalog_tensor const& weight,
                     peft_group const& group, shape_facts const& facts) const {
    if (group.b_bias != nullptr)
      fault(module + ": use_dora and lora_bias are not defined together");
    catalog_tensor const& m = *group.magnitude;
    index_t const count = facts.is_transposed ? weight.shape[1] : weight.shape[0];
    if (m.shape.elements() != count || count == 0)
      fault(module + ": lora_magnitude_vector has shape " + shape_text(m.shape) + " for " +
            std::to_string(count) + " norms");
    box_view::sub_dim_list along(m.shape.rank(), box_view::fixed);
    for (std::size_t d = 0, found = 0; d < m.shape.rank() && found == 0; ++d)
      if (m.shape[d] == count) along[d] = 0, found = 1;
    lora_update& update = merge.updates.front();
    update.norm = facts.is_transposed ? lora_norm::columns : lora_norm::rows;
    update.magnitude = m.type;
    merge.operands.push_back(viewed(in_, m, grid_box{m.shape}, along, {count}));
  }

  [[nodiscard]] lora_merge bias_merge(std::string const& module, peft_group const& group,
                                      shape_facts const& facts, double scale) const {
    catalog_tensor const* const bias = base_.find(module + ".bias");
    if (bias == nullptr) fault(module + ": lora_B.bias, but the base has no bias");
    catalog_tensor const& added = *group.b_bias;
    if (bias->shape != extents{facts.out} || added.shape != bias->shape)
      fault(module + ": lora_B.bias " + shape_text(added.shape) + " for a bias " +
            shape_text(bias->shape));
    lora_merge out{bias->name, {}, {}, false};
    out.updates.push_back({1, scale, {}, added.type, false, {}, {}});
    out.operands.push_back(viewed(in_, added, grid_box{added.shape}, {1}, {1, facts.out}));
    return out;
  }

  base_weights const& base_;
  std::map<std::string, planned_source> const& replaced_;
  catalog const& in_;
  adapter const& config_;
};

}  // namespace v1
}  // namespace reshard
