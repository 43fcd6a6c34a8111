#pragma once

#include <reshard/checkpoint/error.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void remap_rule_is_malformed(std::string_view rule, std::string const& what) {
  throw checkpoint_error{errc::remap_rule_is_malformed, __func__,
                         "rule '" + std::string{rule} + "': " + what};
}
}  // namespace detail

/// The axes of a rule, by number. An axis that stands for several neighbours has them all.
///   a name in capitals is a label: an axis of size 1 that tells blocks apart; digits are a size
struct axis_table {
  std::vector<std::vector<std::string>> members;

  /// The number of an axis; a new one for a new name.
  std::size_t number_of(std::string_view name) {
    for (std::size_t a = 0; a < members.size(); ++a)
      if (members[a].front() == name) return a;
    members.push_back({std::string{name}});
    return members.size() - 1;
  }
  [[nodiscard]] std::size_t size() const noexcept { return members.size(); }
  [[nodiscard]] static bool is_label(std::string const& name) noexcept {
    return std::isupper(static_cast<unsigned char>(name.front())) != 0;
  }
  [[nodiscard]] static bool is_number(std::string const& name) noexcept {
    return std::isdigit(static_cast<unsigned char>(name.front())) != 0;
  }
  [[nodiscard]] bool is_named(std::size_t axis) const noexcept {
    return !is_label(members[axis].front()) && !is_number(members[axis].front());
  }
};

/// How a dim is made of axes: an axis, a product (row-major, the last varies fastest) or a sum
/// (one after the other).
///   example: "(m (g + K + V) d)": for every one of m heads g rows of d, then d rows of K, d of V
struct dim_expression {
  enum class kind : std::uint8_t { axis, product, sum };
  kind what = kind::product;
  std::size_t axis = 0;
  std::vector<dim_expression> parts{};

  friend bool operator==(dim_expression const&, dim_expression const&) = default;
};

/// The extent of a dim, by the sizes of all axes.
[[nodiscard]] inline index_t size_of(dim_expression const& e, std::vector<index_t> const& sizes) {
  if (e.what == dim_expression::kind::axis) return sizes[e.axis];
  bool const sum = e.what == dim_expression::kind::sum;
  index_t out = sum ? 0 : 1;
  for (dim_expression const& part : e.parts)
    out = sum ? out + size_of(part, sizes) : out * size_of(part, sizes);
  return out;
}

namespace detail {
/// Reads "h (n d) (GATE j + UP j)" into one expression per dim.
class dim_parser {
 public:
  dim_parser(std::string_view text, std::string_view rule, axis_table& axes)
      : text_(text), rule_(rule), axes_(axes) {}

  std::vector<dim_expression> dims() {
    std::vector<dim_expression> out;
    for (skip(); !text_.empty(); skip()) out.push_back(factor());
    return out;
  }

 private:
  void skip() {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  dim_expression factor() {
    if (take('(')) {
      dim_expression const inside = sum();
      if (!take(')')) remap_rule_is_malformed(rule_, "a ')' is missing");
      return inside;
    }
    std::size_t n = 0;
    while (n < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[n])) != 0 || text_[n] == '_'))
      ++n;
    if (n == 0)
      remap_rule_is_malformed(
          rule_, "an axis is missing before '" + std::string{text_.substr(0, 8)} + "'");
    dim_expression const out{dim_expression::kind::axis, axes_.number_of(text_.substr(0, n))};
    text_.remove_prefix(n);
    return out;
  }
  dim_expression sum() {
    dim_expression out{dim_expression::kind::sum, 0, {product()}};
    while (take('+')) out.parts.push_back(product());
    return out.parts.size() == 1 ? dim_expression{out.parts.front()} : out;
  }
  /// Products in products are one.
  dim_expression product() {
    dim_expression out;
    for (skip(); !text_.empty() && text_[0] != ')' && text_[0] != '+'; skip()) {
      dim_expression const part = factor();
      if (part.what == dim_expression::kind::product)
        out.parts.insert(out.parts.end(), part.parts.begin(), part.parts.end());
      else
        out.parts.push_back(part);
    }
    if (out.parts.empty()) remap_rule_is_malformed(rule_, "an empty product");
    return out.parts.size() == 1 ? dim_expression{out.parts.front()} : out;
  }

  std::string_view text_;
  std::string_view rule_;
  axis_table& axes_;
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
