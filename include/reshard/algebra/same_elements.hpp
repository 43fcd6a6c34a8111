#pragma once

#include <reshard/algebra/cut_chain.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

/// How many elements of a part come before the element number `at` of the tensor, row-major,
/// 0 <= at <= elements.
///   cost: O(cuts)
constexpr index_t elements_below(layout const& l, part_index const& part, index_t at) {
  if (l.shape().rank() == 0) return at;
  index_t before = 0;  // elements of the part with smaller indices of the dims so far
  bool holds = true;   // the part has those indices
  index_t inner = l.shape().elements();
  for (std::size_t d = 0; d < l.shape().rank() && holds; ++d) {
    inner /= l.shape()[d];
    index_t const index = at / inner;
    at -= index * inner;
    dim_cuts const along = l.dim(d);
    index_t const* const numbers = part.begin() + l.map().first(d);
    index_t const below = along.below(numbers, index);
    before = before * along.size(numbers) + below;
    holds = index < l.shape()[d] && along.below(numbers, index + 1) > below;
    if (!holds)
      for (std::size_t e = d + 1; e < l.shape().rank(); ++e)
        before *= l.dim(e).size(part.begin() + l.map().first(e));
  }
  return before;
}

/// Walks the runs of consecutive elements of a part, row-major, among the first `end` elements.
template <class Sink> class element_runs {
 public:
  constexpr element_runs(layout const& over, part_index const& part, index_t end, Sink& sink)
      : over_(over), part_(part), end_(end), sink_(sink), cut_(over.shape().rank()) {
    while (cut_ > 0 && size(cut_ - 1) == over.shape()[cut_ - 1]) --cut_;
  }

  /// Elements of dims [d, ...) from element number `first` of the tensor on, `inner` of which are
  /// one index of dim d - 1.
  constexpr void dim(std::size_t d, index_t first, index_t inner) {
    if (d >= cut_) return run({first, inner});
    inner /= over_.shape()[d];
    index_t const left = end_ - first;
    index_t const last = left / inner + (left % inner != 0 ? 1 : 0);
    interval const window{0, last < over_.shape()[d] ? last : over_.shape()[d]};
    over_.dim(d).for_each_segment(numbers(d), window, [&](segment const& s) {
      if (d + 1 == cut_) return run({first + s.offset * inner, s.size * inner});
      for (index_t i = s.offset; i < s.end(); ++i) dim(d + 1, first + i * inner, inner);
    });
  }

 private:
  constexpr void run(interval found) { sink_(intersection(found, {0, end_})); }
  [[nodiscard]] constexpr index_t const* numbers(std::size_t d) const {
    return part_.begin() + over_.map().first(d);
  }
  [[nodiscard]] constexpr index_t size(std::size_t d) const {
    return over_.dim(d).size(numbers(d));
  }

  layout const& over_;
  part_index const& part_;
  index_t end_;
  Sink& sink_;
  std::size_t cut_;  // the dims from it on are whole
};
}  // namespace detail

/// Calls sink(interval) for the runs of consecutive elements that a part holds of the first `end`
/// elements, numbered row-major in the tensor, ascending.
///   cost: O(runs); a run ends where an index of the last cut dim does
template <class Sink>
constexpr void for_each_element_run(layout const& l, part_index const& part, index_t end,
                                    Sink&& sink) {
  if (end == 0 || l.local_shape(part).elements() == 0) return;
  detail::element_runs<Sink> runs{l, part, end, sink};
  runs.dim(0, 0, l.shape().elements());
}

namespace detail {
/// Dims [first, end) of a layout alone.
constexpr layout dims_of(layout const& l, std::size_t first, std::size_t end) {
  tensor_map map;
  extents shape;
  for (std::size_t d = first; d < end; ++d) {
    shape.append(l.shape()[d]);
    map.append_dim(l.map(), d);
  }
  return {l.devices(), map, shape};
}

/// In how many equal ranges of elements every part holds the same.
constexpr index_t equal_ranges(layout const& l) {
  index_t times = 1;
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    cut_chain chain = chain_of(l.map(), d);
    if (!chain.empty()) return times * take_repeats(chain, l.shape()[d]);
    times *= l.shape()[d];
  }
  return times;
}

/// Some dims of one layout and as many elements of another one.
struct dim_pair {
  layout a;
  layout b;
  index_t range = 1;  // what comes behind the first `range` elements repeats them

  constexpr dim_pair() = default;
  constexpr dim_pair(layout const& first, layout const& second)
      : a(first),
        b(second),
        range(first.shape().elements() /
              greatest_divisor(equal_ranges(first), equal_ranges(second))) {}

  /// A device that holds something of both holds the same.
  [[nodiscard]] constexpr bool same_on(index_t device) const {
    part_index const a_part = a.part_on(device);
    part_index const b_part = b.part_on(device);
    bool same = elements_below(a, a_part, range) == elements_below(b, b_part, range);
    for_each_element_run(a, a_part, range, [&](interval run) {
      same = same && elements_below(b, b_part, run.end()) - elements_below(b, b_part, run.offset) ==
                         run.size;
    });
    return same;
  }
};

/// The pairs between the places where dims of both layouts end.
constexpr inplace_vector<dim_pair, max_rank> dim_pairs(layout const& a, layout const& b) {
  inplace_vector<dim_pair, max_rank> out;
  for (std::size_t i = 0, j = 0; i < a.shape().rank() || j < b.shape().rank();) {
    std::size_t const a_first = i;
    std::size_t const b_first = j;
    index_t a_size = 1;
    index_t b_size = 1;
    do {
      bool const next_of_a = i < a.shape().rank() && (a_size <= b_size || j == b.shape().rank());
      if (next_of_a) a_size *= a.shape()[i++];
      if (!next_of_a) b_size *= b.shape()[j++];
    } while (a_size != b_size);
    while (i < a.shape().rank() && a.shape()[i] == 1) ++i;
    while (j < b.shape().rank() && b.shape()[j] == 1) ++j;
    out.push_back({dims_of(a, a_first, i), dims_of(b, b_first, j)});
  }
  return out;
}
}  // namespace detail

/// Both layouts put the same elements, numbered row-major, on each device, whatever the shapes are.
/// The elements of a device stand in the same order, too: it is that of their numbers.
///   cost: O(devices x runs x cuts), runs of the shortest range that both layouts repeat
[[nodiscard]] constexpr bool same_elements(layout const& a, layout const& b) {
  if (a.devices().devices() != b.devices().devices()) return false;
  if (a.shape().elements() != b.shape().elements()) return false;
  if (a.shape().elements() == 0) return true;
  auto const pairs = detail::dim_pairs(a, b);
  for (index_t device = 0; device < a.devices().devices(); ++device) {
    index_t const elements = a.local_shape(device).elements();
    if (elements != b.local_shape(device).elements()) return false;
    if (elements == 0) continue;
    for (detail::dim_pair const& pair : pairs)
      if (!pair.same_on(device)) return false;
  }
  return true;
}

}  // namespace v1
}  // namespace reshard
