#pragma once

#include <reshard/algebra/layout.hpp>
#include <reshard/plan/run_cursor.hpp>

namespace reshard {
inline namespace v1 {

/// A box of wanted elements that one part of a layout holds.
///   part:    which part, for layout::holders_of
///   overlap: the elements
///   local:   where they begin in the storage of a holder, per dim
///   target:  where they begin in the storage of the one who wants them, per dim
struct met_part {
  part_index part;
  box overlap;
  grid_index local;
  grid_index target;
};

/// The wanted elements are those of a box, stored row-major.
class box_target {
 public:
  constexpr explicit box_target(box const& where) : where_(where) {}
  [[nodiscard]] constexpr bool empty() const { return where_.elements() == 0; }
  template <class Sink> constexpr void for_each_segment(std::size_t d, Sink&& sink) const {
    interval const along = where_[d];
    if (along.size > 0) sink(segment{along.offset, along.size, 0});
  }

 private:
  box where_;
};

/// The wanted elements are those of a part of a layout, stored as the layout says.
class part_target {
 public:
  constexpr part_target(layout const& over, part_index const& part) : over_(&over), part_(part) {}
  [[nodiscard]] constexpr bool empty() const {
    for (std::size_t d = 0; d < over_->shape().rank(); ++d)
      if (over_->dim(d).size(part_.begin() + over_->map().first(d)) == 0) return true;
    return false;
  }
  template <class Sink> constexpr void for_each_segment(std::size_t d, Sink&& sink) const {
    over_->dim(d).for_each_segment(part_.begin() + over_->map().first(d), {0, over_->shape()[d]},
                                   sink);
  }

 private:
  layout const* over_;
  part_index part_;
};

namespace detail {
template <class Target, class Sink> class part_walk {
 public:
  constexpr part_walk(layout const& over, Target const& target, Sink& sink)
      : rank_(over.shape().rank()), target_(target), sink_(sink) {
    met_.part = part_index(over.map().cuts().size(), 0);
    met_.overlap = {grid_index(rank_, 0), grid_index(rank_, 0)};
    met_.local = met_.target = grid_index(rank_, 0);
    for (std::size_t d = 0; d < rank_; ++d)
      runs_[d] = {over.dim(d), met_.part.begin() + over.map().first(d)};
  }
  part_walk(part_walk const&) = delete;  // the cursors point into it

  constexpr void dim(std::size_t d) {
    if (d == rank_) return sink_(static_cast<met_part const&>(met_));
    target_.for_each_segment(d, [&](segment const& wanted) { meet(d, wanted); });
  }

 private:
  /// Only the parts that meet the wanted indices are visited: each is found in closed form.
  constexpr void meet(std::size_t d, segment const& wanted) {
    run_cursor& run = runs_[d];
    run.seek(wanted.offset);
    while (true) {
      index_t const end = run.end() < wanted.end() ? run.end() : wanted.end();
      met_.overlap.offset_[d] = run.offset();
      met_.overlap.extent_[d] = end - run.offset();
      met_.local[d] = run.local(run.offset());
      met_.target[d] = wanted.local + run.offset() - wanted.offset;
      dim(d + 1);
      if (end == wanted.end()) return;
      run.next();
    }
  }

  std::size_t rank_;
  Target const& target_;
  Sink& sink_;
  met_part met_;
  run_cursor runs_[max_rank];
};
}  // namespace detail

/// No wanted element before the overlap, dim by dim, lies in the part that was met: of the boxes
/// that lie in one part, this is the first one.
///   cost: O(runs of the target)
template <class Target>
[[nodiscard]] constexpr bool is_first_of_part(layout const& over, Target const& target,
                                              met_part const& met) {
  bool first = true;
  for (std::size_t d = 0; d < over.shape().rank() && first; ++d) {
    dim_cuts const along = over.dim(d);
    index_t const* const part = met.part.begin() + over.map().first(d);
    index_t const begin = met.overlap.offset()[d];
    target.for_each_segment(d, [&](segment const& wanted) {
      index_t const end = wanted.end() < begin ? wanted.end() : begin;
      if (wanted.offset < end && along.below(part, wanted.offset) != along.below(part, end))
        first = false;
    });
  }
  return first;
}

/// Calls sink(met_part const&) once for every maximal box of wanted elements that lies together in
/// one part of the layout and together in the target, in row-major order of the target. This is the
/// one walk that transfers, coverage and the mover share.
///   target: box_target, part_target
///   law:    the overlaps partition the wanted elements
///   cost:   O(boxes met), no allocation
template <class Target, class Sink>
constexpr void for_each_part(layout const& over, Target const& target, Sink&& sink) {
  if (target.empty()) return;
  detail::part_walk<Target, Sink> walk{over, target, sink};
  walk.dim(0);
}
template <class Sink>
constexpr void for_each_part(layout const& over, box const& target, Sink&& sink) {
  for_each_part(over, box_target{target}, sink);
}

}  // namespace v1
}  // namespace reshard
