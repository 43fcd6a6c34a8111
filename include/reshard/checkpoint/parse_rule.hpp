#pragma once

#include <reshard/checkpoint/remap_rule.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
/// Reads one line of the rule language.
class rule_parser {
 public:
  rule_parser(std::string_view text, std::string_view left, std::string_view right)
      : rest_(text), prefixes_{left, right} {
    rule_.text = text;
  }

  remap_rule parse() {
    rule_.is_optional = take('?');
    side(rule_.left, prefixes_[0]);
    if (!take('=')) remap_rule_is_malformed(rule_.text, "a '=' is missing");
    side(rule_.right, prefixes_[1]);
    if (!rest_.empty()) remap_rule_is_malformed(rule_.text, "there is more behind the rule");
    if (rule_.right.size() == 1 && rule_.left.size() == 1 && !has_dims_)
      rule_.right.front().dims = rule_.left.front().dims;
    find_repeated();
    axis_joiner{rule_}.run();
    block_matcher{rule_}.run();
    return std::move(rule_);
  }

 private:
  void skip() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    skip();
    return true;
  }

  void side(std::vector<tensor_pattern>& out, std::string_view prefix) {
    do out.push_back(tensor(prefix));
    while (take(','));
  }
  tensor_pattern tensor(std::string_view prefix) {
    skip();
    std::size_t const end = std::min(rest_.find_first_of(" [,=:"), rest_.size());
    if (end == 0) remap_rule_is_malformed(rule_.text, "a name is missing");
    tensor_pattern out;
    out.name =
        parse_name(std::string{prefix} + std::string{rest_.substr(0, end)}, rule_.text, rule_.axes);
    rest_.remove_prefix(end);
    if (rest_.starts_with(":f32")) {
      out.is_float32 = true;
      rest_.remove_prefix(4);
    }
    has_dims_ = take('[');
    if (!has_dims_) return out;
    std::size_t const close = rest_.find(']');
    if (close == rest_.npos) remap_rule_is_malformed(rule_.text, "a ']' is missing");
    out.dims = dim_parser{rest_.substr(0, close), rule_.text, rule_.axes}.dims();
    rest_.remove_prefix(close + 1);
    skip();
    return out;
  }

  /// Variables that are no axes of tensors: the rule holds for each of their numbers.
  void find_repeated() {
    std::set<std::size_t> in_dims;
    std::map<std::size_t, std::size_t> names;
    for (auto const* side : {&rule_.left, &rule_.right})
      for (tensor_pattern const& t : *side) {
        for (dim_expression const& e : t.dims)
          for_each_axis(e,
                        [&](std::size_t axis, std::size_t, std::size_t) { in_dims.insert(axis); });
        for (name_variable const& v : t.name.variables) ++names[v.axis];
      }
    for (auto const& [axis, count] : names) {
      if (in_dims.contains(axis)) continue;
      if (count != rule_.left.size() + rule_.right.size())
        remap_rule_is_malformed(
            rule_.text, "not every name has the variable " + rule_.axes.members[axis].front());
      rule_.repeated.push_back(axis);
    }
  }

  std::string_view rest_;
  std::string_view prefixes_[2];
  remap_rule rule_;
  bool has_dims_ = false;  // of the tensor that was read last
};
}  // namespace detail

/// A rule from its text; prefixes go before all names of a side.
///   grammar: ["?"] tensor {"," tensor} "=" tensor {"," tensor};
///            tensor = name [":f32"] ["[" dims "]"], of a single one to the right the dims may be
///            left out if they are those of the single one to the left;
///            dim = axis | number | "(" terms ")", terms = products joined by "+"
///   throws:  checkpoint_error remap_rule_is_malformed: also for what is no bijection
[[nodiscard]] inline remap_rule parse_rule(std::string_view text, std::string_view left_prefix = {},
                                           std::string_view right_prefix = {}) {
  return detail::rule_parser{text, left_prefix, right_prefix}.parse();
}

}  // namespace v1
}  // namespace reshard
