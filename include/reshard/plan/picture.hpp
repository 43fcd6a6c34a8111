#pragma once

#include <reshard/plan/bands.hpp>
#include <reshard/plan/transfers.hpp>

namespace reshard {
inline namespace v1 {

// Pictures of layouts and plans as text: rows are bands of the last dim but one, columns bands of
// the last dim, and there is a table for each combination of bands of the dims before.
//        | 0..3 | 4..7
//   -----+------+-----
//   0..1 | 0 2  | 1 3      devices 0 and 2 hold rows 0 and 1 of columns 0 to 3

/// What a device is called in a picture: its number.
struct device_number {
  constexpr index_t operator()(index_t device) const noexcept { return device; }
};

/// source (offset) -> destination (offset), extent: 0(2, 0) -> 1(0, 3) x (2, 1)
template <character_sink Sink> constexpr void print(Sink& sink, transfer const& t) {
  print(sink, t.source);
  detail::print_list(sink, "", t.source_offset);
  print(sink, " -> ");
  print(sink, t.destination);
  detail::print_list(sink, "", t.destination_offset);
  detail::print_list(sink, " x ", t.extent);
}

namespace detail {
/// Counts what is printed.
struct text_width {
  std::size_t size = 0;
  constexpr void push_back(char) noexcept { ++size; }
};

template <class Print> constexpr std::size_t width_of(Print const& words) {
  text_width sink;
  words(sink);
  return sink.size;
}

template <character_sink Sink> constexpr void repeat(Sink& sink, char c, std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) sink.push_back(c);
}

/// words, filled up to a width
template <character_sink Sink, class Print>
constexpr void print_padded(Sink& sink, std::size_t width, Print const& words) {
  std::size_t const used = width_of(words);
  words(sink);
  repeat(sink, ' ', width > used ? width - used : 0);
}

/// One table: the last two dims of a cell grid at fixed bands of the dims before.
///   label: callable, (sink, box const& cell), for any sink
template <class Label> class text_table {
 public:
  constexpr text_table(band_table const& table, box const& plane, Label const& label)
      : table_(table), plane_(plane), label_(label) {}

  template <character_sink Sink> constexpr void print_to(Sink& sink) const {
    std::size_t const margin = row_width();
    repeat(sink, ' ', margin);
    for (std::size_t c = 0; c < columns(); ++c) {
      print(sink, " | ");
      print_padded(sink, c + 1 < columns() ? column_width(c) : 0,
                   [&](auto& out) { print_range(out, last(), c); });
    }
    print(sink, "\n");
    repeat(sink, '-', margin + 1);
    for (std::size_t c = 0; c < columns(); ++c) {
      print(sink, "+");
      repeat(sink, '-', column_width(c) + (c + 1 < columns() ? 2 : 1));
    }
    print(sink, "\n");
    for (std::size_t r = 0; r < rows(); ++r) print_row(sink, r, margin);
  }

 private:
  [[nodiscard]] constexpr std::size_t last() const { return table_.size() - 1; }
  [[nodiscard]] constexpr bool has_rows() const { return table_.size() > 1; }
  [[nodiscard]] constexpr std::size_t rows() const {
    return has_rows() ? table_[last() - 1].bands.size() : 1;
  }
  [[nodiscard]] constexpr std::size_t columns() const {
    return table_.empty() ? 1 : table_[last()].bands.size();
  }
  [[nodiscard]] constexpr box cell(std::size_t row, std::size_t column) const {
    box out = plane_;
    if (has_rows()) out.push_back(table_[last() - 1].bands[row]);
    if (!table_.empty()) out.push_back(table_[last()].bands[column]);
    return out;
  }
  template <class Sink>
  constexpr void print_range(Sink& sink, std::size_t dim, std::size_t band) const {
    if (table_.empty()) return;
    interval const range = table_[dim].bands[band];
    print(sink, range.offset);
    if (range.size > 1) print(sink, ".."), print(sink, range.end() - 1);
  }
  template <class Sink> constexpr void print_label(Sink& sink, box const& at) const {
    if (!is_rest(table_, at)) return label_(sink, at);
    print(sink, "...");
  }
  template <class Sink>
  constexpr void print_row(Sink& sink, std::size_t row, std::size_t margin) const {
    print_padded(sink, margin, [&](auto& out) {
      if (has_rows()) print_range(out, last() - 1, row);
    });
    for (std::size_t c = 0; c < columns(); ++c) {
      print(sink, " | ");
      print_padded(sink, c + 1 < columns() ? column_width(c) : 0,
                   [&](auto& out) { print_label(out, cell(row, c)); });
    }
    print(sink, "\n");
  }
  [[nodiscard]] constexpr std::size_t row_width() const {
    std::size_t widest = 0;
    for (std::size_t r = 0; has_rows() && r < rows(); ++r) {
      std::size_t const width = width_of([&](auto& out) { print_range(out, last() - 1, r); });
      widest = width > widest ? width : widest;
    }
    return widest;
  }
  [[nodiscard]] constexpr std::size_t column_width(std::size_t column) const {
    std::size_t widest = width_of([&](auto& out) { print_range(out, last(), column); });
    for (std::size_t r = 0; r < rows(); ++r) {
      std::size_t const width = width_of([&](auto& out) { print_label(out, cell(r, column)); });
      widest = width > widest ? width : widest;
    }
    return widest;
  }

  band_table const& table_;
  box const& plane_;
  Label const& label_;
};
}  // namespace detail

/// Draws a table per plane; `label` says what stands in a cell.
///   label: callable, (sink, box const& cell), for any character_sink
///   cost:  O(cells x labels)
template <character_sink Sink, class Label>
constexpr void print_table(Sink& sink, band_table const& table, Label const& label) {
  for (band_list const& along : table)
    if (along.bands.empty()) return print(sink, "no elements\n");
  band_table outer = table;
  for (std::size_t d = 0; d < 2 && !outer.empty(); ++d) outer.pop_back();
  for_each_cell(outer, [&](box const& plane) {
    for (std::size_t d = 0; d < plane.rank(); ++d) {
      print(sink, d == 0 ? "dim " : ", dim ");
      print(sink, d);
      print(sink, ": ");
      print(sink, plane[d].offset);
      if (plane[d].size > 1) print(sink, ".."), print(sink, plane[d].end() - 1);
    }
    if (plane.rank() > 0) print(sink, "\n");
    detail::text_table<Label>{table, plane, label}.print_to(sink);
  });
}

namespace detail {
/// Calls one(k) for numbers below count, the first few of many, with blanks between.
template <class Sink, class One>
constexpr void print_some(Sink& sink, index_t count, One const& one) {
  index_t const shown = count > 9 ? 8 : count;
  for (index_t k = 0; k < shown; ++k) {
    if (k != 0) print(sink, " ");
    one(k);
  }
  if (shown < count) print(sink, " +"), print(sink, count - shown);
}
}  // namespace detail

/// Draws who holds what.
///   name_of: callable, device -> number to be printed
///   example: the picture at the head of this file is devices(2, 2) map((), (0)) shape(2, 8)
template <character_sink Sink, class Name = device_number>
constexpr void print_picture(Sink& sink, layout const& l, Name const& name_of = {}) {
  print_table(sink, bands_of(l), [&](auto& out, box const& cell) {
    replica_group const owners = l.owners_of(cell.offset());
    detail::print_some(out, owners.size(), [&](index_t k) { print(out, name_of(owners[k])); });
  });
}

/// Which device of `to` is which device of `from`: that of the same number.
struct same_number {
  constexpr index_t operator()(index_t device) const noexcept { return device; }
};

/// Draws what moves: a>b where device b gets the elements from device a, =b where b has them.
///   name_of:   callable, (device of `from` or `to`) -> number to be printed; ids are the same on
///              both sides
///   as_source: callable, device of `to` -> the same device in `from`, or nobody
///   throws:    plan_error global_shapes_differ
template <character_sink Sink, class FromName = device_number, class ToName = device_number,
          class AsSource = same_number>
constexpr void print_picture(Sink& sink, layout const& from, layout const& to,
                             FromName const& from_name = {}, ToName const& to_name = {},
                             AsSource const& as_source = {}) {
  detail::require_same_tensor(from, to);
  print_table(sink, bands_of(from, to), [&](auto& out, box const& cell) {
    part_index const part = from.part_of(cell.offset());
    replica_group const owners = to.owners_of(cell.offset());
    detail::print_some(out, owners.size(), [&](index_t k) {
      index_t const self = as_source(owners[k]);
      index_t const source = serving_holder(from, part, self, all_present{});
      if (source == self) print(out, "=");
      if (source != self) print(out, from_name(source)), print(out, ">");
      print(out, to_name(owners[k]));
    });
  });
}

/// Draws how transfers fill the storage of one destination device: per cell the sources that fill
/// it; "-" is an element that nobody fills.
///   transfers: a range; those of other destinations are skipped
template <character_sink Sink, class Transfers>
constexpr void print_filling(Sink& sink, extents const& local_shape, index_t device,
                             Transfers const& transfers) {
  band_table table;
  for (std::size_t d = 0; d < local_shape.rank(); ++d)
    table.push_back(make_bands(local_shape[d], [&](index_t at) {
      index_t end = local_shape[d];
      for (transfer const& t : transfers) {
        if (t.destination != device) continue;
        index_t const first = t.destination_offset[d];
        for (index_t const border : {first, first + t.extent[d]})
          if (border > at && border < end) end = border;
      }
      return end;
    }));
  print_table(sink, table, [&](auto& out, box const& cell) {
    char const* between = "";
    for (transfer const& t : transfers) {
      if (t.destination != device) continue;
      if (intersection(box{t.destination_offset, t.extent}, cell).elements() == 0) continue;
      print(out, between);
      print(out, t.source);
      between = " ";
    }
    if (*between == '\0') print(out, "-");
  });
}

}  // namespace v1
}  // namespace reshard
