#pragma once

#include <reshard/algebra/text.hpp>

namespace reshard {
inline namespace v1 {

/// What becomes of an extent that does not divide into its parts.
///   exact:    an error when the layout is made
///   ceil:     parts of ceil(size / parts), the last ones shorter or empty (torch.chunk)
///   balanced: the first size % parts parts are one longer (numpy.array_split)
enum class tail_rule : std::uint8_t { exact, ceil, balanced };

/// Indices [offset, offset + size).
struct interval {
  index_t offset = 0;
  index_t size = 0;

  [[nodiscard]] constexpr index_t end() const noexcept { return offset + size; }
  friend constexpr bool operator==(interval const&, interval const&) = default;
};

[[nodiscard]] constexpr interval intersection(interval a, interval b) noexcept {
  index_t const first = a.offset > b.offset ? a.offset : b.offset;
  index_t const last = a.end() < b.end() ? a.end() : b.end();
  return {first, last > first ? last - first : 0};
}

/// Part `i` of `parts` of `whole`. Empty parts lie at the end of the whole.
///   law:  parts 0 .. parts-1 follow one another and fill the whole
///   cost: O(1)
[[nodiscard]] constexpr interval part_interval(interval whole, tail_rule tail, index_t parts,
                                               index_t i) noexcept {
  if (tail == tail_rule::balanced) {
    index_t const least = whole.size / parts;
    index_t const longer = whole.size % parts;
    return {whole.offset + i * least + (i < longer ? i : longer), least + (i < longer ? 1 : 0)};
  }
  index_t const step = whole.size / parts + (whole.size % parts != 0 ? 1 : 0);
  // i * step may pass the end of the whole, but not overflow: i * step < size + parts
  index_t const first = i * step < whole.size ? i * step : whole.size;
  index_t const left = whole.size - first;
  return {whole.offset + first, left < step ? left : step};
}

/// The part that holds index `at` of a non-empty whole: part_interval(whole, tail, parts, result)
/// contains `at`.
///   cost: O(1)
[[nodiscard]] constexpr index_t part_at(interval whole, tail_rule tail, index_t parts,
                                        index_t at) noexcept {
  index_t const x = at - whole.offset;
  if (tail == tail_rule::balanced) {
    index_t const least = whole.size / parts;
    index_t const longer = whole.size % parts;
    index_t const end_of_longer = longer * least + longer;  // least + 1 may be past the last number
    if (x < end_of_longer) return x / (least + 1);
    return longer + (x - end_of_longer) / least;
  }
  return x / (whole.size / parts + (whole.size % parts != 0 ? 1 : 0));
}

}  // namespace v1
}  // namespace reshard
