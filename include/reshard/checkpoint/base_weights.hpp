#pragma once

#include <reshard/checkpoint/catalog.hpp>

#include <optional>

namespace reshard {
inline namespace v1 {

/// The tensors of one stacked parameter of experts that the base stores expert by expert.
///   experts: in order; parts: of one expert, whose rows follow one another in the parameter
struct split_experts {
  std::vector<std::vector<catalog_tensor const*>> experts;
};

/// Which way round the matrices of a module are.
enum class stored_as : std::uint8_t { unknown, out_in, in_out };

/// Finds the tensors of a model's modules in its files, which may name them by other rules than the
/// model does.
class base_weights {
 public:
  /// The catalog outlives this.
  explicit base_weights(catalog const& base) : base_(base) {
    for (catalog_tensor const& t : base.tensors) by_name_.emplace(t.name, &t);
  }

  [[nodiscard]] catalog const& in() const noexcept { return base_; }

  /// The tensor of that name, also where the files have the mixture's block under its older name,
  /// or the model without its outermost part; null if there is none.
  [[nodiscard]] catalog_tensor const* find(std::string const& name) const {
    for (std::string const& form : {name, in_files(name)})
      for (std::string const& spelled : {form, "model." + form, without_first(form)})
        if (auto const at = by_name_.find(spelled); at != by_name_.end()) return at->second;
    return nullptr;
  }

  /// The embedding, if it is the output layer as well since the base has no other one.
  [[nodiscard]] catalog_tensor const* tied_embedding() const {
    catalog_tensor const* out = nullptr;
    for (catalog_tensor const& t : base_.tensors) {
      if (t.name.ends_with("lm_head.weight")) return nullptr;
      if (t.name.ends_with("embed_tokens.weight") || t.name.ends_with("wte.weight")) out = &t;
    }
    return out;
  }

  /// Whether a square weight is [in, out], as transformers' Conv1D has it, always with a bias: as
  /// the nearest weight is that is not square and has a bias, which is as long as [out].
  ///   cost: O(tensors)
  [[nodiscard]] bool is_stored_in_out(catalog_tensor const& square) const {
    bool out = false;
    std::size_t nearest = 0;
    if (bias_of(square) == nullptr) return false;
    for (catalog_tensor const& t : base_.tensors) {
      if (t.shape.rank() != 2 || t.shape[0] == t.shape[1]) continue;
      catalog_tensor const* const bias = bias_of(t);
      if (bias == nullptr) continue;
      std::size_t const common = common_dots(t.name, square.name);
      index_t const length = bias->shape[0];
      if (common <= nearest || (length != t.shape[0] && length != t.shape[1])) continue;
      nearest = common;
      out = length == t.shape[1];
    }
    return out;
  }

  /// How a module keeps its stacks of experts: as gate_up_proj says, which takes so many inputs.
  [[nodiscard]] stored_as stacks_of(std::string const& module, index_t inputs) const {
    catalog_tensor const* const up = find(module + ".gate_up_proj");
    if (up == nullptr || up->shape.rank() != 3 || up->shape[1] == up->shape[2])
      return stored_as::unknown;
    return up->shape[1] == inputs   ? stored_as::in_out
           : up->shape[2] == inputs ? stored_as::out_in
                                    : stored_as::unknown;
  }

  /// The tensors that gate_up_proj or down_proj of a module of experts is stored as; no experts if
  /// they are not stored one by one.
  ///   source: transformers, the conversion of mixtral, qwen_moe and deepseek on loading
  [[nodiscard]] split_experts experts_of(std::string const& module,
                                         std::string_view parameter) const {
    using names = std::vector<std::string>;
    std::vector<names> const forms =
        parameter == "gate_up_proj" ? std::vector<names>{{"gate_proj", "up_proj"}, {"w1", "w3"}}
                                    : std::vector<names>{{"down_proj"}, {"w2"}};
    split_experts out;
    for (names const& form : forms)
      for (index_t e = 0;; ++e) {
        std::vector<catalog_tensor const*> parts;
        for (std::string const& name : form)
          if (auto const* t = find(module + "." + std::to_string(e) + "." + name + ".weight"))
            parts.push_back(t);
        if (parts.size() != form.size()) break;
        out.experts.push_back(std::move(parts));
      }
    return out;
  }

 private:
  /// Of a module's weight; null if it has none.
  [[nodiscard]] catalog_tensor const* bias_of(catalog_tensor const& weight) const {
    std::string_view const name = weight.name;
    if (!name.ends_with(".weight")) return nullptr;
    auto const at = by_name_.find(std::string{name.substr(0, name.size() - 6)} + "bias");
    return at != by_name_.end() && at->second->shape.rank() == 1 ? at->second : nullptr;
  }
  /// How many parts of two names, from the first on, are the same.
  static std::size_t common_dots(std::string_view a, std::string_view b) {
    std::size_t dots = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i)
      dots += a[i] == '.' ? 1 : 0;
    return dots;
  }
  static std::string in_files(std::string name) {
    std::size_t const at = name.find(".mlp.");
    return at == name.npos ? name : name.replace(at, 5, ".block_sparse_moe.");
  }
  static std::string without_first(std::string const& name) {
    return name.substr(name.find('.') + 1);  // npos + 1 = 0
  }

  catalog const& base_;
  std::unordered_map<std::string, catalog_tensor const*> by_name_;
};

}  // namespace v1
}  // namespace reshard
