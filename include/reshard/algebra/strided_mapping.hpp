#pragma once

#include <reshard/algebra/strided_function.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {

using outer_layouts = inplace_vector<strided_layout, max_rank>;

/// A mode that moves an index into one of several layouts: space k + 1 is the domain of outer
/// layout k, space 0 the result itself.
struct mapped_mode {
  index_t extent = 0;
  index_t stride = 0;
  std::uint8_t space = 0;

  friend constexpr bool operator==(mapped_mode const&, mapped_mode const&) = default;
};
using mapped_modes = nested<mapped_mode, max_leaves>;
using mapped_list = inplace_vector<mapped_mode, max_leaves>;

constexpr mapped_modes in_space(strided_layout const& a, std::size_t space) {
  return transform_leaf(a.modes(), [&](strided_mode const& m) {
    return mapped_mode{m.extent, m.stride, static_cast<std::uint8_t>(space)};
  });
}

/// The modes with more than one index; neighbours in one space that go on are one.
constexpr mapped_list coalesced(mapped_modes const& modes) {
  mapped_list fewest;
  for (mapped_mode const& next : modes.leaves()) {
    if (next.extent == 1) continue;
    mapped_mode const last = fewest.empty() ? mapped_mode{} : fewest.back();
    index_t end = 0;
    if (last.extent != 0 && last.space == next.space &&
        !__builtin_mul_overflow(last.extent, last.stride, &end) && end == next.stride)
      fewest[fewest.size() - 1].extent *= next.extent;
    else
      fewest.push_back(next);
  }
  return fewest;
}

/// An outer layout as a function of the indices that the inner modes reach: mixed-radix digits,
/// of which the last one has no limit.
struct outer_digits {
  mode_list modes;
  inplace_vector<index_t, 64> used;  // per digit: what the modes add to it at most
  bool of_both_signs = false;

  constexpr outer_digits() : modes{{max_index, 1}} {}
  constexpr outer_digits(strided_layout const& outer, index_t reach) {
    auto const& leaves = outer.modes().leaves();
    if (leaves.empty() && reach != 0) index_is_outside_the_layout(reach);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      bool const goes_on = i + 1 == leaves.size();
      if (!goes_on && leaves[i].extent == 0) index_is_outside_the_layout(reach);
      push_coalesced(modes, {goes_on ? max_index : leaves[i].extent, leaves[i].stride});
    }
    if (modes.empty()) modes.push_back({max_index, 0});
    std::size_t reached = 1;
    for (; reached < modes.size() && reach >= modes[reached - 1].extent; ++reached)
      reach /= modes[reached - 1].extent;
    while (modes.size() > reached) modes.pop_back();
    used = inplace_vector<index_t, 64>(modes.size(), 0);
  }

  [[nodiscard]] constexpr bool is_linear() const { return modes.size() == 1; }
  [[nodiscard]] constexpr index_t operator()(index_t index) const {
    return value_at(modes.begin(), modes.end(), index);
  }
  /// How many multiples of a positive stride, at most `extent`, have no carry between digits.
  [[nodiscard]] constexpr index_t without_carry(index_t stride, index_t extent) const {
    for (std::size_t d = 0; d + 1 < modes.size(); ++d) {
      index_t const digit = stride % modes[d].extent;
      index_t const carries = digit == 0 ? extent : (modes[d].extent - 1) / digit + 1;
      extent = carries < extent ? carries : extent;
      stride /= modes[d].extent;
    }
    return extent;
  }
  /// Counts a mode. False if its digits and those of the modes before may carry.
  constexpr bool use(index_t stride, index_t extent) {
    for (std::size_t d = 0; d + 1 < modes.size(); ++d) {
      index_t const most = stride % modes[d].extent * (extent - 1);
      if (most >= modes[d].extent - used[d]) return false;
      used[d] += most;
      stride /= modes[d].extent;
    }
    return true;
  }
};

/// Adds the modes of outer(i * stride), i < extent. False if the digits may carry.
constexpr bool append_composed(mode_list& modes, outer_digits& outer, index_t extent,
                               index_t stride) {
  if (outer.is_linear()) {
    modes.push_back({extent, times(stride, outer.modes[0].stride)});
    return true;
  }
  if (outer.of_both_signs) return false;
  index_t const sign = stride < 0 ? -1 : 1;
  for (stride *= sign; extent > 1;) {
    index_t const part = outer.without_carry(stride, extent);
    if (extent % part != 0 || !outer.use(stride, part)) return false;
    modes.push_back({part, times(sign, outer(stride))});
    extent /= part;
    if (extent > 1) stride *= part;
  }
  return true;
}

/// The sum of outer layouts over the modes of their indices.
struct mapped_function {
  mapped_list modes;
  inplace_vector<outer_digits, max_rank + 1> spaces;

  constexpr mapped_function(mapped_list const& inner, outer_layouts const& outers) : modes(inner) {
    spaces.push_back({});
    for (std::size_t k = 1; k <= outers.size(); ++k) {
      mode_list own;
      bool up = false;
      bool down = false;
      for (mapped_mode const& m : inner) {
        if (m.space != k) continue;
        own.push_back({m.extent, m.stride});
        up = up || m.stride > 0;
        down = down || m.stride < 0;
      }
      spaces.push_back({outers[k - 1], reach_of(own.begin(), own.end())});
      spaces[k].of_both_signs = up && down;
    }
  }

  [[nodiscard]] constexpr index_t operator()(index_t i) const {
    index_t at[max_rank + 1]{};
    for (mapped_mode const& m : modes) {
      at[m.space] += i % m.extent * m.stride;
      i /= m.extent;
    }
    index_t sum = 0;
    for (std::size_t k = 0; k < spaces.size(); ++k) sum = plus(sum, spaces[k](at[k]));
    return sum;
  }

  /// The modes of this function where a closed form applies: each mode is split where one of its
  /// digits first carries, and then no sum of digits carries, so outer(sum) is the sum of outer.
  [[nodiscard]] constexpr found_modes closed_form() {
    found_modes composed;
    for (mapped_mode const& m : modes)
      if (!append_composed(composed.modes, spaces[m.space], m.extent, m.stride)) return {};
    composed.found = true;
    return composed;
  }
};
}  // namespace detail
}  // namespace v1
}  // namespace reshard
