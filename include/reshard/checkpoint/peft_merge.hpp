#pragma once

#include <reshard/checkpoint/peft_pairs.hpp>
#include <reshard/checkpoint/peft_parameters.hpp>
#include <reshard/checkpoint/tensor_pieces.hpp>
#include <reshard/codec/adapter_rules.hpp>

namespace reshard {
inline namespace v1 {

/// An adapter of PEFT: what adapter_config.json says, and the tensors beside it.
///   weight: a factor of all that is added
struct peft_adapter {
  std::string path;
  adapter config;
  catalog tensors;
  double weight = 1;
};

/// What became of one tensor of an adapter.
struct adapter_use {
  std::string tensor;
  std::string how;   ///< "merged", "replaces"
  std::string base;  ///< the tensor that changes, or the first of several
  double scale = 1;  ///< of what is merged
};

/// All that some adapters do to the tensors of a base.
struct peft_merges {
  std::map<std::string, lora_merge> merges;        ///< by tensor
  std::map<std::string, planned_source> replaced;  ///< before the merges
  std::vector<adapter_use> uses;
  std::vector<std::string> warnings;

  /// Adds a merge, behind those of the same tensor.
  void add(lora_merge m) {
    auto const [at, fresh] = merges.try_emplace(m.base);
    if (fresh) {
      at->second = std::move(m);
      return;
    }
    std::move(m.updates.begin(), m.updates.end(), std::back_inserter(at->second.updates));
    std::move(m.operands.begin(), m.operands.end(), std::back_inserter(at->second.operands));
  }
};

/// Two tensors have the same numbers when the first is rounded to the type of the second. Reads
/// both.
///   throws: codec_error
[[nodiscard]] inline bool has_equal_numbers(catalog const& in_a, catalog_tensor const& a,
                                            catalog const& in_b, catalog_tensor const& b) {
  if (a.shape != b.shape || !is_real(a.type) || !is_real(b.type)) return false;
  tensor_reader reader;
  tensor_pieces of_a{in_a, a};
  tensor_pieces of_b{in_b, b};
  index_t const rows = a.shape.rank() == 0 ? 1 : a.shape[0];
  for (index_t row = 0; row < rows; ++row) {
    box part{a.shape};
    if (part.rank() > 0) part.offset_[0] = row, part.extent_[0] = 1;
    auto const n = static_cast<std::size_t>(part.elements());
    std::vector<std::byte> raw(n * item_bytes(a.type));
    std::vector<std::byte> rounded(n * item_bytes(b.type));
    std::vector<std::byte> other(rounded.size());
    std::vector<double> numbers(n);
    of_a.fill(part, {raw.data(), part}, reader);
    of_b.fill(part, {other.data(), part}, reader);
    read_numbers(a.type, raw.data(), n, numbers.data());
    write_numbers(b.type, numbers.data(), n, rounded.data());
    if (rounded != other) return false;
  }
  return true;
}

/// Finds out what adapters do to a base, one adapter after another.
class peft_merger {
 public:
  /// The base outlives this.
  explicit peft_merger(catalog const& base) : base_(base) {}

  /// The adapter outlives the plan.
  ///   throws: checkpoint_error adapter_does_not_fit with the list of tensors without partner or
  ///           base, of wrong shapes or of no known kind; codec_error value_is_not_supported with
  ///           fields of the configuration that make a merge undefined
  void add(peft_adapter const& from) {
    require_mergeable(from.config, from.path);
    adapter_rules const rules{from.config};
    peft_parts parts = sorted(from.tensors);
    std::vector<std::string> faults = std::move(parts.faults);
    for (catalog_tensor const* t : parts.replacements) replace(from, *t, faults);
    peft_pairs pairs{base_, out_.replaced, from.tensors, from.config};
    peft_parameters parameters{base_, from.tensors, from.config};
    for (auto const& [where, group] : parts.groups) {
      try {
        bool const is_module = where.nesting == 0 && pairs.is_module(where.module);
        std::vector<lora_merge> found =
            is_module ? pairs.merges(where.module, path_of(where.module, from.config, rules), group,
                                     from.weight, rules)
                      : parameters.merges(where.module, group, from.weight, rules);
        note_uses(group, found.front());
        for (lora_merge& m : found) out_.add(std::move(m));
      } catch (checkpoint_error const& e) {
        faults.push_back(e.what());
      }
    }
    if (from.weight != 1 && (from.config.weight_decomposed || !parts.replacements.empty()))
      faults.push_back(
          "a weight of the adapter is defined for sums only, not for DoRA and "
          "replaced tensors");
    require_none(from, faults);
    note_absent_modules(from, rules, parts);
    if (parts.groups.empty() && parts.replacements.empty())
      detail::adapter_does_not_fit(from.path + " has no tensors");
  }

  [[nodiscard]] peft_merges take() && { return std::move(out_); }

 private:
  static void require_none(peft_adapter const& from, std::vector<std::string> const& faults) {
    std::string all;
    for (std::string const& fault : faults) all += (all.empty() ? "" : "; ") + fault;
    if (!all.empty()) detail::adapter_does_not_fit(from.path + ": " + all);
  }

  void replace(peft_adapter const& from, catalog_tensor const& t,
               std::vector<std::string>& faults) {
    std::string const name = peft_name_of(t.name).module;
    catalog_tensor const* const base = base_.find(name);
    if (base == nullptr && is_copy_of_embedding(from, t)) {
      out_.warnings.push_back(
          t.name + " is a copy of the embedding, as the base's output layer is: left out");
      return out_.uses.push_back({t.name, "is a copy of", base_.tied_embedding()->name, 1});
    }
    if (base == nullptr) return faults.push_back(t.name + ": the base has no tensor " + name);
    bool fits = base->shape.rank() == t.shape.rank();
    for (std::size_t d = 1; fits && d < t.shape.rank(); ++d) fits = base->shape[d] == t.shape[d];
    if (!fits || (t.shape.rank() < 2 && base->shape != t.shape))
      return faults.push_back(t.name + " has shape " + shape_text(t.shape) + ", the base " +
                              shape_text(base->shape));
    if (base->shape != t.shape)
      out_.warnings.push_back(base->name + " becomes " + shape_text(t.shape) + ", it was " +
                              shape_text(base->shape));
    if (out_.merges.contains(base->name))
      return faults.push_back(t.name + " would replace what another adapter was added to: merge " +
                              from.path + " into the result of that one");
    auto const [at, fresh] = out_.replaced.emplace(base->name, as_stored(from.tensors, t));
    if (!fresh && !is_saved_twice(from, at->second, t))
      return faults.push_back(base->name + " is replaced twice");
    out_.uses.push_back({t.name, "replaces", base->name, 1});
  }

  /// PEFT saves some modules under two names, as X.weight and as X.modules_to_save.weight.
  static bool is_saved_twice(peft_adapter const& from, planned_source const& first,
                             catalog_tensor const& second) {
    stored_reference const& stored = first.stored.front();
    return stored.in == &from.tensors &&
           has_equal_numbers(from.tensors, stored.tensor, from.tensors, second);
  }

  /// PEFT saves an output layer that is tied to the embedding once more.
  [[nodiscard]] bool is_copy_of_embedding(peft_adapter const& from, catalog_tensor const& t) const {
    catalog_tensor const* const embedding = base_.tied_embedding();
    if (embedding == nullptr || !t.name.ends_with("lm_head.weight")) return false;
    catalog_tensor const* saved = nullptr;  // the adapter's own embedding
    for (catalog_tensor const& other : from.tensors.tensors) {
      peft_name const name = peft_name_of(other.name);
      if (name.part == peft_part::replacement && base_.find(name.module) == embedding)
        saved = &other;
    }
    return saved != nullptr ? has_equal_numbers(from.tensors, t, from.tensors, *saved)
                            : has_equal_numbers(from.tensors, t, base_.in(), *embedding);
  }

  /// Of a module, or of its weight where that is a target and the module is none.
  static std::string path_of(std::string const& module, adapter const& config,
                             adapter_rules const& rules) {
    auto const parameters = peft_parameters::parameters_of(config, module);
    bool const is_parameter =
        std::find(parameters.begin(), parameters.end(), "weight") != parameters.end();
    return is_parameter && !rules.targets(module).value_or(false) ? module + ".weight" : module;
  }
  void note_uses(peft_group const& group, lora_merge const& m) {
    for (catalog_tensor const* t : group.all())
      out_.uses.push_back({t->name, "merged", m.base, m.updates.front().scale});
  }

  /// The configuration lists modules for which the file has nothing.
  void note_absent_modules(peft_adapter const& from, adapter_rules const& rules,
                           peft_parts const& parts) {
    std::vector<std::string> absent;
    for (catalog_tensor const& t : base_.in().tensors) {
      if (!t.name.ends_with(".weight") || t.shape.rank() < 2) continue;
      std::string const module = t.name.substr(0, t.name.size() - 7);
      if (rules.targets(module).value_or(false) && !out_.merges.contains(t.name) &&
          !parts.groups.contains({module, 0}))
        absent.push_back(module);
    }
    if (!absent.empty())
      out_.warnings.push_back(from.path +
                              ": target_modules has modules without adapter: " + grouped(absent));
  }

  base_weights base_;
  peft_merges out_;
};

/// Changes a plan by what adapters put in the place of tensors. The results keep the base's types.
///   returns: the merges that are left to be added
[[nodiscard]] inline std::vector<lora_merge> add_replacements(conversion_plan& plan,
                                                              peft_merges merges) {
  for (planned_tensor& tensor : plan.tensors) {
    auto const found = merges.replaced.find(tensor.to.name);
    if (found == merges.replaced.end()) continue;
    tensor.from = std::move(found->second);
    if (tensor.to.shape != tensor.from.shape) {
      if (tensor.to.placements.front().devices() > 1)
        detail::adapter_does_not_fit(tensor.to.name +
                                     " is replaced by a tensor of another shape, "
                                     "for which its layout was not made");
      tensor.to.shape = tensor.from.shape;
      tensor.to.placements = {
          detail::everywhere(tensor.to.shape, 1, tensor.to.placements.front().first_rank)};
    }
  }
  std::vector<lora_merge> list;
  for (auto& [name, merge] : merges.merges) list.push_back(std::move(merge));
  return list;
}

}  // namespace v1
}  // namespace reshard
