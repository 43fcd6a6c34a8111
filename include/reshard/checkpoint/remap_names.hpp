#pragma once

#include <reshard/checkpoint/catalog.hpp>
#include <reshard/checkpoint/rule_table.hpp>

#include <limits>

namespace reshard {
inline namespace v1 {

namespace detail {
[[noreturn]] inline void sizes_are_unknown(std::string const& message) {
  throw checkpoint_error{errc::sizes_are_unknown, __func__, message};
}

inline std::vector<tensor_pattern> const& source_side(remap_rule const& rule, remap_direction d) {
  return d == remap_direction::forward ? rule.left : rule.right;
}
inline std::vector<tensor_pattern> const& target_side(remap_rule const& rule, remap_direction d) {
  return d == remap_direction::forward ? rule.right : rule.left;
}

/// Where the tensors of a pattern are among those of one instance of its rule.
///   variables: those that do not repeat the rule, slowest first
struct slot_range {
  index_t first = 0;
  index_t count = 1;
  std::vector<std::size_t> variables;
};

/// The source tensors of a rule: which of the catalog's is which.
struct rule_slots {
  static constexpr std::size_t nothing = SIZE_MAX;
  remap_rule const* rule = nullptr;
  std::vector<slot_range> patterns;
  index_t per_instance = 0;
  index_t instances = 1;
  std::vector<std::size_t> tensors;  ///< numbers in the catalog

  [[nodiscard]] std::size_t& at(index_t instance, index_t slot) {
    return tensors[static_cast<std::size_t>(instance * per_instance + slot)];
  }
  [[nodiscard]] std::size_t at(index_t instance, index_t slot) const {
    return tensors[static_cast<std::size_t>(instance * per_instance + slot)];
  }
};

/// Finds out which rule every source tensor belongs to, and what is missing.
class name_matcher {
 public:
  name_matcher(rule_table const& table, remap_direction direction)
      : table_(table), direction_(direction), sizes_(table.sizes) {
    for (std::size_t r = 0; r < table.rules.size(); ++r) {
      std::vector<tensor_pattern> const& side = source_side(table.rules[r], direction);
      for (std::size_t p = 0; p < side.size(); ++p) patterns_[side[p].name.text].push_back({r, p});
    }
  }

  /// The tensor is one of a rule; else nothing is done.
  bool match(std::string const& name, std::size_t tensor) {
    numbered_name const parts = numbers_apart(name);
    auto const found = patterns_.find(parts.text);
    if (found == patterns_.end()) return false;
    for (pattern_number const& at : found->second) {
      remap_rule const& rule = table_.rules[at.rule];
      name_pattern const& pattern = source_side(rule, direction_)[at.pattern].name;
      std::optional<std::vector<index_t>> values = values_of(rule.axes, pattern, parts.numbers);
      if (!values) continue;
      for (std::size_t v = 0; v < values->size(); ++v) {
        index_t& least = found_[rule.axes.members[pattern.variables[v].axis].front()];
        least = std::max(least, (*values)[v] + 1);
      }
      matches_.push_back({at, std::move(*values), tensor});
      return true;
    }
    return false;
  }

  /// Counts that no configuration states are those of the names. Call it after all matches.
  void infer_counts() {
    for (auto const& [name, count] : found_)
      sizes_.emplace(name, config_number{count, "the names' " + name + "s"});
  }
  [[nodiscard]] axis_sizes const& sizes() const noexcept { return sizes_; }

  /// The slots of all rules, filled with what was matched.
  [[nodiscard]] std::vector<rule_slots> slots() const {
    std::vector<rule_slots> out;
    for (remap_rule const& rule : table_.rules) out.push_back(slots_of(rule));
    for (match_of_tensor const& m : matches_) {
      rule_slots& slots = out[m.at.rule];
      name_pattern const& pattern = pattern_of(m.at);
      slot_range const& range = slots.patterns[m.at.pattern];
      index_t instance = 0;
      for (std::size_t const axis : slots.rule->repeated)
        instance = instance * count_of(*slots.rule, axis) + value_of(pattern, axis, m.values);
      index_t slot = 0;
      for (std::size_t const axis : range.variables)
        slot = slot * count_of(*slots.rule, axis) + value_of(pattern, axis, m.values);
      slots.at(instance, range.first + slot) = m.tensor;
    }
    return out;
  }

  /// Whether a name is one of a pattern.
  [[nodiscard]] bool is_one_of(std::string const& name, axis_table const& axes,
                               name_pattern const& pattern) const {
    numbered_name const parts = numbers_apart(name);
    return parts.text == pattern.text && values_of(axes, pattern, parts.numbers).has_value();
  }
  /// The name of a pattern for values of its variables: values[axis].
  [[nodiscard]] std::string name_of(name_pattern const& pattern,
                                    std::vector<index_t> const& values) const {
    std::vector<index_t> numbers;
    for (name_variable const& v : pattern.variables)
      numbers.push_back(values[v.axis] + offset_of(v, pattern));
    return pattern.name(numbers);
  }
  /// How many numbers a variable of a rule has; 0 if nothing tells.
  [[nodiscard]] index_t count_of(axis_table const& axes, std::size_t axis) const {
    auto const size = sizes_.find(axes.members[axis].front());
    return size == sizes_.end() ? 0 : size->second.value;
  }
  [[nodiscard]] index_t count_of(remap_rule const& rule, std::size_t axis) const {
    return count_of(rule.axes, axis);
  }

 private:
  struct pattern_number {
    std::size_t rule;
    std::size_t pattern;
  };
  struct match_of_tensor {
    pattern_number at;
    std::vector<index_t> values;  // of the pattern's variables
    std::size_t tensor;
  };

  [[nodiscard]] name_pattern const& pattern_of(pattern_number const& at) const {
    return source_side(table_.rules[at.rule], direction_)[at.pattern].name;
  }
  [[nodiscard]] index_t offset_of(name_variable const& v, name_pattern const& pattern) const {
    if (v.offset.empty()) return 0;
    auto const size = sizes_.find(v.offset);
    if (size == sizes_.end())
      sizes_are_unknown("names like '" + pattern.text + "' count from the number of " + v.offset +
                        "; a configuration is needed (--config)");
    return size->second.value;
  }
  [[nodiscard]] std::optional<std::vector<index_t>> values_of(
      axis_table const& axes, name_pattern const& pattern,
      std::vector<index_t> const& numbers) const {
    std::vector<index_t> out;
    for (std::size_t v = 0; v < numbers.size(); ++v) {
      name_variable const& variable = pattern.variables[v];
      index_t const value = numbers[v] - offset_of(variable, pattern);
      auto const stated = table_.sizes.find(axes.members[variable.axis].front());
      index_t const end = stated == table_.sizes.end() ? most_numbers : stated->second.value;
      if (value < 0 || value >= end) return std::nullopt;
      out.push_back(value);
    }
    return out;
  }
  static index_t value_of(name_pattern const& pattern, std::size_t axis,
                          std::vector<index_t> const& values) {
    for (std::size_t v = 0; v < values.size(); ++v)
      if (pattern.variables[v].axis == axis) return values[v];
    return 0;
  }

  [[nodiscard]] rule_slots slots_of(remap_rule const& rule) const {
    rule_slots out;
    out.rule = &rule;
    for (std::size_t const axis : rule.repeated) out.instances *= count_of(rule, axis);
    for (tensor_pattern const& t : source_side(rule, direction_)) {
      slot_range range{out.per_instance, 1, {}};
      for (name_variable const& v : t.name.variables) {
        if (rule.repeats(v.axis)) continue;
        range.variables.push_back(v.axis);
        range.count *= count_of(rule, v.axis);
      }
      out.per_instance += range.count;
      out.patterns.push_back(std::move(range));
    }
    out.tensors.assign(static_cast<std::size_t>(out.instances * out.per_instance),
                       rule_slots::nothing);
    return out;
  }

  static constexpr index_t most_numbers = 1 << 20;  // of layers or experts; more is no model

  rule_table const& table_;
  remap_direction direction_;
  axis_sizes sizes_;
  std::unordered_map<std::string, std::vector<pattern_number>> patterns_;
  std::map<std::string, index_t> found_;  // by name of a variable: the largest number + 1
  std::vector<match_of_tensor> matches_;
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
