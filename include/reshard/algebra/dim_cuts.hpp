#pragma once

#include <reshard/algebra/split.hpp>
#include <reshard/algebra/tensor_map.hpp>

namespace reshard {
inline namespace v1 {

/// Consecutive indices of a dim that one part holds.
///   local: position of the first among the part's indices
struct segment {
  index_t offset = 0;
  index_t size = 0;
  index_t local = 0;

  [[nodiscard]] constexpr index_t end() const noexcept { return offset + size; }
  friend constexpr bool operator==(segment const&, segment const&) = default;
};

/// The numbers that name a part, those of one dim or of all.
using part_index = inplace_vector<index_t, max_cuts>;

/// One dim under its cuts, each of which deals out the indices that the one before left to a part.
/// Refers to the map.
class dim_cuts {
 public:
  /// A dim without cuts and indices.
  constexpr dim_cuts() = default;
  constexpr dim_cuts(tensor_map const& map, std::size_t dim, index_t extent)
      : cuts_(map.cuts().begin() + map.first(dim)),
        count_(map.cuts_of(dim)),
        sizes_(map.sizes().begin() + map.first_size(dim)),
        extent_(extent) {}

  [[nodiscard]] constexpr index_t extent() const noexcept { return extent_; }
  /// Number of cuts.
  [[nodiscard]] constexpr std::size_t cuts() const noexcept { return count_; }
  /// The cuts, the coarsest first.
  [[nodiscard]] constexpr cut const* begin() const noexcept { return cuts_; }
  [[nodiscard]] constexpr cut const* end() const noexcept { return cuts_ + count_; }

  /// The dim under its first cuts only.
  [[nodiscard]] constexpr dim_cuts first_cuts(std::size_t count) const noexcept {
    dim_cuts out = *this;
    out.count_ = count;
    return out;
  }

  /// Every part is one interval.
  [[nodiscard]] constexpr bool is_contiguous() const noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      if (!cuts_[i].is_contiguous()) return false;
    return true;
  }

  /// How many indices before `at` the part has. part: one number per cut of the dim
  ///   cost: O(cuts)
  [[nodiscard]] constexpr index_t below(index_t const* part, index_t at) const {
    index_t const* sizes = sizes_;
    index_t size = extent_;
    for (std::size_t i = 0; i < count_; sizes += cuts_[i++].sizes()) {
      split const s{cuts_[i], sizes, size};
      at = s.below(part[i], at);
      if (i + 1 < count_) size = s.below(part[i], size);
    }
    return at;
  }
  /// How many indices the part has.
  [[nodiscard]] constexpr index_t size(index_t const* part) const { return below(part, extent_); }

  /// Appends the numbers of the part that holds an index; its position among the part's indices.
  ///   cost: O(cuts)
  constexpr index_t locate(index_t at, part_index& part) const {
    index_t const* sizes = sizes_;
    index_t size = extent_;
    for (std::size_t i = 0; i < count_; sizes += cuts_[i++].sizes()) {
      split const s{cuts_[i], sizes, size};
      index_t const p = s.part_of(at);
      at = s.below(p, at);
      if (i + 1 < count_) size = s.below(p, size);
      part.push_back(p);
    }
    return at;
  }

  /// The longest run of consecutive indices of a part from its index number `local` on.
  ///   needs: 0 <= local < size(part)
  ///   cost:  O(cuts), O(runs joined) where a cut is not contiguous
  [[nodiscard]] constexpr interval run(index_t const* part, index_t local) const {
    interval found = run_of_rules(part, local);
    if (is_contiguous()) return found;
    for (index_t const all = size(part); local + found.size < all;) {
      interval const next = run_of_rules(part, local + found.size);
      if (next.offset != found.end()) break;
      found.size += next.size;
    }
    return found;
  }

  /// Calls sink(segment const&) for the maximal runs of a part within a window, ascending.
  ///   cost: O(runs x cuts), nothing outside the window is visited
  template <class Sink>
  constexpr void for_each_segment(index_t const* part, interval window, Sink&& sink) const {
    index_t const end = below(part, window.end());
    for (index_t local = below(part, window.offset); local < end;) {
      interval const found = run(part, local);
      index_t const size = found.size < end - local ? found.size : end - local;
      sink(segment{found.offset, size, local});
      local += size;
    }
  }

 private:
  /// As run, but ends where some rule's run does.
  [[nodiscard]] constexpr interval run_of_rules(index_t const* part, index_t local) const {
    inplace_vector<index_t, max_cuts> ranges;  // what each cut deals out
    index_t size = extent_;
    index_t const* sizes = sizes_;
    for (std::size_t i = 0; i < count_; sizes += cuts_[i++].sizes()) {
      ranges.push_back(size);
      if (i + 1 < count_) size = split{cuts_[i], sizes, size}.below(part[i], size);
    }
    interval found{local, count_ == 0 ? extent_ - local : max_index};
    for (std::size_t i = count_; i-- > 0;) {
      sizes -= cuts_[i].sizes();
      interval const wider = split{cuts_[i], sizes, ranges[i]}.run(part[i], found.offset);
      found = {wider.offset, wider.size < found.size ? wider.size : found.size};
    }
    return found;
  }

  cut const* cuts_ = nullptr;
  std::size_t count_ = 0;
  index_t const* sizes_ = nullptr;
  index_t extent_ = 0;
};

}  // namespace v1
}  // namespace reshard
