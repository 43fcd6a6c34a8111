#pragma once

#include <reshard/algebra/optimizer_shard.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

/// The rules of layouts written down naively, element by element and device by device: shares no
/// code with the closed forms.
namespace brute {

using reshard::index_t;
using indices = std::vector<index_t>;

/// Coordinates of a device, outermost axis first: count up like an odometer.
inline indices coordinates(indices const& matrix, index_t device) {
  indices at(matrix.size(), 0);
  for (index_t i = 0; i < device; ++i)
    for (std::size_t a = matrix.size(); a-- > 0;) {
      if (++at[a] < matrix[a]) break;
      at[a] = 0;
    }
  return at;
}

inline index_t device_count(indices const& matrix) {
  index_t n = 1;
  for (index_t const size : matrix) n *= size;
  return n;
}

/// The rows of one dim that belong to part i of n: deals rows out one after another.
inline indices part(indices const& rows, reshard::tail_rule tail, index_t n, index_t i) {
  std::vector<indices> parts(static_cast<std::size_t>(n));
  auto const size = static_cast<index_t>(rows.size());
  std::size_t next = 0;
  for (index_t p = 0; p < n; ++p) {
    index_t take = (size + n - 1) / n;  // torch.chunk
    if (tail == reshard::tail_rule::balanced)
      take = size / n + (p < size % n ? 1 : 0);  // numpy.array_split
    for (; take > 0 && next < rows.size(); --take)
      parts[static_cast<std::size_t>(p)].push_back(rows[next++]);
  }
  return parts[static_cast<std::size_t>(i)];
}

/// A map: per dim the axes that cut it, counted from the right, most significant first.
using axes_per_dim = std::vector<indices>;

struct state {
  indices matrix;
  axes_per_dim map;
  indices shape;
  std::vector<reshard::tail_rule> tails;  // per dim
  index_t pieces = 1;                     // optimizer shard of dim 0
};

inline index_t coordinate(state const& s, index_t device, index_t axis) {
  return coordinates(s.matrix, device)[s.matrix.size() - 1 - static_cast<std::size_t>(axis)];
}

inline bool same_part(state const& s, index_t a, index_t b) {
  for (indices const& axes : s.map)
    for (index_t const axis : axes)
      if (coordinate(s, a, axis) != coordinate(s, b, axis)) return false;
  return true;
}

/// Position of a device among those that agree with it on every axis of the map.
inline index_t replica_position(state const& s, index_t device) {
  index_t position = 0;
  for (index_t other = 0; other < device; ++other) position += same_part(s, other, device) ? 1 : 0;
  return position;
}

/// The indices along one dim that a device holds.
inline indices rows_of(state const& s, index_t device, std::size_t dim) {
  indices rows;
  for (index_t i = 0; i < s.shape[dim]; ++i) rows.push_back(i);
  indices const& axes = s.map[dim];
  reshard::tail_rule const tail = s.tails[dim];
  if (tail == reshard::tail_rule::ceil) {
    for (index_t const axis : axes)
      rows = part(rows, tail, s.matrix[s.matrix.size() - 1 - static_cast<std::size_t>(axis)],
                  coordinate(s, device, axis));
  } else {
    index_t n = 1;
    index_t number = 0;
    for (index_t const axis : axes) {
      index_t const size = s.matrix[s.matrix.size() - 1 - static_cast<std::size_t>(axis)];
      n *= size;
      number = number * size + coordinate(s, device, axis);
    }
    rows = part(rows, tail, n, number);
  }
  if (dim == 0 && s.pieces > 1)
    rows = part(rows, tail, s.pieces, replica_position(s, device) % s.pieces);
  return rows;
}

inline reshard::layout layout_of(state const& s) {
  reshard::device_matrix const devices{s.matrix.begin(), s.matrix.end()};
  reshard::tensor_map map;
  for (std::size_t d = 0; d < s.map.size(); ++d) {
    reshard::axis_list axes;
    for (index_t const axis : s.map[d]) axes.push_back(devices.axis(axis));
    map.append(devices, axes, s.tails[d]);
  }
  reshard::layout const l{devices, map, {s.shape.begin(), s.shape.end()}};
  return reshard::with_optimizer_shard(l, s.pieces, reshard::tensor_dim{0},
                                       s.tails.empty() ? reshard::tail_rule::exact : s.tails[0]);
}

/// All maps of a rank over a matrix: every axis cuts one dim or none; axes of a dim in both orders.
inline std::vector<axes_per_dim> all_maps(std::size_t axes, std::size_t rank) {
  std::vector<axes_per_dim> out{axes_per_dim(rank)};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    std::vector<axes_per_dim> longer;
    for (axes_per_dim const& map : out) {
      longer.push_back(map);
      for (std::size_t d = 0; d < rank; ++d)
        for (std::size_t at = 0; at <= map[d].size(); ++at) {
          longer.push_back(map);
          longer.back()[d].insert(longer.back()[d].begin() + static_cast<std::ptrdiff_t>(at),
                                  static_cast<index_t>(axis));
        }
    }
    out = std::move(longer);
  }
  return out;
}

/// All device matrices of up to `most` devices in sizes > 1, plus one with an axis of size 1.
inline std::vector<indices> all_matrices(index_t most) {
  std::vector<indices> out{{1}, {2, 1, 2}};
  std::function<void(indices, index_t)> const grow = [&](indices const& head, index_t product) {
    for (index_t size = 2; product * size <= most; ++size) {
      indices longer = head;
      longer.push_back(size);
      out.push_back(longer);
      grow(longer, product * size);
    }
  };
  grow({}, 1);
  return out;
}

/// A shape that the cuts divide, or, with another tail rule, one that is `extra` longer.
inline indices shape_for(indices const& matrix, axes_per_dim const& map, index_t pieces,
                         index_t extra) {
  indices shape;
  for (std::size_t d = 0; d < map.size(); ++d) {
    index_t n = d == 0 ? pieces : 1;
    for (index_t const axis : map[d])
      n *= matrix[matrix.size() - 1 - static_cast<std::size_t>(axis)];
    shape.push_back(n * 2 + extra);
  }
  return shape;
}

}  // namespace brute
