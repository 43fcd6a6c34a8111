#pragma once

#include <reshard/algebra/box_view.hpp>
#include <reshard/checkpoint/remap_rule.hpp>

#include <optional>

namespace reshard {
inline namespace v1 {

/// Sizes of the axes of a rule, and for axes that have one index only, which one.
struct axis_values {
  static constexpr index_t unknown = -1;
  std::vector<index_t> sizes;  ///< per axis; unknown = not yet
  std::vector<index_t> fixed;  ///< per axis; unknown = all indices
};

namespace detail {

/// A sub-dim to be: which part of it belongs to a block, and along which axis.
struct placed_level {
  static constexpr std::size_t no_axis = SIZE_MAX;
  index_t extent = 1;
  interval part{0, 1};
  std::size_t axis = no_axis;

  [[nodiscard]] bool is_whole() const noexcept { return part.size == extent; }
};

/// A dim of one side of a block: a region and its sub-dims.
struct placed_dim {
  index_t offset = 0;
  std::vector<placed_level> levels;
};

/// Places the blocks of a rule with known sizes.
class level_placer {
 public:
  explicit level_placer(axis_values const& values) : values_(values) {}

  /// The dim; if a sum cuts sub-dims that do not divide it, the axis before it that must be fixed
  /// first is in `blocked`.
  std::optional<placed_dim> place(level_list levels, std::size_t& blocked) const {
    placed_dim out;
    peel(levels, out.offset);
    if (!flatten(levels, out.levels)) {
      blocked = levels.front().axis;
      return std::nullopt;
    }
    return out;
  }

 private:
  [[nodiscard]] bool is_one_index(std::size_t axis) const {
    return values_.fixed[axis] != axis_values::unknown || values_.sizes[axis] == 1;
  }
  [[nodiscard]] index_t index_of(std::size_t axis) const {
    return std::max<index_t>(0, values_.fixed[axis]);
  }
  [[nodiscard]] index_t extent_of(block_level const& level) const {
    return level.sum == nullptr ? values_.sizes[level.axis] : size_of(*level.sum, values_.sizes);
  }
  [[nodiscard]] index_t offset_of(block_level const& level) const {
    index_t offset = 0;
    for (std::size_t i = 0; i < level.term; ++i)
      offset += size_of(level.sum->parts[i], values_.sizes);
    return offset;
  }

  /// What comes before everything else is where the region begins.
  void peel(level_list& levels, index_t& offset) const {
    while (!levels.empty()) {
      block_level const first = levels.front();
      bool const is_sum = first.sum != nullptr;
      if (!is_sum && !is_one_index(first.axis)) return;
      index_t rest = 1;
      for (std::size_t i = 1; i < levels.size(); ++i) rest *= extent_of(levels[i]);
      offset += (is_sum ? offset_of(first) : index_of(first.axis)) * rest;
      levels.erase(levels.begin());
      if (is_sum) levels.insert(levels.begin(), first.inner.begin(), first.inner.end());
    }
  }

  bool flatten(level_list const& levels, std::vector<placed_level>& out) const {
    for (block_level const& level : levels) {
      index_t const extent = extent_of(level);
      if (level.sum == nullptr) {
        bool const one = is_one_index(level.axis);
        out.push_back({extent, one ? interval{index_of(level.axis), 1} : interval{0, extent},
                       one ? placed_level::no_axis : level.axis});
        continue;
      }
      std::vector<placed_level> inner;
      if (!flatten(level.inner, inner)) return false;
      index_t rest = 1;
      for (std::size_t i = 1; i < inner.size(); ++i) rest *= inner[i].extent;
      index_t const offset = offset_of(level);
      if (rest == 0 || extent % rest != 0 || offset % rest != 0) return false;
      inner.front().extent = extent / rest;
      inner.front().part.offset += offset / rest;
      out.insert(out.end(), inner.begin(), inner.end());
    }
    return true;
  }

  axis_values const& values_;
};

using placed_dims = std::vector<placed_dim>;

/// Joins neighbouring sub-dims that are neighbours on the other side too.
inline void join_levels(placed_dims& to, placed_dims& from) {
  auto const neighbours = [](placed_dims& side, std::size_t a, std::size_t b) {
    for (placed_dim& d : side)
      for (std::size_t i = 0; i + 1 < d.levels.size(); ++i)
        if (d.levels[i].axis == a && d.levels[i + 1].axis == b && d.levels[i + 1].is_whole())
          return std::pair{&d, i};
    return std::pair{static_cast<placed_dim*>(nullptr), std::size_t{0}};
  };
  auto const join = [](placed_dim& d, std::size_t i) {
    placed_level& outer = d.levels[i];
    index_t const inner = d.levels[i + 1].extent;
    outer = {
        outer.extent * inner, {outer.part.offset * inner, outer.part.size * inner}, outer.axis};
    d.levels.erase(d.levels.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  };
  for (placed_dim& d : to)
    for (std::size_t i = 0; i + 1 < d.levels.size();) {
      std::size_t const a = d.levels[i].axis;
      std::size_t const b = d.levels[i + 1].axis;
      bool const axes = a != placed_level::no_axis && b != placed_level::no_axis;
      auto const there = neighbours(from, a, b);
      if (axes && d.levels[i + 1].is_whole() && there.first != nullptr) {
        join(*there.first, there.second);
        join(d, i);
      } else {
        ++i;
      }
    }
}

inline grid_box box_of(placed_dims const& dims) {
  box region;
  grid over;
  box part;
  for (placed_dim const& d : dims) {
    inplace_vector<index_t, max_grid> sizes;
    index_t extent = 1;
    for (placed_level const& level : d.levels) {
      sizes.push_back(level.extent);
      part.push_back(level.part);
      extent *= level.extent;
    }
    if (sizes.size() == 0) {
      sizes.push_back(1);
      part.push_back({0, 1});
    }
    over.append_dim(sizes);
    region.push_back({d.offset, extent});
  }
  return {region, over, part};
}

inline std::vector<std::size_t> axes_of(placed_dims const& dims) {
  std::vector<std::size_t> out;
  for (placed_dim const& d : dims) {
    for (placed_level const& level : d.levels) out.push_back(level.axis);
    if (d.levels.empty()) out.push_back(placed_level::no_axis);
  }
  return out;
}

inline box_view view_between(placed_dims to, placed_dims from) {
  join_levels(to, from);
  std::vector<std::size_t> const to_axes = axes_of(to);
  box_view::sub_dim_list along;
  for (std::size_t const axis : axes_of(from)) {
    auto const at = std::find(to_axes.begin(), to_axes.end(), axis);
    along.push_back(axis == placed_level::no_axis
                        ? box_view::fixed
                        : static_cast<std::uint8_t>(at - to_axes.begin()));
  }
  return {box_of(to), box_of(from), along};
}
}  // namespace detail

/// Calls sink(box_view) for views that make up a block: one, or one per index of outer axes where a
/// sum cuts a dim so that it is no grid.
///   cost: O(sub-dims) per view
template <class Sink>
void for_each_block_view(block_place const& to, block_place const& from, axis_values const& values,
                         Sink const& sink) {
  detail::level_placer const placer{values};
  detail::placed_dims sides[2];
  for (std::size_t s = 0; s < 2; ++s)
    for (detail::level_list const& levels : (s == 0 ? to : from).dims) {
      std::size_t blocked = 0;
      std::optional<detail::placed_dim> dim = placer.place(levels, blocked);
      if (dim) {
        sides[s].push_back(std::move(*dim));
        continue;
      }
      axis_values each = values;
      for (each.fixed[blocked] = 0; each.fixed[blocked] < values.sizes[blocked];
           ++each.fixed[blocked])
        for_each_block_view(to, from, each, sink);
      return;
    }
  sink(detail::view_between(std::move(sides[0]), std::move(sides[1])));
}

}  // namespace v1
}  // namespace reshard
