#pragma once

#include <reshard/algebra/box.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void box_leaves_its_grid(std::size_t sub_dim, index_t end, index_t size) {
  throw layout_error(errc::box_leaves_its_grid, __func__,
                     {"a box ends at index ", end, " of sub-dim ", sub_dim, ", which has ", size});
}
[[noreturn]] inline void sub_dims_do_not_correspond(std::size_t sub_dim) {
  throw layout_error(errc::sub_dims_do_not_correspond, __func__,
                     {"sub-dim ", sub_dim,
                      " has more than one index, but not exactly one counterpart of its extent"});
}

/// The box that holds a whole tensor or region, with the same extents.
constexpr extents extents_of(box const& region) {
  extents out;
  for (index_t const extent : region.extent()) out.append(extent);
  return out;
}
}  // namespace detail

/// Some elements of a tensor: a region of its dims, whose extents a grid factors, and a box of that
/// grid. Its elements have the row-major order of the sub-dims.
///   example: every second row of a (8, 5) tensor from row 1 on is region {0, 8} x {0, 5}, grid
///            ((4, 2), (5)), part {0, 4} x {1, 1} x {0, 5}
///   throws:  layout_error grid_does_not_factor_the_extent, box_leaves_its_grid
struct grid_box {
  box region_;  // per dim
  grid over_;   // factors the extents of the region
  box part_;    // per sub-dim

  constexpr grid_box() = default;
  /// A box of dims.
  constexpr explicit grid_box(box const& region)
      : grid_box(region, grid{detail::extents_of(region)}, box{detail::extents_of(region)}) {}
  constexpr explicit grid_box(extents const& shape) : grid_box(box{shape}) {}
  constexpr grid_box(box const& region, grid const& over, box const& part)
      : region_(region), over_(over), part_(part) {
    for (std::size_t d = 0; d < region.rank() || d < over.dims(); ++d) {
      index_t const extent = d < region.rank() ? region.extent()[d] : -1;
      index_t const product = d < over.dims() ? product_of(d, 0) : -1;
      if (product != extent) detail::grid_does_not_factor_the_extent(d, extent, product);
    }
    for (std::size_t s = 0; s < over.size() || s < part.rank(); ++s) {
      index_t const size = s < over.size() ? over[s] : 0;
      index_t const end = s < part.rank() ? part[s].end() : size + 1;
      if (end > size || part[s].offset < 0) detail::box_leaves_its_grid(s, end, size);
    }
  }

  [[nodiscard]] constexpr box const& region() const noexcept { return region_; }
  [[nodiscard]] constexpr grid const& over() const noexcept { return over_; }
  [[nodiscard]] constexpr box const& part() const noexcept { return part_; }
  /// Product of the sizes of the sub-dims of a dim behind its first `skipped` ones: what one step
  /// of the sub-dim before them is, in indices of the dim.
  [[nodiscard]] constexpr index_t product_of(std::size_t dim, std::size_t skipped) const {
    index_t product = 1;
    for (std::size_t i = skipped; i < over_.sub_dims(dim); ++i)
      product *= over_[over_.first(dim) + i];
    return product;
  }
  /// Some element has this index of a dim.
  [[nodiscard]] constexpr bool has_index(std::size_t dim, index_t index) const {
    index -= region_[dim].offset;
    if (index < 0 || index >= region_[dim].size) return false;
    for (std::size_t i = over_.sub_dims(dim); i-- > 0;) {
      std::size_t const s = over_.first(dim) + i;
      index_t const digit = index % over_[s];
      if (digit < part_[s].offset || digit >= part_[s].end()) return false;
      index /= over_[s];
    }
    return true;
  }
  /// Every dim is its own sub-dim, so that the elements are a box of dims.
  [[nodiscard]] constexpr bool is_plain() const noexcept {
    for (std::size_t d = 0; d < over_.dims(); ++d)
      if (over_.sub_dims(d) != 1) return false;
    return true;
  }

