#pragma once

#include <reshard/checkpoint/dim_expression.hpp>

#include <charconv>
#include <optional>

namespace reshard {
inline namespace v1 {

/// A name with its numbers apart: "model.layers.12.mlp" is "model.layers.#.mlp" and 12.
struct numbered_name {
  std::string text;
  std::vector<index_t> numbers;
};

/// Numbers are whole parts between dots, without leading zeros.
[[nodiscard]] inline numbered_name numbers_apart(std::string_view name) {
  numbered_name out;
  for (std::size_t at = 0; at <= name.size();) {
    std::size_t const end = std::min(name.find('.', at), name.size());
    std::string_view const part = name.substr(at, end - at);
    index_t number = 0;
    auto const [rest, failure] = std::from_chars(part.data(), part.data() + part.size(), number);
    bool const is_number = failure == std::errc{} && rest == part.data() + part.size() &&
                           part.front() != '-' && (part.front() != '0' || part.size() == 1);
    out.text += at == 0 ? "" : ".";
    out.text += is_number ? std::string_view{"#"} : part;
    if (is_number) out.numbers.push_back(number);
    at = end + 1;
  }
  return out;
}

/// A variable of a pattern; with an offset it counts from the size of another axis on.
///   example: "{mtp+layers}" of 2 layers is 2, 3, ... for mtp = 0, 1, ...
struct name_variable {
  std::size_t axis = 0;
  std::string offset;  ///< "" = 0

  friend bool operator==(name_variable const&, name_variable const&) = default;
};

/// Names of tensors: "model.layers.{layer}.mlp.experts.{e}.up_proj.weight".
struct name_pattern {
  std::string text;  ///< with '#' for every variable
  std::vector<name_variable> variables;

  /// The name for numbers of the variables, in their order.
  [[nodiscard]] std::string name(std::vector<index_t> const& numbers) const {
    std::string out;
    std::size_t next = 0;
    for (char const c : text) {
      if (c == '#')
        out += std::to_string(numbers[next++]);
      else
        out += c;
    }
    return out;
  }
};

namespace detail {
inline name_pattern parse_name(std::string_view text, std::string_view rule, axis_table& axes) {
  name_pattern out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{') {
      out.text += text[at];
      continue;
    }
    std::size_t const end = text.find('}', at);
    if (end == text.npos) remap_rule_is_malformed(rule, "a '}' is missing");
    std::string_view const inside = text.substr(at + 1, end - at - 1);
    std::size_t const plus = std::min(inside.find('+'), inside.size());
    if (plus == 0) remap_rule_is_malformed(rule, "a variable without a name");
    out.variables.push_back({axes.number_of(inside.substr(0, plus)),
                             std::string{inside.substr(std::min(plus + 1, inside.size()))}});
    out.text += '#';
    at = end;
  }
  return out;
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
