#pragma once

#include <reshard/plan.hpp>
#include <reshard/plan/mindspore_operators.hpp>

#include "layout_json.hpp"

namespace tools {

/// The sizes of a dim's parts, one per combined part: how a chain of contiguous cuts is stated.
inline json stated_parts(reshard::layout const& l, std::size_t d) {
  json sizes = json::array();
  std::size_t const first = l.map().first(d);
  reshard::index_t parts = 1;
  for (std::size_t i = 0; i < l.map().cuts_of(d); ++i) parts *= l.map().cuts()[first + i].parts();
  for (reshard::index_t p = 0; p < parts; ++p) {
    reshard::part_index part(l.map().cuts_of(d), 0);
    reshard::index_t rest = p;
    for (std::size_t i = part.size(); i-- > 0; rest /= l.map().cuts()[first + i].parts())
      part[i] = rest % l.map().cuts()[first + i].parts();
    sizes.push_back(l.dim(d).size(part.begin()));
  }
  return {{"parts", sizes}};
}

inline json stated_rule(reshard::cut_rule const& rule) {
  using reshard::cut_kind;
  if (rule == reshard::tail_rule::exact) return "exact";
  if (rule == reshard::tail_rule::ceil) return "ceil";
  if (rule == reshard::tail_rule::balanced) return "balanced";
  if (rule.kind_ == cut_kind::cyclic) return {{"cyclic", rule.block_}};
  if (rule.kind_ == cut_kind::listed) return {{"parts", json_list(rule.sizes_)}};
  return {{"sections", json_list(rule.sizes_)}};
}

/// Sections of which the rule states the number only.
inline bool is_counted(reshard::cut_rule const& rule) {
  return rule.kind_ == reshard::cut_kind::sections && rule.sizes_.empty();
}

/// Counted sections by their sizes if the cut divides them all, as the protocol wants it.
inline reshard::cut_rule listed_sections(reshard::layout const& l, std::size_t d) {
  reshard::cut_rule const rule = l.map().rule(l.map().first(d));
  reshard::size_list sizes;
  for (reshard::index_t s = 0; s < rule.block_; ++s) {
    auto const size = part_interval({0, l.shape()[d]}, rule.tail_, rule.block_, s).size;
    if (size % l.map().cuts()[l.map().first(d)].parts() != 0) return rule;
    sizes.push_back(size);
  }
  return reshard::cut_rule::sections(sizes);
}

/// The rule of a dim as the protocol states it. Exact cuts chain, and so do ceil cuts of one axis
/// each; other chains of contiguous cuts are stated by their sizes.
inline json cut_of_dim(reshard::layout const& l, std::size_t d) {
  std::size_t const first = l.map().first(d);
  std::size_t const cuts = l.map().cuts_of(d);
  if (cuts == 0) return "exact";
  reshard::cut_rule rule = l.map().rule(first);
  if (cuts == 1 && is_counted(rule)) rule = listed_sections(l, d);
  bool same = !is_counted(rule) &&
              (cuts == 1 || rule == reshard::tail_rule::exact || rule == reshard::tail_rule::ceil);
  for (std::size_t i = 0; i < cuts; ++i) {
    same = same && l.map().rule(first + i) == rule;
    if (rule == reshard::tail_rule::ceil)
      same = same && l.map().cuts()[first + i].by().axes().size() == 1;
  }
  if (same) return stated_rule(rule);
  if (!l.dim(d).is_contiguous())
    throw unknown_request{"a layout of the answer has cuts that the protocol cannot state"};
  return stated_parts(l, d);
}

/// The same layout over one device axis, where every cut is a digit of the device number; else
/// the layout as it is.
inline reshard::layout over_device_numbers(reshard::layout const& l) {
  reshard::device_matrix const all{l.devices().devices()};
  reshard::tensor_map map;
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    map.append(all, {});
    for (std::size_t i = l.map().first(d); i < l.map().first(d) + l.map().cuts_of(d); ++i) {
      reshard::digit const& by = l.map().cuts()[i].by();
      reshard::index_t weight = by.divide();
      for (std::size_t a = 0; a < by.axes().size(); ++a) {
        auto const axis = static_cast<std::size_t>(by.axes()[a]);
        if (a == 0 || axis + 1 == static_cast<std::size_t>(by.axes()[a - 1])) continue;
        return l;
      }
      if (!by.axes().empty()) weight *= l.devices().stride(by.axes()[by.axes().size() - 1]);
      map.add_cut(d, {{reshard::device_axis{0}}, weight, by.modulo()}, l.map().rule(i));
    }
  }
  return {all, map, l.shape()};
}

/// A layout in the form of the requests.
///   needs: every cut stands for whole axes
inline json layout_json(reshard::layout const& l, device_order const& order) {
  json map = json::array();
  json cuts = json::array();
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    json axes = json::array();
    for (std::size_t i = 0; i < l.map().cuts_of(d); ++i)
      for (reshard::device_axis const axis : l.map().cuts()[l.map().first(d) + i].by().axes())
        axes.push_back(static_cast<reshard::index_t>(axis));
    map.push_back(axes);
    cuts.push_back(cut_of_dim(l, d));
  }
  json out{{"devices", json_list(l.devices())},
           {"map", map},
           {"shape", json_list(l.shape())},
           {"cut", cuts}};
  if (order.is_stated()) out["order"] = order.ids();
  return out;
}

inline char const* name_of(reshard::step_kind kind) {
  switch (kind) {
    case reshard::step_kind::slice:
      return "slice";
    case reshard::step_kind::all_gather:
      return "all_gather";
    case reshard::step_kind::all_to_all:
      return "all_to_all";
    case reshard::step_kind::permute:
      break;
  }
  return "permute";
}

inline json axes_json(reshard::axis_list const& axes) {
  json out = json::array();
  for (reshard::device_axis const axis : axes) out.push_back(static_cast<reshard::index_t>(axis));
  return out;
}

/// A step: its kind, the dim that is gathered and the one that is cut, over which axes.
inline json step_json(reshard::step const& s) {
  json out{{"kind", name_of(s.kind())}};
  if (s.kind() == reshard::step_kind::all_gather || s.kind() == reshard::step_kind::all_to_all)
    out["gathered_dim"] = static_cast<int>(s.gathered_dim());
  if (s.kind() == reshard::step_kind::slice || s.kind() == reshard::step_kind::all_to_all)
    out["cut_dim"] = static_cast<int>(s.cut_dim());
  if (s.kind() != reshard::step_kind::all_gather) out["axes"] = axes_json(s.axes());
  return out;
}

/// ["Reshape", [shape]], ["AllConcat", [positions.., axis]], ["StridedSlice", [begin.., end..,
/// strides..]]
inline json operator_json(reshard::mindspore_operator const& op) {
  json arguments = json::array();
  if (op.kind == reshard::operator_kind::reshape)
    return json::array({"Reshape", json_list(op.shape)});
  if (op.kind == reshard::operator_kind::all_concat) {
    for (reshard::index_t k = 0; k < op.group.count; ++k) arguments.push_back(op.group[k]);
    arguments.push_back(op.dim);
    return json::array({"AllConcat", arguments});
  }
  for (reshard::index_t const at : op.begin) arguments.push_back(at);
  for (reshard::index_t const at : op.end) arguments.push_back(at);
  for (std::size_t d = 0; d < op.begin.size(); ++d) arguments.push_back(1);
  return json::array({"StridedSlice", arguments});
}

}  // namespace tools
