#pragma once

#include <reshard/checkpoint/parse_rule.hpp>
#include <reshard/codec/model.hpp>

#include <initializer_list>

namespace reshard {
inline namespace v1 {

/// Which side of a table is given: left (forward) or right.
enum class remap_direction { forward, reverse };

/// Sizes of axes by name, and which keys of a configuration they come from. What is not there is
/// taken from the tensors: extents from shapes, counts of layers and experts from names.
using axis_sizes = std::map<std::string, config_number, std::less<>>;

/// Names of one side that have the bytes of another one of the same side.
///   is_left:    of which side
///   is_written: when that side is made they are made too, unless a rule makes them
struct copied_name {
  axis_table axes;
  name_pattern copy;
  name_pattern of;  ///< without variables
  bool is_left = true;
  bool is_written = true;
};

/// Names of either side that no rule uses.
struct dropped_name {
  axis_table axes;
  name_pattern name;
};

/// How the tensors of one naming scheme (left) are made of those of another one (right), and the
/// other way round.
struct rule_table {
  std::vector<remap_rule> rules;
  std::vector<copied_name> copies;
  std::vector<dropped_name> drops;
  axis_sizes sizes;

  /// Adds rules; the prefixes go before their names.
  void under(std::string_view left, std::string_view right,
             std::initializer_list<std::string> texts) {
    for (std::string const& text : texts) rules.push_back(parse_rule(text, left, right));
  }
  void add(std::initializer_list<std::string> texts) { under({}, {}, texts); }
  /// The left name `copy` is the same tensor as the left name `of`: left out one way, written again
  /// the other way.
  void copy_left(std::string_view copy, std::string_view of) { copies.push_back(copied(copy, of)); }
  /// As above, of the right side.
  ///   is_written: else such a tensor is only left out
  void copy_right(std::string_view copy, std::string_view of, bool is_written) {
    copies.push_back(copied(copy, of));
    copies.back().is_left = false;
    copies.back().is_written = is_written;
  }
  void drop(std::string_view name) {
    dropped_name out;
    out.name = detail::parse_name(name, name, out.axes);
    drops.push_back(std::move(out));
  }
  /// States a size unless it is not known.
  void size(std::string name, std::optional<config_number> const& number) {
    if (number) sizes.insert_or_assign(std::move(name), *number);
  }

 private:
  static copied_name copied(std::string_view copy, std::string_view of) {
    copied_name out;
    out.copy = detail::parse_name(copy, copy, out.axes);
    out.of = detail::parse_name(of, of, out.axes);
    return out;
  }
};

}  // namespace v1
}  // namespace reshard
