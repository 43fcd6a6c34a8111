#pragma once

#include <reshard/algebra/cut.hpp>

namespace reshard {
inline namespace v1 {

/// A range of indices [0, size) under one cut: which part has which of them. The order of a part's
/// indices is that of the range.
///   law:  the parts partition the range; below(p, size()) is the number of indices of part p
///   cost: O(1); O(stated sizes) where sizes are stated
class split {
 public:
  /// sizes: those that the rule states, in somebody's tensor map
  constexpr split(cut const& by, index_t const* sizes, index_t size)
      : by_(&by), sizes_(sizes), size_(size) {}

  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }

  /// The part that holds an index.
  [[nodiscard]] constexpr index_t part_of(index_t at) const {
    switch (by_->kind()) {
      case cut_kind::contiguous:
        return part_at({0, size_}, by_->tail(), by_->parts(), at);
      case cut_kind::listed:
        return listed_at(at);
      case cut_kind::cyclic:
        return at / by_->block() % by_->parts();
      default:
        return part_at(section(section_at(at)), by_->tail(), by_->parts(), at);
    }
  }
  /// How many indices before `at` a part has, 0 <= at <= size().
  [[nodiscard]] constexpr index_t below(index_t part, index_t at) const {
    switch (by_->kind()) {
      case cut_kind::contiguous:
      case cut_kind::listed:
        return clamped(at, contiguous(part));
      case cut_kind::cyclic: {
        // whole blocks before `at`; no product of blocks and parts, which may overflow
        index_t const blocks = at / by_->block();
        index_t const turn = blocks % by_->parts();
        index_t const started = part == turn ? at % by_->block() : part < turn ? by_->block() : 0;
        return blocks / by_->parts() * by_->block() + started;
      }
      default: {
        if (at == 0) return 0;
        index_t const last = section_at(at - 1);
        return below_section(part, last) + clamped(at, in_section(last, part));
      }
    }
  }
  /// The longest run of consecutive indices of a part that this rule makes, from its index number
  /// `local` on.
  [[nodiscard]] constexpr interval run(index_t part, index_t local) const {
    if (by_->parts() == 1) return from({0, size_}, local);  // blocks and sections touch
    switch (by_->kind()) {
      case cut_kind::contiguous:
      case cut_kind::listed:
        return from(contiguous(part), local);
      case cut_kind::cyclic: {
        index_t const turn = local / by_->block();
        index_t const offset = (turn * by_->parts() + part) * by_->block();
        index_t const left = size_ > offset ? size_ - offset : 0;
        return from({offset, left < by_->block() ? left : by_->block()},
                    local - turn * by_->block());
      }
      default: {
        index_t before = 0;
        index_t const s = section_of_local(part, local, before);
        return from(in_section(s, part), local - before);
      }
    }
  }

 private:
  static constexpr index_t clamped(index_t at, interval within) noexcept {
    return at <= within.offset ? 0 : at >= within.end() ? within.size : at - within.offset;
  }
  static constexpr interval from(interval whole, index_t local) noexcept {
    return {whole.offset + local, whole.size - local};
  }

  [[nodiscard]] constexpr interval contiguous(index_t part) const {
    return by_->kind() == cut_kind::listed
               ? stated(part)
               : part_interval({0, size_}, by_->tail(), by_->parts(), part);
  }
  [[nodiscard]] constexpr interval stated(index_t i) const {
    index_t offset = 0;
    for (index_t k = 0; k < i; ++k) offset += sizes_[k];
    return {offset, sizes_[i]};
  }
  [[nodiscard]] constexpr index_t listed_at(index_t at) const {
    index_t i = 0;
    for (index_t end = sizes_[0]; at >= end; end += sizes_[i]) ++i;
    return i;
  }

  [[nodiscard]] constexpr interval section(index_t s) const {
    return by_->block() == 0 ? stated(s) : part_interval({0, size_}, by_->tail(), by_->block(), s);
  }
  [[nodiscard]] constexpr index_t section_at(index_t at) const {
    return by_->block() == 0 ? listed_at(at) : part_at({0, size_}, by_->tail(), by_->block(), at);
  }
  [[nodiscard]] constexpr interval in_section(index_t s, index_t part) const {
    return part_interval(section(s), by_->tail(), by_->parts(), part);
  }
  /// How many sections have the size of the first.
  [[nodiscard]] constexpr index_t leading_equal_sections() const {
    index_t const count = by_->block();
    if (by_->tail() == tail_rule::balanced) return size_ % count == 0 ? count : size_ % count;
    return size_ == 0 ? count : size_ / section(0).size;
  }
  /// How many indices a part has in the sections before `s`.
  [[nodiscard]] constexpr index_t below_section(index_t part, index_t s) const {
    index_t sum = 0;
    if (by_->block() == 0) {
      for (index_t k = 0; k < s; ++k) sum += in_section(k, part).size;
      return sum;
    }
    index_t const equal = leading_equal_sections();
    sum += (s < equal ? s : equal) * in_section(0, part).size;
    if (s <= equal) return sum;
    // behind them: balanced sections of one size, or one shorter section and empty ones
    index_t const others = by_->tail() == tail_rule::balanced ? s - equal : 1;
    sum += others * in_section(equal, part).size;
    return sum;
  }
  /// The section that has the part's index number `local`; `before`: how many come before it.
  [[nodiscard]] constexpr index_t section_of_local(index_t part, index_t local,
                                                   index_t& before) const {
    index_t const sections = by_->block() == 0 ? static_cast<index_t>(by_->sizes()) : by_->block();
    index_t low = 0;  // the last section with below_section(low) <= local
    for (index_t high = sections; high - low > 1;) {
      index_t const middle = low + (high - low) / 2;
      (below_section(part, middle) <= local ? low : high) = middle;
    }
    before = below_section(part, low);
    return low;
  }

  cut const* by_;
  index_t const* sizes_;
  index_t size_;
};

}  // namespace v1
}  // namespace reshard
