#pragma once

#include <reshard/checkpoint/remap_instance.hpp>

namespace reshard {
inline namespace v1 {

/// A name that has the bytes of another one.
struct copied_tensor {
  std::string name;
  std::string of;
};

/// A checkpoint under the names of the other scheme. Every element of the source is used exactly
/// once but for those that are listed.
///   dropped, passed: source names that are left out, or go on as they are (allow_unknown)
///   left_out:        source names that are copies of another one; whether they are is for the
///                    caller to check (differing_copies)
///   copies:          target names that are written again
struct remapping {
  std::vector<remapped_tensor> tensors;  ///< in the order of the source
  std::vector<std::string> dropped;
  std::vector<std::string> passed;
  std::vector<copied_tensor> left_out;
  std::vector<copied_tensor> copies;
};

struct remap_options {
  bool allow_unknown = false;
};

namespace detail {

/// The name of the scales of a tensor with one per block (A10.1): they are multiplied with,
/// whatever the name says.
inline constexpr std::string_view scales_ending = "_scale_inv";

inline std::string first_ten(std::vector<std::string> const& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 10; ++i) out += (i ? ", " : "") + names[i];
  return names.size() > 10 ? out + " and " + std::to_string(names.size() - 10) + " more" : out;
}

class remapper {
 public:
  remapper(catalog const& source, rule_table const& table, remap_direction direction,
           remap_options const& options)
      : source_(source),
        table_(table),
        direction_(direction),
        options_(options),
        names_(table, direction) {}

  remapping run() {
    find_scales();
    for (std::size_t i = 0; i < source_.tensors.size(); ++i) sort_in(i);
    names_.infer_counts();
    slots_ = names_.slots();
    find_missing();
    require_complete();
    for (rule_slots const& slots : slots_)
      for (index_t i = 0; i < slots.instances; ++i)
        if (is_there(slots, i)) make(slots, i);
    write_copies();
    return ordered();
  }

 private:
  void find_scales() {
    std::unordered_map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < source_.tensors.size(); ++i)
      numbers.emplace(source_.tensors[i].name, i);
    for (auto const& [name, number] : numbers) {
      if (!name.ends_with(scales_ending)) continue;
      auto const of = numbers.find(name.substr(0, name.size() - scales_ending.size()));
      if (of == numbers.end()) continue;
      scales_.emplace(of->first, number);
      is_scale_.insert(number);
    }
  }

  void sort_in(std::size_t i) {
    std::string const& name = source_.tensors[i].name;
    if (is_scale_.contains(i)) return;
    for (copied_name const& copy : table_.copies)
      if (is_source_side(copy) && names_.is_one_of(name, copy.axes, copy.copy))
        return out_.left_out.push_back({name, names_.name_of(copy.of, {})});
    if (names_.match(name, i)) return;
    for (dropped_name const& drop : table_.drops)
      if (names_.is_one_of(name, drop.axes, drop.name)) return out_.dropped.push_back(name);
    out_.passed.push_back(name);
    if (!options_.allow_unknown) return;
    catalog_tensor const& t = source_.tensors[i];
    add({name, false, {t.type, t.shape, {{&source_, t}}, {}}}, i);
  }

  [[nodiscard]] static bool is_there(rule_slots const& slots, index_t instance) {
    return slots.per_instance > 0 && slots.at(instance, 0) != rule_slots::nothing;
  }

  /// An instance has all its tensors; an optional one may have none.
  void find_missing() {
    for (rule_slots const& slots : slots_)
      for (index_t i = 0; i < slots.instances; ++i) {
        index_t there = 0;
        for (index_t s = 0; s < slots.per_instance; ++s)
          there += slots.at(i, s) != rule_slots::nothing ? 1 : 0;
        if (there == slots.per_instance || (there == 0 && slots.rule->is_optional)) continue;
        add_missing(slots, i);
      }
  }
  void add_missing(rule_slots const& slots, index_t instance) {
    std::vector<tensor_pattern> const& side = source_side(*slots.rule, direction_);
    std::vector<index_t> values(slots.rule->axes.size(), 0);
    index_t rest = instance;
    for (std::size_t r = slots.rule->repeated.size(); r-- > 0;) {
      index_t const count = names_.count_of(*slots.rule, slots.rule->repeated[r]);
      values[slots.rule->repeated[r]] = rest % count;
      rest /= count;
    }
    for (std::size_t p = 0; p < side.size(); ++p)
      for (index_t i = 0; i < slots.patterns[p].count; ++i) {
        if (slots.at(instance, slots.patterns[p].first + i) != rule_slots::nothing) continue;
        index_t number = i;
        for (std::size_t v = slots.patterns[p].variables.size(); v-- > 0;) {
          std::size_t const axis = slots.patterns[p].variables[v];
          values[axis] = number % names_.count_of(*slots.rule, axis);
          number /= names_.count_of(*slots.rule, axis);
        }
        missing_.push_back(names_.name_of(side[p].name, values));
      }
  }

  void require_complete() const {
    std::string text;
    if (!missing_.empty())
      text = std::to_string(missing_.size()) + " tensors are missing: " + first_ten(missing_);
    if (!out_.passed.empty() && !options_.allow_unknown)
      text += (text.empty() ? "" : "; ") + std::to_string(out_.passed.size()) +
              " tensors are unknown to the family: " + first_ten(out_.passed) +
              " (--allow_unknown copies them)";
    if (!text.empty()) names_do_not_match(text);
  }

  void make(rule_slots const& slots, index_t instance) {
    std::vector<remapped_tensor> made;
    instance_maker{source_, table_, names_, direction_}.make(slots, instance, made);
    std::size_t first = slots.at(instance, 0);
    for (index_t s = 1; s < slots.per_instance; ++s) first = std::min(first, slots.at(instance, s));
    for (remapped_tensor& t : made) {
      for (stored_reference const& stored : t.from.stored)
        if (auto const at = scales_.find(stored.tensor.name); at != scales_.end())
          t.scales.push_back({&source_, source_.tensors[at->second]});
      if (!t.scales.empty() && t.scales.size() != t.from.stored.size())
        names_do_not_match("'" + t.name + "' is made of " + std::to_string(t.from.stored.size()) +
                           " tensors, of which " + std::to_string(t.scales.size()) +
                           " have scales (..." + std::string{scales_ending} + ")");
      add(std::move(t), first);
    }
  }

  void add(remapped_tensor tensor, std::size_t order) {
    if (!targets_.insert(tensor.name).second)
      names_do_not_match("two source tensors become '" + tensor.name + "'");
    made_.emplace_back(order, std::move(tensor));
  }

  [[nodiscard]] bool is_source_side(copied_name const& copy) const {
    return copy.is_left == (direction_ == remap_direction::forward);
  }
  /// What is left out the other way is there again, with the bytes of the tensor it is a copy of.
  void write_copies() {
    std::size_t const count = made_.size();
    for (copied_name const& copy : table_.copies)
      for (std::size_t i = 0; i < count; ++i) {
        bool const writes = copy.is_written && !is_source_side(copy);
        if (!writes || made_[i].second.name != names_.name_of(copy.of, {})) continue;
        write_copies(copy, 0, std::vector<index_t>(copy.axes.size(), 0), made_[i].second);
      }
  }
  void write_copies(copied_name const& copy, std::size_t variable, std::vector<index_t> values,
                    remapped_tensor of) {
    if (variable == copy.copy.variables.size()) {
      remapped_tensor again = of;
      again.name = names_.name_of(copy.copy, values);
      if (targets_.contains(again.name)) return;
      out_.copies.push_back({again.name, of.name});
      return add(std::move(again), source_.tensors.size());
    }
    std::size_t const axis = copy.copy.variables[variable].axis;
    for (values[axis] = 0; values[axis] < names_.count_of(copy.axes, axis); ++values[axis])
      write_copies(copy, variable + 1, values, of);
  }

  remapping ordered() {
    std::stable_sort(made_.begin(), made_.end(),
                     [](auto const& a, auto const& b) { return a.first < b.first; });
    for (auto& [order, tensor] : made_) out_.tensors.push_back(std::move(tensor));
    return std::move(out_);
  }

  catalog const& source_;
  rule_table const& table_;
  remap_direction direction_;
  remap_options options_;
  name_matcher names_;
  std::vector<rule_slots> slots_;
  std::unordered_map<std::string, std::size_t> scales_;  // of a name: which tensor has them
  std::set<std::size_t> is_scale_;
  std::vector<std::string> missing_;
  std::set<std::string> targets_;
  std::vector<std::pair<std::size_t, remapped_tensor>> made_;
  remapping out_;
};
}  // namespace detail

/// The tensors of a catalog under the names of the other side of a table.
///   catalog, table: outlive the result
///   throws: checkpoint_error names_do_not_match (lists of what is missing or unknown; two tensors
///           of one name), layouts_disagree (extents against the configuration: key, expected,
///           found), sizes_are_unknown (a configuration is needed)
///   cost:   O(tensors log tensors); no file is read
[[nodiscard]] inline remapping remap(catalog const& source, rule_table const& table,
                                     remap_direction direction, remap_options const& options = {}) {
  return detail::remapper{source, table, direction, options}.run();
}

}  // namespace v1
}  // namespace reshard
