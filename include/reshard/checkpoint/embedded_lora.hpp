#pragma once

#include <reshard/checkpoint/lora_merge.hpp>

#include <functional>
#include <optional>

namespace reshard {
inline namespace v1 {

/// Which part of an adapter a tensor is.
enum class lora_part : std::uint8_t { a, b, other };

/// What a name says: the module that the adapter is for.
struct lora_name {
  std::string module;
  lora_part part = lora_part::other;
};

/// The adapter tensor that a name of MindFormers is: X.mindpet_delta_lora_a, X.tk_delta_lora_a,
/// X.lora_a, X.lora_A.weight and their b, in either case; nothing for names without a part
/// "lora_..." between dots. `other` for what has such a part and is neither A nor B.
///   source: MindFormers pet/, tools/transform_ckpt_lora.py, tools/transform_safetensors_lora.py
[[nodiscard]] inline std::optional<lora_name> lora_name_of(std::string_view name) {
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t const end = std::min(name.find('.', begin), name.size());
    std::string_view part = name.substr(begin, end - begin);
    for (std::string_view const prefix : {"mindpet_delta_", "tk_delta_"})
      if (part.starts_with(prefix)) part.remove_prefix(prefix.size());
    if (part.starts_with("lora_")) {
      std::string_view const rest = name.substr(end);
      bool const whole = begin > 0 && part.size() == 6 && (rest.empty() || rest == ".weight");
      char const letter = whole ? part.back() : '-';
      lora_part const which = letter == 'a' || letter == 'A'   ? lora_part::a
                              : letter == 'b' || letter == 'B' ? lora_part::b
                                                               : lora_part::other;
      return lora_name{std::string{name.substr(0, begin > 0 ? begin - 1 : 0)}, which};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

/// An adapter among the tensors of its base.
struct embedded_pair {
  std::string module;
  catalog_tensor base;
  catalog_tensor a;
  catalog_tensor b;
  bool is_transposed = false;  ///< the base is stored [in, out]
};

/// The adapters that were among the tensors of a checkpoint.
///   state: tensors of the optimizer that belong to them
struct embedded_adapters {
  std::vector<embedded_pair> pairs;
  std::vector<std::string> state;
  std::vector<std::string> warnings;
};

namespace detail {
/// Sorts the tensors of a catalog into adapters, their optimizer's, and the others.
class adapter_finder {
 public:
  explicit adapter_finder(catalog& in) : in_(in) {
    for (catalog_tensor const& t : in.tensors) {
      known_.emplace(t.name, &t);
      if (auto const name = lora_name_of(t.name); name && !is_state_name(t.name))
        adapters_.insert(t.name);
    }
  }

  embedded_adapters take() {
    for (catalog_tensor const& t : in_.tensors)
      if (auto const name = lora_name_of(t.name)) sort(t, *name);
    for (auto const& [module, p] : parts_) pair(module, p);
    if (!faults_.empty()) adapter_does_not_fit(joined(faults_));
    if (out_.pairs.empty()) adapter_does_not_fit("no tensor is an adapter's: nothing to merge");
    std::erase_if(in_.tensors, [](catalog_tensor const& t) { return lora_name_of(t.name); });
    if (!out_.state.empty())
      out_.warnings.push_back("dropped, state of the optimizer for adapters: " +
                              grouped(out_.state));
    return std::move(out_);
  }

 private:
  struct parts {
    catalog_tensor const* a = nullptr;
    catalog_tensor const* b = nullptr;
  };

  static std::string joined(std::vector<std::string> const& lines) {
    std::string out;
    for (std::string const& line : lines) out += (out.empty() ? "" : "; ") + line;
    return out;
  }

  /// Names that optimizers give their tensors for others: "adam_m.", and the name.
  static bool is_state_name(std::string_view name) {
    for (std::string_view const prefix :
         {"adam_m.", "adam_v.", "accu_grads.", "moments.", "moment1.", "moment2."})
      if (name.starts_with(prefix)) return true;
    return false;
  }
  [[nodiscard]] bool is_state(std::string const& name) const {
    std::size_t const dot = name.find('.');
    return is_state_name(name) ||
           (dot != std::string::npos && adapters_.contains(name.substr(dot + 1)));
  }

  void sort(catalog_tensor const& t, lora_name const& name) {
    if (is_state(t.name)) return out_.state.push_back(t.name);
    if (name.part == lora_part::other) return faults_.push_back(t.name + " is of no known kind");
    catalog_tensor const*& place =
        name.part == lora_part::a ? parts_[name.module].a : parts_[name.module].b;
    if (place != nullptr)
      return faults_.push_back(place->name + " and " + t.name + " are the same part");
    place = &t;
  }

  void pair(std::string const& module, parts const& p) {
    if (p.a == nullptr || p.b == nullptr)
      return faults_.push_back((p.a != nullptr ? p.a : p.b)->name + " has no partner " +
                               (p.a != nullptr ? "B" : "A"));
    std::vector<catalog_tensor const*> bases;
    for (char const* const suffix : {".weight", ".base_layer.weight"})
      if (auto const at = known_.find(module + suffix); at != known_.end())
        bases.push_back(at->second);
    if (bases.size() != 1)
      return faults_.push_back(p.a->name + ": there is " +
                               (bases.empty() ? "no " : "more than one ") + module + ".weight");
    add(module, *bases.front(), *p.a, *p.b);
  }

  void add(std::string const& module, catalog_tensor const& base, catalog_tensor const& a,
           catalog_tensor const& b) {
    std::string const shapes = module + ": base " + shape_text(base.shape) + ", A " +
                               shape_text(a.shape) + ", B " + shape_text(b.shape);
    if (base.shape.rank() != 2 || a.shape.rank() != 2 || b.shape.rank() != 2)
      return faults_.push_back(shapes + " are no three matrices");
    if (a.shape[0] != b.shape[1]) return faults_.push_back(shapes + ": the ranks differ");
    bool const fits = base.shape == extents{b.shape[0], a.shape[1]};
    bool const turned = base.shape == extents{a.shape[1], b.shape[0]};
    if (!fits && !turned) return faults_.push_back(shapes + ": B x A does not fit the base");
    if (!fits)
      out_.warnings.push_back(shapes + ": the base is stored [in, out], so B x A is transposed");
    out_.pairs.push_back({module, base, a, b, !fits});
  }

  catalog& in_;
  std::unordered_map<std::string, catalog_tensor const*> known_;
  std::set<std::string> adapters_;
  std::map<std::string, parts> parts_;
  std::vector<std::string> faults_;
  embedded_adapters out_;
};
}  // namespace detail

/// Takes the adapters out of a checkpoint of MindFormers, and what an optimizer keeps for them. The
/// others stay, in their order and with their names.
///   throws: checkpoint_error adapter_does_not_fit with the list of tensors without partner or
///           base, of wrong shapes, or of no known kind; also if there are none
[[nodiscard]] inline embedded_adapters take_embedded_adapters(catalog& from) {
  return detail::adapter_finder{from}.take();
}

/// The merge of a pair of the catalog that it was taken from.
[[nodiscard]] inline lora_merge merge_of(catalog const& in, embedded_pair const& pair,
                                         double scale) {
  lora_merge out{pair.base.name, {}, {}, false};
  bool const t = pair.is_transposed;
  catalog_tensor const& left = t ? pair.a : pair.b;
  catalog_tensor const& right = t ? pair.b : pair.a;
  out.updates.push_back({pair.a.shape[0], scale, left.type, right.type, true, {}, {}});
  out.operands.push_back(t ? transposed(in, left) : as_stored(in, left));
  out.operands.push_back(t ? transposed(in, right) : as_stored(in, right));
  return out;
}

}  // namespace v1
}  // namespace reshard
