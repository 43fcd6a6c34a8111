#pragma once

#include <reshard/algebra/box.hpp>
#include <reshard/algebra/tensor_map.hpp>

namespace reshard {
inline namespace v1 {

// The one printed form of layouts, in errors, docs, test names and tools alike.
//   devices(2, 4) map((1), ()) shape(512, 1024)
// A cut over whole axes is the list of the axes; part of their number is {axes}/divide%modulo, as
// in map(({1 0}%2), (2 ceil)). A rule other than exact stands behind its cut:
// (1 parts 3 3 2), (1 cyclic 128), (0 sections 8 4 4), (0 sections 3 ceil).

namespace detail {
template <character_sink Sink, class List>
constexpr void print_list(Sink& sink, char const* head, List const& list) {
  print(sink, head);
  print(sink, "(");
  char const* between = "";
  for (index_t const entry : list) {
    print(sink, between);
    print(sink, entry);
    between = ", ";
  }
  print(sink, ")");
}

template <character_sink Sink>
constexpr void print_sizes(Sink& sink, cut const& c, index_t const* sizes) {
  for (std::size_t i = 0; i < c.sizes(); ++i) {
    print(sink, " ");
    print(sink, sizes[i]);
  }
}

template <character_sink Sink>
constexpr void print_rule(Sink& sink, cut const& c, index_t const* sizes) {
  if (c.kind() == cut_kind::listed) print(sink, " parts");
  if (c.kind() == cut_kind::cyclic) print(sink, " cyclic");
  if (c.kind() == cut_kind::sections) print(sink, " sections");
  if (c.block() != 0) print(sink, " "), print(sink, c.block());
  print_sizes(sink, c, sizes);
  if (c.tail() == tail_rule::ceil) print(sink, " ceil");
  if (c.tail() == tail_rule::balanced) print(sink, " balanced");
}

template <character_sink Sink>
constexpr void print_cut(Sink& sink, device_matrix const& devices, cut const& c,
                         index_t const* sizes) {
  digit const& d = c.by();
  bool const whole = d.divide() == 1 && d.modulo() == combinations(devices, d.axes());
  bool const plain = c.kind() == cut_kind::contiguous && c.tail() == tail_rule::exact;
  bool const listed = whole && (plain || d.axes().size() == 1);
  if (!listed) print(sink, "{");
  for (std::size_t i = 0; i < d.axes().size(); ++i) {
    if (i != 0) print(sink, listed ? ", " : " ");
    print(sink, static_cast<index_t>(d.axes()[i]));
  }
  if (!listed) print(sink, "}");
  if (d.divide() != 1) print(sink, "/"), print(sink, d.divide());
  if (!whole) print(sink, "%"), print(sink, d.modulo());
  print_rule(sink, c, sizes);
}
}  // namespace detail

template <character_sink Sink> constexpr void print(Sink& sink, device_matrix const& devices) {
  detail::print_list(sink, "devices", devices.sizes_);
}

template <character_sink Sink> constexpr void print(Sink& sink, extents const& shape) {
  detail::print_list(sink, "shape", shape.sizes_);
}

/// [0:4, 2:5]
template <character_sink Sink> constexpr void print(Sink& sink, box const& b) {
  print(sink, "[");
  for (std::size_t d = 0; d < b.rank(); ++d) {
    if (d != 0) print(sink, ", ");
    print(sink, b[d].offset);
    print(sink, ":");
    print(sink, b[d].end());
  }
  print(sink, "]");
}
template <character_sink Sink> constexpr void print(Sink& sink, grid const& g) {
  detail::print_list(sink, "grid", g.sizes_);
}

template <character_sink Sink>
constexpr void print(Sink& sink, device_matrix const& devices, tensor_map const& map) {
  print(sink, "map(");
  std::size_t c = 0;
  index_t const* sizes = map.sizes().begin();
  for (std::size_t s = 0; s < map.size(); ++s) {
    print(sink, s == 0 ? "(" : ", (");
    for (std::size_t i = 0; i < map.cuts_of(s); ++i, ++c) {
      if (i != 0) print(sink, ", ");
      detail::print_cut(sink, devices, map.cuts()[c], sizes);
      sizes += map.cuts()[c].sizes();
    }
    print(sink, ")");
  }
  print(sink, ")");
}

}  // namespace v1
}  // namespace reshard
