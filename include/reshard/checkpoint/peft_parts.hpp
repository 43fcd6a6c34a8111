#pragma once

#include <reshard/checkpoint/lora_merge.hpp>
#include <reshard/checkpoint/peft_name.hpp>

#include <compare>
#include <map>

namespace reshard {
inline namespace v1 {

/// The tensors of an adapter that are for one module.
struct peft_group {
  catalog_tensor const* a = nullptr;
  catalog_tensor const* b = nullptr;
  catalog_tensor const* b_bias = nullptr;
  catalog_tensor const* magnitude = nullptr;
  bool is_embedding = false;

  [[nodiscard]] std::vector<catalog_tensor const*> all() const {
    std::vector<catalog_tensor const*> out;
    for (catalog_tensor const* t : {a, b, b_bias, magnitude})
      if (t != nullptr) out.push_back(t);
    return out;
  }
};

/// A module, and how many adapters on its parameters wrap this one.
struct peft_place {
  std::string module;
  std::size_t nesting = 0;
  friend auto operator<=>(peft_place const&, peft_place const&) = default;
};

/// The tensors of an adapter, sorted by what they are for.
struct peft_parts {
  std::map<peft_place, peft_group> groups;
  std::vector<catalog_tensor const*> replacements;
  std::vector<std::string> faults;  ///< of names that are of no known kind or there twice
};

/// Sorts the tensors of an adapter, which outlives the result.
[[nodiscard]] inline peft_parts sorted(catalog const& adapter) {
  peft_parts out;
  for (catalog_tensor const& t : adapter.tensors) {
    peft_name const name = peft_name_of(t.name);
    if (name.part == peft_part::replacement) {
      out.replacements.push_back(&t);
      continue;
    }
    if (name.part == peft_part::original) continue;
    if (name.part == peft_part::unknown) {
      out.faults.push_back(t.name + " is of no known kind");
      continue;
    }
    peft_group& group = out.groups[{name.module, name.nesting}];
    bool const is_embedding =
        name.part == peft_part::embedding_a || name.part == peft_part::embedding_b;
    catalog_tensor const*& place =
        name.part == peft_part::a || name.part == peft_part::embedding_a   ? group.a
        : name.part == peft_part::b || name.part == peft_part::embedding_b ? group.b
        : name.part == peft_part::b_bias                                   ? group.b_bias
                                                                           : group.magnitude;
    group.is_embedding = group.is_embedding || is_embedding;
    if (place != nullptr)
      out.faults.push_back(place->name + " and " + t.name + " are the same part");
    place = &t;
  }
  return out;
}

}  // namespace v1
}  // namespace reshard
