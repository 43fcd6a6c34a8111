#pragma once

#include <reshard/algebra/axis_order.hpp>
#include <reshard/algebra/dim_assembly.hpp>
#include <reshard/algebra/same_elements.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void reshape_changes_the_element_count(extents const& from, extents const& to) {
  text<200> words;
  print(words, from);
  print(words, " to ");
  print(words, to);
  throw layout_error(errc::reshape_changes_the_element_count, __func__, {words.c_str()});
}
[[noreturn]] inline void parts_are_no_boxes_of_the_new_shape(layout const& l,
                                                             extents const& shape) {
  throw layout_error(errc::parts_are_no_boxes_of_the_new_shape, __func__,
                     {"the parts of ", printed(l).c_str(), " are no products of indices of ",
                      printed(shape).c_str()});
}
[[noreturn]] inline void cuts_follow_no_rule_in_the_new_shape(layout const& l,
                                                              extents const& shape) {
  throw layout_error(errc::cuts_follow_no_rule_in_the_new_shape, __func__,
                     {"the parts of ", printed(l).c_str(), " are products of indices of ",
                      printed(shape).c_str(), " that no rule deals out"});
}

/// The sub-dims of a grid, shared out to the dims of a shape.
///   end: per dim, where its sub-dims end
struct shared_sub_dims {
  bool fit = false;
  cut_grid grid;
  inplace_vector<std::uint8_t, max_rank> end;
};
/// From the last dim on: sub-dims that are whole or dealt out are split where a dim ends. A
/// sub-dim of one index goes with the one behind it, unless a dim of one index comes before.
constexpr shared_sub_dims shared_out(cut_grid const& grid, extents const& shape) {
  shared_sub_dims out{false, grid, {}};
  cut_grid& g = out.grid;
  inplace_vector<std::uint8_t, max_rank> counts;  // the last dim first
  std::size_t i = g.size();
  for (std::size_t d = shape.rank(); d-- > 0;) {
    std::size_t count = 0;
    index_t need = shape[d];
    bool const more_gates = d == 0 || shape[d - 1] != 1;
    while (i > 0 && (need > 1 || (g[i - 1].size_ == 1 && (count == 0 || more_gates)))) {
      index_t const size = g[i - 1].size_;
      if (need % size != 0) {
        if (size % need != 0 || !(g[i - 1].is_whole() || g.is_dealt_out(i - 1))) return out;
        g.split(i - 1, need);
        ++i;
      }
      need /= g[--i].size_;
      ++count;
    }
    counts.push_back(static_cast<std::uint8_t>(count));
  }
  out.fit = i == 0;
  std::size_t end = 0;
  for (std::size_t d = shape.rank(); d-- > 0;)
    out.end.push_back(static_cast<std::uint8_t>(end += counts[d]));
  return out;
}

/// With the digit of a sub-dim and that of a gate, which gives one part all, joined if that can be:
/// factored anew, their number may come apart elsewhere.
constexpr bool join_gate(device_matrix const& devices, cut_grid& g, std::size_t gate,
                         std::size_t other) {
  if (g[gate].cuts_.size() != 1 || g[other].cuts_.size() != 1) return false;
  ruled_cut const& as = g.cut_of(other, 0);
  ruled_cut const& by = g.cut_of(gate, 0);
  ruled_cut both;
  joined_digit const above = joined(devices, by.by_, as.by_);
  if (makes_intervals(as, g[other].size_)) {
    interval_group group{devices, 1};
    group.add({as, g[other].size_});
    group.add({by, 1});
    both = group.joined_cut();
  } else if (above.exists && part_size(by, 1, 0) == 1 &&
             does_the_same({above.value, as.rule_}, as, {1, g[other].size_, 1})) {
    both = {above.value, as.rule_};
  }
  if (both.parts() == 0) return false;
  cut_grid fine;
  append_cut(fine, both, g[other].size_);
  cut_grid out;
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (i == other)
      for (std::size_t k = 0; k < fine.size(); ++k) out.append(fine, k);
    if (i != other && i != gate) out.append(g, i);
  }
  g = out;
  return true;
}

/// Whose number is the upper one when the numbers of a chain are read as one.
enum class upper_cut : std::uint8_t { first, last };

/// The one cut with stated sizes that a chain is; without parts if there is none.
constexpr ruled_cut joined_chain(device_matrix const& devices, cut_chain const& cuts,
                                 upper_cut upper, index_t size) {
  tensor_map const map = map_of(cuts);
  dim_cuts const along{map, 0, size};
  joined_digit by{true, cuts[0].by_};
  for (std::size_t i = 1; i < cuts.size() && by.exists; ++i)
    by = upper == upper_cut::first ? joined(devices, by.value, cuts[i].by_)
                                   : joined(devices, cuts[i].by_, by.value);
  if (!by.exists || by.value.modulo() > static_cast<index_t>(max_sizes)) return {};
  size_list sizes;
  index_t offset = 0;
  for (index_t number = 0; number < by.value.modulo(); ++number) {
    part_index part(cuts.size(), 0);
    index_t rest = number;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      std::size_t const k = upper == upper_cut::first ? cuts.size() - 1 - i : i;
      part[k] = rest % cuts[k].parts();
      rest /= cuts[k].parts();
    }
    sizes.push_back(along.size(part.begin()));
    if (sizes.back() > 0 && along.run(part.begin(), 0) != interval{offset, sizes.back()}) return {};
    offset += sizes.back();
  }
  return {by.value, cut_rule::parts(sizes)};
}

