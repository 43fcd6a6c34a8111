#pragma once

#include <reshard/algebra/dim_cuts.hpp>

namespace reshard {
inline namespace v1 {

namespace detail {
/// Sizes of the parts that a tail rule makes: the first ones are equal, so are the others that hold
/// anything.
struct even_parts {
  index_t wide = 0;       // how many are wide,
  index_t wide_size = 0;  // > 0 unless nothing is cut
  index_t rest = 0;       // and how many hold the rest
  index_t rest_size = 0;

  constexpr even_parts() = default;
  constexpr even_parts(index_t size, tail_rule tail, index_t parts) {
    index_t const least = size / parts;
    index_t const longer = size % parts;
    if (tail == tail_rule::balanced && longer != 0) {
      wide = longer;
      wide_size = least + 1;
      rest_size = least;
      rest = least == 0 ? 0 : parts - longer;
    } else {
      wide_size = least + (longer != 0 ? 1 : 0);
      wide = longer == 0 ? parts : size / wide_size;
      rest_size = size - wide * wide_size;
      rest = rest_size == 0 ? 0 : 1;
    }
  }
  [[nodiscard]] constexpr index_t part_of(index_t at) const noexcept {
    index_t const past = at - wide * wide_size;
    return past < 0 ? at / wide_size : wide + past / rest_size;
  }
  [[nodiscard]] constexpr index_t offset(index_t part) const noexcept {
    return part < wide ? part * wide_size : wide * wide_size + (part - wide) * rest_size;
  }
  [[nodiscard]] constexpr index_t size(index_t part) const noexcept {
    return part < wide ? wide_size : rest_size;
  }
};
}  // namespace detail

/// Steps through the runs of a dim in ascending order, whichever part holds them.
///   law:  from seek(0) on, the runs partition the dim; each is a run of dim_cuts
///   cost: next() O(1), without a division, where the cuts are contiguous and the next run is in
///   the
///         same part of all but the last cut; else as seek(), O(cuts)
class run_cursor {
 public:
  constexpr run_cursor() = default;
  /// part:    where the numbers of the part that has the run are kept, one per cut of the dim
  /// weights: of the numbers, one per cut, for weighted(); nullptr if nobody asks
  constexpr run_cursor(dim_cuts const& along, index_t* part, index_t const* weights = nullptr)
      : along_(along), part_(part), weights_(weights) {
    if (along.cuts() != 0) {
      last_part_ = part + along.cuts() - 1;
      last_weight_ = weights == nullptr ? 0 : weights[along.cuts() - 1];
    }
    contiguous_ = true;
    for (cut const& c : along) contiguous_ = contiguous_ && c.kind() == cut_kind::contiguous;
    if (contiguous_ && along.cuts() != 0) first_ = even(*along.begin(), along.extent());
  }

  /// The run begins at this index, 0 <= at < the extent, even if the part has indices before it.
  constexpr void seek(index_t at) {
    offset_ = at;
    if (along_.cuts() == 0) {
      local_ = at;
      end_ = parent_end_ = along_.extent();
    } else if (contiguous_) {
      seek_contiguous(at);
    } else {
      part_index found;
      local_ = along_.locate(at, found);
      for (std::size_t i = 0; i < found.size(); ++i) part_[i] = found[i];
      end_ = parent_end_ = at + along_.run(part_, local_).size;
    }
    weighted_ = 0;
    for (std::size_t i = 0; i < along_.cuts() && weights_ != nullptr; ++i)
      weighted_ += part_[i] * weights_[i];
  }
  /// Goes to the run that begins where this one ends.
  ///   needs: end() < the extent
  constexpr void next() {
    if (end_ == parent_end_) return seek(end_);
    offset_ = end_;
    local_ = 0;
    end_ += last_.size(++*last_part_);
    weighted_ += last_weight_;
  }

  [[nodiscard]] constexpr index_t offset() const noexcept { return offset_; }
  [[nodiscard]] constexpr index_t end() const noexcept { return end_; }
  /// Position, among the part's indices, of one in the run.
  [[nodiscard]] constexpr index_t local(index_t at) const noexcept { return local_ + at - offset_; }
  /// The sum of the part's numbers, each times its weight.
  [[nodiscard]] constexpr index_t weighted() const noexcept { return weighted_; }

 private:
  static constexpr detail::even_parts even(cut const& c, index_t size) {
    return {size, c.tail(), c.parts()};
  }
  constexpr void seek_contiguous(index_t at) {
    index_t offset = 0;
    index_t size = along_.extent();
    index_t* part = part_;
    last_ = first_;
    for (cut const& c : along_) {
      if (part != part_) last_ = even(c, size);
      parent_end_ = offset + size;
      *part = last_.part_of(at - offset);
      offset += last_.offset(*part);
      size = last_.size(*part++);
    }
    local_ = at - offset;
    end_ = offset + size;
  }

  dim_cuts along_;
  index_t* part_ = nullptr;
  index_t* last_part_ = nullptr;
  index_t const* weights_ = nullptr;
  index_t last_weight_ = 0;
  bool contiguous_ = false;
  detail::even_parts first_;  // of the first cut, kept from the constructor,
  detail::even_parts last_;   // and of the last one
  index_t parent_end_ = 0;    // up to where the last cut deals out indices
  index_t offset_ = 0;
  index_t end_ = 0;
  index_t local_ = 0;
  index_t weighted_ = 0;
};

}  // namespace v1
}  // namespace reshard