  friend constexpr bool operator==(grid_box const&, grid_box const&) = default;
};

/// Elements of one tensor that are elements of another one, with their sub-dims permuted.
///   along: per sub-dim of `from` the sub-dim of `to` that it runs along, or `fixed` for one index
///   law:   to.part and from.part have equal extents along corresponding sub-dims, and 1 elsewhere
///   throws: layout_error sub_dims_do_not_correspond
struct box_view {
  /// A sub-dim of `from` that no sub-dim of `to` runs along.
  static constexpr std::uint8_t fixed = 255;
  using sub_dim_list = inplace_vector<std::uint8_t, max_grid>;

  grid_box to_;
  grid_box from_;
  sub_dim_list along_;

  constexpr box_view() = default;
  constexpr box_view(grid_box const& to, grid_box const& from, sub_dim_list const& along)
      : to_(to), from_(from), along_(along) {
    require_correspondence();
  }
  /// Sub-dims correspond in order.
  constexpr box_view(grid_box const& to, grid_box const& from) : to_(to), from_(from) {
    for (std::size_t s = 0; s < from.over().size(); ++s)
      along_.push_back(static_cast<std::uint8_t>(s));
    require_correspondence();
  }

  [[nodiscard]] constexpr grid_box const& to() const noexcept { return to_; }
  [[nodiscard]] constexpr grid_box const& from() const noexcept { return from_; }
  [[nodiscard]] constexpr sub_dim_list const& along() const noexcept { return along_; }
  [[nodiscard]] constexpr index_t elements() const noexcept { return to_.part().elements(); }

  /// Both ends are boxes of dims, and the dims keep their order: concat, stack, slice, rename.
  [[nodiscard]] constexpr bool is_plain() const noexcept {
    if (!to_.is_plain() || !from_.is_plain()) return false;
    std::size_t next = 0;
    for (std::uint8_t const sub_dim : along_) {
      if (sub_dim == fixed) continue;
      if (sub_dim < next) return false;
      next = sub_dim + std::size_t{1};
    }
    return true;
  }

  /// The box of from's sub-dims that a box of to's sub-dims is; it lies within to.part.
  [[nodiscard]] constexpr box from_part(box const& part) const {
    box out;
    for (std::size_t s = 0; s < along_.size(); ++s) {
      index_t const first = from_.part()[s].offset;
      if (along_[s] == fixed) {
        out.push_back({first, 1});
      } else {
        interval const here = part[along_[s]];
        out.push_back({first + here.offset - to_.part()[along_[s]].offset, here.size});
      }
    }
    return out;
  }

  friend constexpr bool operator==(box_view const&, box_view const&) = default;

 private:
  constexpr void require_correspondence() const {
    if (along_.size() != from_.over().size()) detail::sub_dims_do_not_correspond(along_.size());
    for (std::size_t t = 0; t < to_.over().size(); ++t) {
      std::size_t users = 0;
      for (std::uint8_t const sub_dim : along_) users += sub_dim == t ? 1 : 0;
      if (users > 1 || (users == 0 && to_.part()[t].size != 1))
        detail::sub_dims_do_not_correspond(t);
    }
    for (std::size_t s = 0; s < along_.size(); ++s) {
      bool const none = along_[s] == fixed;
      if (!none && along_[s] >= to_.over().size()) detail::sub_dims_do_not_correspond(s);
      if (from_.part()[s].size != (none ? 1 : to_.part()[along_[s]].size))
        detail::sub_dims_do_not_correspond(s);
    }
  }
};

/// A view on one of several tensors. A tensor is the sum of such terms when they partition it.
struct view_term {
  std::size_t stored = 0;  ///< which one
  box_view view;

  friend constexpr bool operator==(view_term const&, view_term const&) = default;
};

