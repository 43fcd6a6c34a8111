#pragma once

#include <reshard/checkpoint/block_view.hpp>
#include <reshard/checkpoint/remap_names.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
/// The sizes of a rule's axes that are known before a tensor is seen.
inline axis_values stated_values(remap_rule const& rule, axis_sizes const& sizes) {
  axis_values out;
  out.fixed.assign(rule.axes.size(), axis_values::unknown);
  for (std::vector<std::string> const& members : rule.axes.members) {
    index_t size = 1;
    for (std::string const& member : members) {
      auto const stated = sizes.find(member);
      index_t const one = axis_table::is_label(member)    ? 1
                          : axis_table::is_number(member) ? std::stoll(member)
                          : stated != sizes.end()         ? stated->second.value
                                                          : axis_values::unknown;
      size = one == axis_values::unknown || size == axis_values::unknown ? axis_values::unknown
                                                                         : size * one;
    }
    out.sizes.push_back(size);
  }
  return out;
}

/// Learns sizes of axes from the extents of dims, and checks those that are known.
class size_solver {
 public:
  size_solver(remap_rule const& rule, axis_sizes const& stated, axis_values& values)
      : rule_(rule), stated_(stated), values_(values) {}

  /// Learns what a dim of a tensor tells; false if it has more than one unknown.
  bool learn(dim_expression const& e, index_t extent) {
    linear const form = form_of(e);
    if (form.is_open) return false;
    if (form.unknown == none) return true;
    index_t const rest = extent - form.constant;
    if (form.factor > 0 && rest > 0 && rest % form.factor == 0)
      values_.sizes[form.unknown] = rest / form.factor;
    return true;
  }

  void require(catalog_tensor const& tensor, tensor_pattern const& pattern) const {
    bool same = tensor.shape.rank() == pattern.dims.size();
    for (std::size_t d = 0; same && d < pattern.dims.size(); ++d)
      same = tensor.shape[d] == size_of(pattern.dims[d], values_.sizes);
    if (!same) disagree(tensor, pattern);
  }
  [[nodiscard]] bool knows_all() const {
    return std::find(values_.sizes.begin(), values_.sizes.end(), axis_values::unknown) ==
           values_.sizes.end();
  }
  void require_known() const {
    std::string list;
    for (std::size_t a = 0; a < values_.sizes.size(); ++a)
      if (values_.sizes[a] == axis_values::unknown)
        for (std::string const& member : rule_.axes.members[a])
          list += (list.empty() ? "" : ", ") + member;
    if (!list.empty())
      sizes_are_unknown("rule '" + rule_.text + "': the tensors do not tell the sizes of " + list +
                        "; a configuration is needed (--config)");
  }

 private:
  static constexpr std::size_t none = SIZE_MAX;

  /// constant + factor * size of the unknown axis
  struct linear {
    index_t constant = 0;
    index_t factor = 0;
    std::size_t unknown = none;
    bool is_open = false;  // more than one unknown
  };

  [[nodiscard]] linear form_of(dim_expression const& e) const {
    if (e.what == dim_expression::kind::axis) {
      index_t const size = values_.sizes[e.axis];
      return size == axis_values::unknown ? linear{0, 1, e.axis} : linear{size};
    }
    bool const sum = e.what == dim_expression::kind::sum;
    linear out{sum ? 0 : 1};
    for (dim_expression const& part : e.parts) {
      linear const next = form_of(part);
      bool const both = out.unknown != none && next.unknown != none;
      bool const open =
          out.is_open || next.is_open || (both && !(sum && out.unknown == next.unknown));
      if (sum)
        out = {out.constant + next.constant, out.factor + next.factor,
               out.unknown == none ? next.unknown : out.unknown};
      else
        out = {out.constant * next.constant,
               out.constant * next.factor + out.factor * next.constant,
               out.unknown == none ? next.unknown : out.unknown};
      out.is_open = open;
    }
    return out;
  }

  [[nodiscard]] std::string text_of(std::size_t axis) const {
    std::string out;
    for (std::string const& member : rule_.axes.members[axis]) {
      auto const stated = stated_.find(member);
      out += out.empty() ? "" : " * ";
      out += stated == stated_.end()
                 ? member
                 : stated->second.key + " " + std::to_string(stated->second.value);
    }
    return out;
  }
  [[nodiscard]] std::string text_of(dim_expression const& e) const {
    if (e.what == dim_expression::kind::axis) return text_of(e.axis);
    std::string out;
    for (dim_expression const& part : e.parts) {
      bool const sum = part.what == dim_expression::kind::sum;
      out += (out.empty() ? "" : e.what == dim_expression::kind::sum ? " + " : " * ");
      out += sum ? "(" + text_of(part) + ")" : text_of(part);
    }
    return out;
  }

  [[noreturn]] void disagree(catalog_tensor const& tensor, tensor_pattern const& pattern) const {
    std::string text = "tensor '" + tensor.name + "' has shape " + shape_text(tensor.shape);
    for (std::size_t d = 0; d < pattern.dims.size(); ++d) {
      index_t const expected = size_of(pattern.dims[d], values_.sizes);
      if (d >= tensor.shape.rank() || tensor.shape[d] != expected)
        text += "; dim " + std::to_string(d) + " must be " + text_of(pattern.dims[d]) + " = " +
                std::to_string(expected);
    }
    if (tensor.shape.rank() != pattern.dims.size())
      text += "; " + std::to_string(pattern.dims.size()) + " dims are expected";
    layouts_disagree(text);
  }

  remap_rule const& rule_;
  axis_sizes const& stated_;
  axis_values& values_;
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
