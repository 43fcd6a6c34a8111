#pragma once

#include <reshard/algebra/digit.hpp>
#include <reshard/algebra/tail_rule.hpp>

namespace reshard {
inline namespace v1 {

/// Most sizes that the rules of one tensor map may state.
inline constexpr std::size_t max_sizes = 16;

/// Sizes that a rule states one by one.
using size_list = inplace_vector<index_t, max_sizes>;

/// How a range of indices is dealt out to parts.
///   contiguous: part i is one interval, sized by the tail rule
///   listed:     part i is one interval, its size is stated
///   cyclic:     blocks of a stated size are dealt out in turn; the last one may be shorter
///   sections:   the range is first cut into sections, then every section into the parts; a part
///               holds its share of each section
enum class cut_kind : std::uint8_t { contiguous, listed, cyclic, sections };

namespace detail {
[[noreturn]] inline void block_is_not_positive(index_t block) {
  throw layout_error(errc::block_is_not_positive, __func__, {"blocks of ", block, " indices"});
}
constexpr index_t require_block(index_t block) {
  if (block < 1) block_is_not_positive(block);
  return block;
}
}  // namespace detail

/// The rule of a cut, before it stands in a tensor map. A tail_rule is one.
///   throws: layout_error block_is_not_positive, too_many_entries
struct cut_rule {
  cut_kind kind_ = cut_kind::contiguous;
  tail_rule tail_ = tail_rule::exact;
  index_t block_ = 0;  // cyclic: indices per block; sections: their number, 0 if sizes are stated
  size_list sizes_;

  constexpr cut_rule() = default;
  constexpr cut_rule(tail_rule tail) : tail_(tail) {}  // every tail_rule is a cut_rule

  /// One interval per part, of these sizes; 0 is legal.
  static constexpr cut_rule parts(size_list const& sizes) {
    return {cut_kind::listed, tail_rule::exact, 0, sizes};
  }
  /// ScaLAPACK's block-cyclic distribution: block k goes to part k % parts.
  static constexpr cut_rule cyclic(index_t block) {
    return {cut_kind::cyclic, tail_rule::exact, detail::require_block(block), {}};
  }
  /// Sections of these sizes, each cut exactly: fused q/k/v is sections({q, k, v}).
  static constexpr cut_rule sections(size_list const& sizes) {
    return {cut_kind::sections, tail_rule::exact, 0, sizes};
  }
  /// Else {n} would be a count.
  static constexpr cut_rule sections(std::initializer_list<index_t> sizes) {
    return sections(size_list(sizes));
  }
  /// Sections that the tail rule makes, each cut by it; torch's _StridedShard(dim, count) has ceil.
  static constexpr cut_rule sections(index_t count, tail_rule tail = tail_rule::exact) {
    return {cut_kind::sections, tail, detail::require_block(count), {}};
  }

  friend constexpr bool operator==(cut_rule const&, cut_rule const&) = default;

 private:
  constexpr cut_rule(cut_kind kind, tail_rule tail, index_t block, size_list const& sizes)
      : kind_(kind), tail_(tail), block_(block), sizes_(sizes) {}
};

/// One cut of a dim into digit.modulo() parts; each device holds the part that its digit names.
/// The sizes that its rule states stand in the tensor map.
struct cut {
  digit by_;
  index_t block_ = 0;
  cut_kind kind_ = cut_kind::contiguous;
  tail_rule tail_ = tail_rule::exact;
  std::uint8_t sizes_ = 0;

  constexpr cut() = default;
  constexpr cut(digit const& by, cut_rule const& rule)
      : by_(by),
        block_(rule.block_),
        kind_(rule.kind_),
        tail_(rule.tail_),
        sizes_(static_cast<std::uint8_t>(rule.sizes_.size())) {}

  [[nodiscard]] constexpr digit const& by() const noexcept { return by_; }
  [[nodiscard]] constexpr cut_kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr tail_rule tail() const noexcept { return tail_; }
  /// cyclic: indices per block. sections: their number, 0 if their sizes are stated.
  [[nodiscard]] constexpr index_t block() const noexcept { return block_; }
  /// How many sizes the rule states.
  [[nodiscard]] constexpr std::size_t sizes() const noexcept { return sizes_; }
  [[nodiscard]] constexpr index_t parts() const noexcept { return by_.modulo(); }
  /// Every part is one interval.
  [[nodiscard]] constexpr bool is_contiguous() const noexcept {
    return kind_ == cut_kind::contiguous || kind_ == cut_kind::listed || parts() == 1;
  }

  friend constexpr bool operator==(cut const&, cut const&) = default;
};

}  // namespace v1
}  // namespace reshard