/// The same view from the other end.
[[nodiscard]] constexpr box_view inverse(box_view const& view) {
  box_view::sub_dim_list along(view.to().over().size(), box_view::fixed);
  for (std::size_t s = 0; s < view.along().size(); ++s)
    if (view.along()[s] != box_view::fixed) along[view.along()[s]] = static_cast<std::uint8_t>(s);
  return {view.from(), view.to(), along};
}

namespace detail {
/// The box of dims that a plain grid_box is.
constexpr box plain_box(grid_box const& plain) {
  box out;
  for (std::size_t d = 0; d < plain.part().rank(); ++d)
    out.push_back({plain.region()[d].offset + plain.part()[d].offset, plain.part()[d].size});
  return out;
}

/// Walks the boxes of sub-dims that make up a box of dims.
template <class Sink> class factored_walk {
 public:
  constexpr factored_walk(grid_box const& within, box const& wanted, Sink& sink)
      : within_(within), wanted_(wanted), sink_(sink) {}

  constexpr void dim(std::size_t d) {
    if (d == wanted_.rank()) return sink_(static_cast<box const&>(met_));
    interval const along = intersection(wanted_[d], within_.region()[d]);
    if (along.size > 0) sub_dims(d, 0, {along.offset - within_.region()[d].offset, along.size});
  }

 private:
  /// `along` counts in the row-major product of the sub-dims of `d` from number `level` on.
  constexpr void sub_dims(std::size_t d, std::size_t level, interval along) {
    grid const& over = within_.over();
    if (level == over.sub_dims(d)) return dim(d + 1);
    index_t const step = within_.product_of(d, level + 1);
    index_t first = along.offset / step;
    index_t const head = along.offset - first * step;
    if (head > 0) {
      index_t const size = along.size < step - head ? along.size : step - head;
      one(d, level, first++, {head, size});
    }
    index_t const last = along.end() / step;
    if (first < last) some(d, level, {first, last - first}, {0, step});
    if (first <= last && along.end() > last * step)
      one(d, level, last, {0, along.end() - last * step});
  }
  constexpr void one(std::size_t d, std::size_t level, index_t at, interval inner) {
    some(d, level, {at, 1}, inner);
  }
  constexpr void some(std::size_t d, std::size_t level, interval here, interval inner) {
    here = intersection(here, within_.part()[within_.over().first(d) + level]);
    if (here.size == 0) return;
    met_.push_back(here);
    sub_dims(d, level + 1, inner);
    met_.pop_back();
  }

  grid_box const& within_;
  box const& wanted_;
  Sink& sink_;
  box met_;
};
}  // namespace detail

/// Calls sink(box const&) for boxes of sub-dims that partition the elements of `within` which lie
/// in a box of dims.
///   cost: at most 2k - 1 boxes per dim of k sub-dims, multiplied over the dims; no allocation
template <class Sink>
constexpr void for_each_factored_box(grid_box const& within, box const& wanted, Sink&& sink) {
  if (within.part().elements() == 0) return;
  detail::factored_walk<Sink> walk{within, wanted, sink};
  walk.dim(0);
}

/// Where an element of the one tensor lies in the other one, both per dim; empty lists if the view
/// does not have it.
///   found: whether it does
struct viewed_element {
  bool found = false;
  grid_index at;
};
[[nodiscard]] constexpr viewed_element source_of(box_view const& view, grid_index const& element) {
  box one;
  for (index_t const index : element) one.push_back({index, 1});
  viewed_element out;
  for_each_factored_box(view.to(), one, [&](box const& part) {
    box const from = view.from_part(part);
    out.found = true;
    for (std::size_t d = 0, s = 0; d < view.from().over().dims(); ++d) {
      index_t index = 0;
      for (std::size_t i = 0; i < view.from().over().sub_dims(d); ++i, ++s)
        index = index * view.from().over()[s] + from.offset()[s];
      out.at.push_back(view.from().region()[d].offset + index);
    }
  });
  return out;
}

}  // namespace v1
}  // namespace reshard
