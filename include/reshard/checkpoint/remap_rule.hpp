#pragma once

#include <reshard/checkpoint/name_pattern.hpp>

#include <map>
#include <set>

namespace reshard {
inline namespace v1 {

/// A tensor, or several of them whose names differ in variables, on one side of a rule.
struct tensor_pattern {
  name_pattern name;
  std::vector<dim_expression> dims;
  bool is_float32 = false;  ///< ":f32": stays float32 whatever type is asked for
};

/// A part of a dim that belongs to a block: a whole axis, or one term of a sum.
struct block_level {
  std::size_t axis = 0;
  dim_expression const* sum = nullptr;  ///< null: an axis
  std::size_t term = 0;
  std::vector<block_level> inner{};
};

/// A block as one side has it: in which tensor, and where in each of its dims, outermost first.
struct block_place {
  std::size_t tensor = 0;
  std::vector<std::vector<block_level>> dims;
};

/// Elements that one tensor of either side has, with the same axes on both.
struct remap_block {
  block_place left;
  block_place right;
};

/// How tensors of two naming schemes are made of one another. It is a bijection: the terms of sums
/// cut each side into blocks, and every block of one side is one of the other.
///   example: "q [(m g d) h], k [(m K d) h], v [(m V d) h] = qkv [(m (g + K + V) d) h]"
///            "experts.{e}.w1 [i h] = w1 [e h i]"   stacked by number, each one transposed
///            "gate [(G i) h], up [(U i) h] = fc1 [(i (G + U)) h]"   interleaved by rows
struct remap_rule {
  std::string text;
  bool is_optional = false;  ///< "?": all tensors of one side may be missing together
  axis_table axes;
  std::vector<tensor_pattern> left;
  std::vector<tensor_pattern> right;
  std::vector<std::size_t> repeated;  ///< axes of variables that both sides have in names only
  std::vector<remap_block> blocks;

  // blocks point into dims of left and right, which a moved vector keeps
  remap_rule() = default;
  remap_rule(remap_rule const&) = delete;
  remap_rule& operator=(remap_rule const&) = delete;
  remap_rule(remap_rule&&) = default;
  remap_rule& operator=(remap_rule&&) = default;

  /// One tensor goes on as it is under another name.
  [[nodiscard]] bool is_rename() const {
    return left.size() == 1 && right.size() == 1 && left[0].dims == right[0].dims &&
           left[0].name.variables.size() == repeated.size();
  }
  [[nodiscard]] bool repeats(std::size_t axis) const {
    return std::find(repeated.begin(), repeated.end(), axis) != repeated.end();
  }
};

namespace detail {

/// Calls visit(axis, the axis that follows it directly in a product or none, and before it).
template <class Visit> void for_each_axis(dim_expression const& e, Visit const& visit) {
  constexpr std::size_t none = SIZE_MAX;
  if (e.what == dim_expression::kind::axis) return visit(e.axis, none, none);
  auto const axis_at = [&](std::size_t i) {
    bool const is_axis = i < e.parts.size() && e.what == dim_expression::kind::product &&
                         e.parts[i].what == dim_expression::kind::axis;
    return is_axis ? e.parts[i].axis : none;
  };
  for (std::size_t i = 0; i < e.parts.size(); ++i)
    if (axis_at(i) != none)
      visit(axis_at(i), axis_at(i + 1), i == 0 ? none : axis_at(i - 1));
    else
      for_each_axis(e.parts[i], visit);
}

/// Takes an axis out wherever it follows another one, which stands for both from now on.
inline void join_axes(dim_expression& e, std::size_t second) {
  std::erase_if(e.parts, [&](dim_expression const& part) {
    return part.what == dim_expression::kind::axis && part.axis == second;
  });
  for (dim_expression& part : e.parts) join_axes(part, second);
  if (e.what == dim_expression::kind::product && e.parts.size() == 1) {
    dim_expression const only = e.parts.front();
    e = only;
  }
}

/// Neighbours that no tensor of the rule takes apart become one axis: its size need not be known.
class axis_joiner {
 public:
  explicit axis_joiner(remap_rule& rule) : rule_(rule) {}

  void run() {
    while (join_one()) {
    }
  }

 private:
  struct neighbours {
    std::set<std::size_t> next, before;
  };

  template <class Use> void for_each_dim(Use const& use) {
    for (auto* side : {&rule_.left, &rule_.right})
      for (tensor_pattern& t : *side)
        for (dim_expression& e : t.dims) use(e);
  }

  bool join_one() {
    std::map<std::size_t, neighbours> all;
    for_each_dim([&](dim_expression& e) {
      for_each_axis(e, [&](std::size_t axis, std::size_t next, std::size_t before) {
        all[axis].next.insert(next);
        all[axis].before.insert(before);
      });
    });
    for (auto const& [axis, sides] : all) {
      if (sides.next.size() != 1 || *sides.next.begin() == SIZE_MAX) continue;
      std::size_t const second = *sides.next.begin();
      bool const both = all[second].before.size() == 1 && rule_.axes.is_named(axis) &&
                        rule_.axes.is_named(second) && !in_name(axis) && !in_name(second);
      if (!both) continue;
      for_each_dim([&](dim_expression& e) { join_axes(e, second); });
      auto& members = rule_.axes.members;
      members[axis].insert(members[axis].end(), members[second].begin(), members[second].end());
      return true;
    }
    return false;
  }
  [[nodiscard]] bool in_name(std::size_t axis) const {
    for (auto const* side : {&rule_.left, &rule_.right})
      for (tensor_pattern const& t : *side)
        for (name_variable const& v : t.name.variables)
          if (v.axis == axis) return true;
    return false;
  }

  remap_rule& rule_;
};

using level_list = std::vector<block_level>;

/// The ways through an expression: one per choice of a term in every sum.
inline std::vector<level_list> ways_through(dim_expression const& e) {
  if (e.what == dim_expression::kind::axis) return {{block_level{e.axis}}};
  std::vector<level_list> out;
  if (e.what == dim_expression::kind::sum) {
    for (std::size_t i = 0; i < e.parts.size(); ++i)
      for (level_list& inner : ways_through(e.parts[i]))
        out.push_back({block_level{0, &e, i, std::move(inner)}});
    return out;
  }
  out.emplace_back();
  for (dim_expression const& part : e.parts) {
    std::vector<level_list> longer;
    for (level_list const& way : out)
      for (level_list const& next : ways_through(part)) {
        longer.push_back(way);
        longer.back().insert(longer.back().end(), next.begin(), next.end());
      }
    out = std::move(longer);
  }
  return out;
}

inline void collect_axes(level_list const& levels, std::multiset<std::size_t>& axes) {
  for (block_level const& level : levels) {
    if (level.sum == nullptr) axes.insert(level.axis);
    collect_axes(level.inner, axes);
  }
}

/// Finds the blocks of both sides and pairs them by their axes.
class block_matcher {
 public:
  explicit block_matcher(remap_rule& rule) : rule_(rule) {}

  void run() {
    std::map<std::multiset<std::size_t>, block_place> const left = side(rule_.left);
    std::map<std::multiset<std::size_t>, block_place> const right = side(rule_.right);
    for (auto const& [axes, place] : left) {
      auto const other = right.find(axes);
      if (other == right.end()) fails("the right side has no block", axes);
      rule_.blocks.push_back({place, other->second});
    }
    for (auto const& [axes, place] : right)
      if (!left.contains(axes)) fails("the left side has no block", axes);
  }

 private:
  [[noreturn]] void fails(std::string text, std::multiset<std::size_t> const& axes) const {
    text += " with the axes";
    for (std::size_t const axis : axes)
      for (std::string const& member : rule_.axes.members[axis]) text += ' ' + member;
    remap_rule_is_malformed(rule_.text, text);
  }

  std::map<std::multiset<std::size_t>, block_place> side(
      std::vector<tensor_pattern> const& tensors) const {
    std::map<std::multiset<std::size_t>, block_place> out;
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      std::vector<block_place> places{{t, {}}};
      for (dim_expression const& e : tensors[t].dims) {
        std::vector<block_place> longer;
        for (block_place const& place : places)
          for (level_list const& way : ways_through(e)) {
            longer.push_back(place);
            longer.back().dims.push_back(way);
          }
        places = std::move(longer);
      }
      for (block_place& place : places) {
        std::multiset<std::size_t> axes;
        for (level_list const& levels : place.dims) collect_axes(levels, axes);
        for (name_variable const& v : tensors[t].name.variables)
          if (!rule_.repeats(v.axis)) axes.insert(v.axis);
        for (std::size_t const axis : axes)
          if (axes.count(axis) > 1) fails("a block has an axis twice", axes);
        if (!out.emplace(axes, std::move(place)).second) fails("a side has two blocks", axes);
      }
    }
    return out;
  }

  remap_rule& rule_;
};
}  // namespace detail

}  // namespace v1
}  // namespace reshard
