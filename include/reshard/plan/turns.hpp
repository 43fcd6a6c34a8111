#pragma once

#include <reshard/plan/transfers.hpp>

namespace reshard {
inline namespace v1 {

/// A holder_choice: the holders of a part take turns in serving its boxes. The boxes that all
/// destination devices want of the part are numbered, row-major, and for one box in the order of
/// its receivers. Box i goes to holder (i + i / replicas) % replicas; the second term keeps
/// receivers that hold the part themselves, often every second one, from all missing the same
/// turns. A destination that holds the part serves itself.
///   law:  no device sends more than ceil(boxes / replicas) boxes of its part, where boxes are
///         those that all destinations want of it
///   cost: O(cuts) where the cuts of a dim are contiguous by a tail rule, else O(runs); nothing if
///   a
///         part has one holder. Refers to the layouts
class turns {
 public:
  constexpr turns(layout const& from, layout const& to) : from_(&from), to_(&to), receivers_(to) {}

  [[nodiscard]] constexpr index_t operator()(part_holders const& holders, part_index const& part,
                                             grid_index const& first, destination_device at) const {
    index_t const replicas = holders.size();
    if (replicas == 1) return holders.first(part);
    if (holders.holds(at.as_source, part)) return at.as_source;
    index_t const turn = number(part, first) * receivers_.size() + receivers_.position(at.device);
    return holders.at(part, (turn + turn / replicas) % replicas);
  }

  /// How many boxes all destination devices want of a part.
  [[nodiscard]] constexpr index_t boxes_of(part_index const& part) const {
    index_t product = receivers_.size();
    for (std::size_t d = 0; d < from_->shape().rank(); ++d)
      product *= boxes_before(d, part, from_->shape()[d]);
    return product;
  }

 private:
  /// The number, among the boxes of its part, of the one that begins at an element.
  [[nodiscard]] constexpr index_t number(part_index const& part, grid_index const& first) const {
    index_t number = 0;
    for (std::size_t d = 0; d < from_->shape().rank(); ++d)
      number = number * boxes_before(d, part, from_->shape()[d]) + boxes_before(d, part, first[d]);
    return number;
  }
  /// How many boxes of a part begin before an index of a dim.
  [[nodiscard]] constexpr index_t boxes_before(std::size_t d, part_index const& part,
                                               index_t index) const {
    dim_cuts const have = from_->dim(d);
    dim_cuts const want = to_->dim(d);
    index_t const* const numbers = part.begin() + from_->map().first(d);
    bool const countable = is_even(want);
    index_t count = 0;
    inplace_vector<index_t, max_cuts> scratch(want.cuts(), 0);
    run_cursor run{want, scratch.begin()};
    have.for_each_segment(numbers, {0, index}, [&](segment const& s) {
      if (countable) {
        count += parts_before(want, s.end() - 1) - parts_before(want, s.offset) + 1;
        return;
      }
      ++count;
      for (run.seek(s.offset); run.end() < s.end(); run.next()) ++count;
    });
    return count;
  }
  static constexpr bool is_even(dim_cuts const& along) {
    for (cut const& c : along)
      if (c.kind() != cut_kind::contiguous) return false;
    return true;
  }
  /// How many parts that hold anything lie before the one that holds an index.
  static constexpr index_t parts_before(dim_cuts const& along, index_t at) {
    index_t count = 0;
    index_t size = along.extent();
    for (cut const* c = along.begin(); c != along.end(); ++c) {
      detail::even_parts const parts{size, c->tail(), c->parts()};
      index_t const part = parts.part_of(at);
      index_t const wide = part < parts.wide ? part : parts.wide;
      count += wide * filled_parts(c + 1, along.end(), parts.wide_size) +
               (part - wide) * filled_parts(c + 1, along.end(), parts.rest_size);
      at -= parts.offset(part);
      size = parts.size(part);
    }
    return count;
  }
  /// How many parts that hold anything the cuts make of a range.
  static constexpr index_t filled_parts(cut const* c, cut const* end, index_t size) {
    if (size == 0) return 0;
    if (c == end) return 1;
    detail::even_parts const parts{size, c->tail(), c->parts()};
    return parts.wide * filled_parts(c + 1, end, parts.wide_size) +
           parts.rest * filled_parts(c + 1, end, parts.rest_size);
  }

  layout const* from_;
  layout const* to_;
  part_holders receivers_;
};

}  // namespace v1
}  // namespace reshard
