#pragma once

#include <reshard/algebra/flat_interval.hpp>
#include <reshard/plan/transfers.hpp>

#include <algorithm>
#include <vector>

namespace reshard {
inline namespace v1 {

/// What a device stores of a tensor: which box, and where in the device's storage, in elements.
struct stated_piece {
  index_t device = 0;
  piece what;

  friend constexpr bool operator==(stated_piece const&, stated_piece const&) = default;
};

/// A strided copy between two pieces of one box: `from` counts in the storage of the source, `to`
/// in that of the destination. source == destination is a local copy.
struct piece_transfer {
  index_t source = 0;
  index_t destination = 0;
  piece from;
  piece to;

  [[nodiscard]] constexpr index_t elements() const noexcept { return from.where().elements(); }
  friend constexpr bool operator==(piece_transfer const&, piece_transfer const&) = default;
};

namespace detail {
[[noreturn]] inline void pieces_overlap(piece const& a, piece const& b) {
  throw plan_error(errc::pieces_overlap, __func__,
                   {printed(a.where()).c_str(), " and ", printed(b.where()).c_str(),
                    ": pieces are copies on different devices, or have no element in common"});
}
[[noreturn]] inline void pieces_leave_elements_out(index_t held, index_t elements) {
  throw plan_error(errc::pieces_leave_elements_out, __func__,
                   {"the pieces have ", held, " of ", elements, " elements"});
}
[[noreturn]] inline void piece_has_no_present_holder(piece const& needed) {
  throw plan_error(errc::piece_has_no_present_holder, __func__,
                   {"no device that holds ", printed(needed.where()).c_str(), " is present"});
}
[[noreturn]] inline void global_shapes_differ(extents const& from, extents const& to) {
  throw plan_error(errc::global_shapes_differ, __func__,
                   {"from ", printed(from).c_str(), " to ", printed(to).c_str()});
}

/// The part of a piece that lies in a box.
constexpr piece part_of(piece const& whole, box const& within) {
  piece out = whole;
  out.where_ = intersection(whole.where(), within);
  if (out.where_.elements() > 0) out.base_ = whole.address(out.where_.offset());
  return out;
}
}  // namespace detail

/// Where a tensor lives when no rule says so: a list of pieces, as a manifest has them (torch's
/// distributed checkpoints), flattened and ragged shards (ZeRO, FSDP), or the pieces of a layout.
/// Equal boxes on several devices are copies.
///   throws: layout_error box_leaves_its_grid, map_length_differs_from_rank;
///           plan_error pieces_overlap, pieces_leave_elements_out
///   cost:   O(n log n) and, per piece, those that begin within its range of one dim
class piece_table {
 public:
  constexpr piece_table(extents const& shape, std::vector<stated_piece> pieces)
      : shape_(shape), pieces_(std::move(pieces)) {
    for (stated_piece const& p : pieces_) require_within(p.what.where());
    std::erase_if(pieces_, [](stated_piece const& p) { return p.what.where().elements() == 0; });
    along_ = dim_with_most_offsets();
    std::sort(pieces_.begin(), pieces_.end(),
              [&](auto const& a, auto const& b) { return is_before(a, b); });
    index_t reach = 0;
    for (stated_piece const& p : pieces_)
      reach_.push_back(reach = std::max(reach, end_of(p.what.where())));
    require_partition();
  }
  /// All pieces of a layout.
  constexpr explicit piece_table(layout const& l) : piece_table(l.shape(), pieces_of(l)) {}

  [[nodiscard]] constexpr extents const& shape() const noexcept { return shape_; }
  /// Ordered by where they begin; copies stand together, their devices ascend.
  [[nodiscard]] constexpr std::vector<stated_piece> const& pieces() const noexcept {
    return pieces_;
  }

  /// Calls sink(first, last) for the copies of every piece that has elements of a box.
  ///   cost: O(log n + pieces that begin within the range of the box along one dim)
  template <class Sink> constexpr void for_each_meeting(box const& wanted, Sink&& sink) const {
    if (wanted.elements() == 0) return;
    auto const first = std::upper_bound(reach_.begin(), reach_.end(), begin_of(wanted));
    auto at = pieces_.begin() + (first - reach_.begin());
    while (at != pieces_.end() && begin_of(at->what.where()) < end_of(wanted)) {
      auto const last = end_of_copies(at);
      if (intersection(at->what.where(), wanted).elements() > 0) sink(at, last);
      at = last;
    }
  }

 private:
  using iterator = std::vector<stated_piece>::const_iterator;

  static constexpr std::vector<stated_piece> pieces_of(layout const& l) {
    std::vector<stated_piece> out;
    for (index_t device = 0; device < l.devices().devices(); ++device)
      l.for_each_piece(device, [&](piece const& p, grid_index const&) {
        out.push_back({device, p});
      });
    return out;
  }

  constexpr void require_within(box const& b) const {
    if (b.rank() != shape_.rank()) detail::map_length_differs_from_rank(b.rank(), shape_.rank());
    for (std::size_t d = 0; d < b.rank(); ++d)
      if (b[d].offset < 0 || b[d].size < 0 || b[d].size > shape_[d] - b[d].offset)
        detail::box_leaves_its_grid(d, b[d].end(), shape_[d]);
  }

  /// In that dim a lookup meets the fewest pieces in vain.
  [[nodiscard]] constexpr std::size_t dim_with_most_offsets() const {
    std::size_t best = 0;
    std::ptrdiff_t most = 0;
    for (std::size_t d = 0; d < shape_.rank(); ++d) {
      std::vector<index_t> offsets;
      for (stated_piece const& p : pieces_) offsets.push_back(p.what.where()[d].offset);
      std::sort(offsets.begin(), offsets.end());
      auto const different = std::unique(offsets.begin(), offsets.end()) - offsets.begin();
      if (different > most) best = d, most = different;
    }
    return best;
  }
  [[nodiscard]] constexpr index_t begin_of(box const& b) const {
    return b.rank() == 0 ? 0 : b[along_].offset;
  }
  [[nodiscard]] constexpr index_t end_of(box const& b) const {
    return b.rank() == 0 ? 1 : b[along_].end();
  }
  [[nodiscard]] constexpr bool is_before(stated_piece const& a, stated_piece const& b) const {
    box const& x = a.what.where();
    box const& y = b.what.where();
    if (begin_of(x) != begin_of(y)) return begin_of(x) < begin_of(y);
    for (std::size_t d = 0; d < x.rank(); ++d) {
      if (x[d].offset != y[d].offset) return x[d].offset < y[d].offset;
      if (x[d].size != y[d].size) return x[d].size < y[d].size;
    }
    return a.device < b.device;
  }
  [[nodiscard]] constexpr iterator end_of_copies(iterator first) const {
    iterator last = first;
    while (last != pieces_.end() && last->what.where() == first->what.where()) ++last;
    return last;
  }

  constexpr void require_partition() const {
    index_t held = 0;
    for (iterator first = pieces_.begin(); first != pieces_.end();) {
      iterator const last = end_of_copies(first);
      held += first->what.where().elements();
      for (iterator copy = first; copy + 1 != last; ++copy)
        if (copy->device == (copy + 1)->device)
          detail::pieces_overlap(copy->what, (copy + 1)->what);
      for (iterator next = last;
           next != pieces_.end() && begin_of(next->what.where()) < end_of(first->what.where());
           ++next)
        if (intersection(first->what.where(), next->what.where()).elements() > 0)
          detail::pieces_overlap(first->what, next->what);
      first = last;
    }
    if (held != shape_.elements()) detail::pieces_leave_elements_out(held, shape_.elements());
  }

  extents shape_;
  std::vector<stated_piece> pieces_;
  std::vector<index_t> reach_;  // where pieces up to this one end at most
  std::size_t along_ = 0;
};

/// The table of flat shards: device i has the sizes[i] elements, numbered row-major, that follow
/// those of device i - 1.
///   throws: layout_error extent_is_negative, stated_sizes_do_not_fill_the_dim
template <class Sizes>
[[nodiscard]] constexpr piece_table flat_shards(extents const& shape, Sizes const& sizes) {
  std::vector<stated_piece> pieces;
  interval held;
  index_t device = 0;
  for (index_t const size : sizes) {
    if (size < 0) detail::extent_is_negative(0, size);
    if (size > shape.elements() - held.end())
      detail::stated_sizes_do_not_fill_the_dim(0, detail::saturated_sum(held.end(), size),
                                               shape.elements());
    held = {held.end(), size};
    for_each_flat_piece(shape, 0, held, [&](piece const& p) { pieces.push_back({device, p}); });
    ++device;
  }
  if (held.end() != shape.elements())
    detail::stated_sizes_do_not_fill_the_dim(0, held.end(), shape.elements());
  return {shape, std::move(pieces)};
}

/// Calls sink(piece_transfer const&) for everything that a destination device needs: one transfer
/// per non-empty intersection of its pieces with a piece of the source. The device itself serves
/// if it has a copy, else the lowest present one.
///   present: device -> bool
///   throws:  plan_error global_shapes_differ, piece_has_no_present_holder
///   cost:    O(pieces of the table + log n + pieces met), streamed
template <class Sink, class Present = all_present>
constexpr void for_each_transfer(piece_table const& from, piece_table const& to, index_t device,
                                 Sink&& sink, Present const& present = {}) {
  if (from.shape() != to.shape()) detail::global_shapes_differ(from.shape(), to.shape());
  for (stated_piece const& wanted : to.pieces()) {
    if (wanted.device != device) continue;
    from.for_each_meeting(wanted.what.where(), [&](auto first, auto last) {
      auto serving = last;
      for (auto at = first; at != last; ++at)
        if (present(at->device) && (serving == last || at->device == device)) serving = at;
      if (serving == last) detail::piece_has_no_present_holder(first->what);
      piece const have = detail::part_of(serving->what, wanted.what.where());
      sink(piece_transfer{serving->device, device, have,
                          detail::part_of(wanted.what, have.where())});
    });
  }
}

}  // namespace v1
}  // namespace reshard