/// With digits joined that are one number, on neighbours that are dealt out and where one part gets
/// all.
constexpr cut_grid with_joined_digits(device_matrix const& devices, cut_grid grid,
                                      upper_cut upper) {
  digit_list digits;
  for (ruled_cut const& by : grid.cuts_) digits.push_back(by.by_);
  digits = with_few_axes(devices, digits);
  for (std::size_t i = 0; i < digits.size(); ++i) grid.cuts_[i].by_ = digits[i];
  cut_grid out;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    ruled_cut one;
    if (grid[i].cuts_.size() > 1)
      one = joined_chain(devices, chain_of(grid, i), upper, grid[i].size_);
    if (one.parts() > 1)
      append_cut(out, one, grid[i].size_);
    else
      out.append(grid, i);
    while (out.size() > 1) {
      std::size_t const last = out.size() - 1;
      if (!out.is_dealt_out(last) || !out.is_dealt_out(last - 1)) break;
      joined_digit const by = joined(devices, out.cut_of(last - 1, 0).by_, out.cut_of(last, 0).by_);
      if (!by.exists) break;
      out.sub_dims_.pop_back();
      out.sub_dims_.pop_back();
      out.append(by.value.modulo(), {by.value, {}});
    }
  }
  cut_grid const before = out;
  for (std::size_t i = 0; i < out.size(); ++i)
    for (std::size_t k = 0; k < out.size(); ++k)
      if (i != k && out[i].size_ == 1 && out == before) join_gate(devices, out, i, k);
  return out;
}

constexpr tensor_map simplified(device_matrix const& devices, tensor_map map,
                                extents const& shape) {
  digit_list digits;
  for (cut const& c : map.cuts()) digits.push_back(c.by());
  digits = with_few_axes(devices, digits);
  for (std::size_t i = 0; i < digits.size(); ++i) map.cuts_[i].by_ = digits[i];
  tensor_map out;
  for (std::size_t d = 0; d < map.size(); ++d) {
    chain_merging const merged{devices, chain_of(map, d), shape[d], merging::readable};
    out.append(devices, {});
    for (ruled_cut const& by : merged.cuts()) out.add_cut(d, by.by_, by.rule_);
  }
  return out;
}

/// A map that deals out the sub-dims of a grid, made to the dims of a shape.
///   fits: whether the dims are made of whole sub-dims
struct reshaped_map {
  bool fits = false;
  bool exists = false;
  tensor_map map;
};
constexpr reshaped_map map_of_sub_dims(device_matrix const& devices, cut_grid const& grid,
                                       extents const& shape) {
  shared_sub_dims const shared = shared_out(grid, shape);
  reshaped_map out{shared.fit, shared.fit, {}};
  for (std::size_t d = 0, first = 0; d < shape.rank() && out.exists; first = shared.end[d++]) {
    dim_assembly const dim{devices, shared.grid, first, shared.end[d]};
    out.exists = dim.is_complete();
    out.map.append(devices, {});
    for (ruled_cut const& by : dim.cuts()) out.map.add_cut(d, by.by_, by.rule_);
  }
  if (out.exists) out.map = simplified(devices, out.map, shape);
  return out;
}
/// The map of the reshaped layout: with the dims that stay as they are, else with all of them
/// factored, else with digits joined, else the same with axes in another order.
constexpr reshaped_map find_reshaped_map(layout const& l, extents const& shape) {
  reshaped_map found = map_of_sub_dims(l.devices(), factored(l, shape), shape);
  if (found.exists) return found;
  cut_grid const all = factored(l, {});
  found = map_of_sub_dims(l.devices(), all, shape);
  for (upper_cut const upper : {upper_cut::first, upper_cut::last})
    if (!found.exists)
      found = map_of_sub_dims(l.devices(), with_joined_digits(l.devices(), all, upper), shape);
  if (found.exists) return found;
  layout const even = in_even_order(l);
  return even == l ? found : find_reshaped_map(even, shape);
}
}  // namespace detail

/// The layout in which every device holds the whole tensor.
[[nodiscard]] constexpr layout replicated(device_matrix const& devices, extents const& shape) {
  tensor_map map;
  for (std::size_t d = 0; d < shape.rank(); ++d) map.append(devices, {});
  return {devices, map, shape};
}

/// The layout of the tensor under another shape with as many elements, numbered row-major, in which
/// every device keeps exactly its elements, in order. The device matrix stays; digits may be split.
///   law:     same_elements(l, reshaped(l, shape)); reshaped back, the placement is that of l
///   example: devices(8) map((0)) shape(16) over shape(4, 4): map(({0}/2%4), ({0}%2))
///   throws:  layout_error reshape_changes_the_element_count, parts_are_no_boxes_of_the_new_shape,
///            cuts_follow_no_rule_in_the_new_shape
///   cost:    O(devices x runs) for the proof, no allocation
[[nodiscard]] constexpr layout reshaped(layout const& l, extents const& shape) {
  if (l.shape().elements() != shape.elements())
    detail::reshape_changes_the_element_count(l.shape(), shape);
  if (l.shape() == shape) return l;
  if (shape.elements() == 0) return replicated(l.devices(), shape);
  detail::reshaped_map const found = detail::find_reshaped_map(l, shape);
  if (!found.fits) detail::parts_are_no_boxes_of_the_new_shape(l, shape);
  if (!found.exists) detail::cuts_follow_no_rule_in_the_new_shape(l, shape);
  layout const out{l.devices(), found.map, shape};
  if (!same_elements(l, out)) detail::cuts_follow_no_rule_in_the_new_shape(l, shape);
  return out;
}

}  // namespace v1
}  // namespace reshard
