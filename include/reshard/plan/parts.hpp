#pragma once

#include <reshard/algebra/layout.hpp>

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
  [[nodiscard]] constexpr bool empty() const { return over_->local_shape(part_).elements() == 0; }
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
      : over_(over), target_(target), sink_(sink) {}

  constexpr void dim(std::size_t d) {
    if (d == over_.shape().rank()) return sink_(static_cast<met_part const&>(met_));
    dim_cuts const along = over_.dim(d);
    target_.for_each_segment(d, [&](segment const& wanted) { meet(along, d, wanted); });
  }

 private:
  /// Only the parts that meet the wanted indices are visited: each is found in closed form.
  constexpr void meet(dim_cuts const& along, std::size_t d, segment const& wanted) {
    std::size_t const before = met_.part.size();
    for (index_t at = wanted.offset; at < wanted.end();) {
      index_t const local = along.locate(at, met_.part);
      index_t const run = along.run(met_.part.begin() + before, local).size;
      index_t const size = run < wanted.end() - at ? run : wanted.end() - at;
      met_.overlap.push_back({at, size});
      met_.local.push_back(local);
      met_.target.push_back(wanted.local + at - wanted.offset);
      dim(d + 1);
      met_.overlap.pop_back();
      met_.local.pop_back();
      met_.target.pop_back();
      while (met_.part.size() > before) met_.part.pop_back();
      at += size;
    }
  }

  layout const& over_;
  Target const& target_;
  Sink& sink_;
  met_part met_;
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
