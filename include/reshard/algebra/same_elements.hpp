#pragma once

#include <reshard/algebra/layout.hpp>

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

/// Walks the runs of consecutive elements of a part, row-major.
template <class Sink> class element_runs {
 public:
  constexpr element_runs(layout const& over, part_index const& part, Sink& sink)
      : over_(over), part_(part), sink_(sink), cut_(over.shape().rank()) {
    while (cut_ > 0 && size(cut_ - 1) == over.shape()[cut_ - 1]) --cut_;
    for (std::size_t d = cut_; d < over.shape().rank(); ++d) behind_ *= over.shape()[d];
  }

  /// Elements of dims [d, ...) from element number `first` of the tensor on.
  constexpr void dim(std::size_t d, index_t first) {
    if (d >= cut_) return sink_(interval{first, behind_});
    index_t inner = 1;
    for (std::size_t e = d + 1; e < over_.shape().rank(); ++e) inner *= over_.shape()[e];
    over_.dim(d).for_each_segment(numbers(d), {0, over_.shape()[d]}, [&](segment const& s) {
      if (d + 1 == cut_) return sink_(interval{first + s.offset * inner, s.size * inner});
      for (index_t i = s.offset; i < s.end(); ++i) dim(d + 1, first + i * inner);
    });
  }

 private:
  [[nodiscard]] constexpr index_t const* numbers(std::size_t d) const {
    return part_.begin() + over_.map().first(d);
  }
  [[nodiscard]] constexpr index_t size(std::size_t d) const {
    return over_.dim(d).size(numbers(d));
  }

  layout const& over_;
  part_index const& part_;
  Sink& sink_;
  std::size_t cut_;     // the dims from it on are whole
  index_t behind_ = 1;  // their elements
};
}  // namespace detail

/// Calls sink(interval) for the runs of consecutive elements that a part holds, numbered row-major
/// in the tensor, ascending.
///   cost: O(runs); a run ends where an index of the last cut dim does
template <class Sink>
constexpr void for_each_element_run(layout const& l, part_index const& part, Sink&& sink) {
  if (l.local_shape(part).elements() == 0) return;
  detail::element_runs<Sink> runs{l, part, sink};
  runs.dim(0, 0);
}

/// Both layouts put the same elements, numbered row-major, on each device, whatever the shapes are.
/// The elements of a device stand in the same order, too: it is that of their numbers.
///   cost: O(parts x runs x cuts)
[[nodiscard]] constexpr bool same_elements(layout const& a, layout const& b) {
  if (a.devices().devices() != b.devices().devices()) return false;
  if (a.shape().elements() != b.shape().elements()) return false;
  bool same = true;
  for (index_t device = 0; device < a.devices().devices() && same; ++device) {
    part_index const a_part = a.part_on(device);
    part_index const b_part = b.part_on(device);
    index_t const first = a.holders_of(a_part)[0];
    if (first != device && b.part_on(first) == b_part) continue;
    index_t const elements = a.local_shape(a_part).elements();
    same = elements == b.local_shape(b_part).elements();
    if (!same || elements == 0) continue;
    for_each_element_run(a, a_part, [&](interval run) {
      same = same && detail::elements_below(b, b_part, run.end()) -
                             detail::elements_below(b, b_part, run.offset) ==
                         run.size;
    });
  }
  return same;
}

}  // namespace v1
}  // namespace reshard
