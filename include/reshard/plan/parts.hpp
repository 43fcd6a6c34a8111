#pragma once

#include <reshard/algebra/layout.hpp>

namespace reshard {
inline namespace v1 {

/// A part of a layout that meets a box.
///   part:    which part, for layout::holders_of
///   where:   all elements of the part
///   overlap: those that lie in the box
struct met_part {
  part_index part;
  box where;
  box overlap;

  /// Where the overlap begins in the storage of a holder, per sub-dim.
  [[nodiscard]] constexpr grid_index local_offset() const {
    grid_index local = overlap.offset();
    for (std::size_t d = 0; d < local.size(); ++d) local[d] -= where.offset()[d];
    return local;
  }
};

namespace detail {
template <class Sink> class part_walk {
 public:
  constexpr part_walk(layout const& over, box const& target, Sink& sink)
      : over_(over), target_(target), sink_(sink) {}

  constexpr void sub_dim(std::size_t s, std::size_t cut) {
    if (s == over_.index_grid().size()) {
      sink_(static_cast<met_part const&>(met_));
    } else {
      cuts(s, cut, cut + over_.map().cuts_of(s), {0, over_.index_grid()[s]});
    }
  }

 private:
  /// Only the parts that meet the target are visited: the first is found in closed form.
  constexpr void cuts(std::size_t s, std::size_t at, std::size_t end, interval along) {
    interval const target = target_[s];
    if (intersection(along, target).size == 0) return;
    if (at == end) {
      met_.where.push_back(along);
      met_.overlap.push_back(intersection(along, target));
      sub_dim(s + 1, end);
      pop(met_.where);
      pop(met_.overlap);
      return;
    }
    cut const& c = over_.map().cuts()[at];
    index_t const begin = target.offset > along.offset ? target.offset : along.offset;
    for (index_t i = part_at(along, c.tail(), c.parts(), begin); i < c.parts(); ++i) {
      interval const part = part_interval(along, c.tail(), c.parts(), i);
      if (part.size == 0 || part.offset >= target.end()) return;
      met_.part.push_back(i);
      cuts(s, at + 1, end, part);
      met_.part.pop_back();
    }
  }
  static constexpr void pop(box& b) {
    b.offset_.pop_back();
    b.extent_.pop_back();
  }

  layout const& over_;
  box const& target_;
  Sink& sink_;
  met_part met_;
};
}  // namespace detail

/// Calls sink(met_part const&) once for every part of the layout that has elements in the box, in
/// row-major order of the parts. This is the one walk that transfers, coverage and the mover share.
///   law:  the overlaps partition the box
///   cost: O(parts met), no allocation
template <class Sink>
constexpr void for_each_part(layout const& over, box const& target, Sink&& sink) {
  if (target.elements() == 0) return;
  detail::part_walk<Sink> walk{over, target, sink};
  walk.sub_dim(0, 0);
}

}  // namespace v1
}  // namespace reshard
