#pragma once

#include <reshard/algebra/strided_layout.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

// Shape:stride layouts by their definition: the oracle of the strided tests. Nothing here is
// clever, and nothing uses the library but to read its layouts.
namespace strided_brute {

using index = std::int64_t;
using list = std::vector<index>;

struct flat {
  list extents;
  list strides;
};

inline index size_of(list const& extents) {
  index size = 1;
  for (index const extent : extents) size *= extent;
  return size;
}

/// The last mode goes on past the size; below 0 the function is odd.
inline index value(flat const& a, index i) {
  if (i < 0) return -value(a, -i);
  index sum = 0;
  for (std::size_t m = 0; m < a.extents.size(); ++m) {
    bool const last = m + 1 == a.extents.size();
    sum += (last ? i : i % a.extents[m]) * a.strides[m];
    i /= last ? 1 : a.extents[m];
  }
  return sum;
}

inline flat flattened(reshard::strided_layout const& a) {
  flat modes;
  for (reshard::strided_mode const& m : a.modes().leaves()) {
    modes.extents.push_back(m.extent);
    modes.strides.push_back(m.stride);
  }
  return modes;
}

inline reshard::strided_layout layout_of(flat const& a) {
  reshard::int_tuple shape;
  reshard::int_tuple stride;
  for (std::size_t m = 0; m < a.extents.size(); ++m) {
    shape.append(a.extents[m]);
    stride.append(a.strides[m]);
  }
  return {shape, stride};
}

inline list values(reshard::strided_layout const& a) {
  flat const modes = flattened(a);
  list all;
  for (index i = 0; i < size_of(modes.extents); ++i) all.push_back(value(modes, i));
  return all;
}

/// a(b(i))
inline list composed(flat const& a, flat const& b) {
  list all;
  for (index i = 0; i < size_of(b.extents); ++i) all.push_back(value(a, value(b, i)));
  return all;
}

/// Calls sink(extents) for every list of at most `modes` extents of 2 and more with that product.
template <class Sink>
void for_each_factoring(index size, std::size_t modes, Sink const& sink, list const& head = {}) {
  if (size == 1) return sink(head);
  if (head.size() == modes) return;
  for (index extent = 2; extent <= size; ++extent) {
    if (size % extent != 0) continue;
    list longer = head;
    longer.push_back(extent);
    for_each_factoring(size / extent, modes, sink, longer);
  }
}

/// Calls sink(strides) for every list of `modes` strides out of `choices`.
template <class Sink>
void for_each_strides(std::size_t modes, list const& choices, Sink const& sink,
                      list const& head = {}) {
  if (head.size() == modes) return sink(head);
  for (index const stride : choices) {
    list longer = head;
    longer.push_back(stride);
    for_each_strides(modes, choices, sink, longer);
  }
}

/// Calls sink(layout) for every flat layout of at most that size and number of modes.
template <class Sink>
void for_each_layout(index most, std::size_t modes, list const& strides, Sink const& sink) {
  for (index size = 1; size <= most; ++size)
    for_each_factoring(size, modes, [&](list const& extents) {
      for_each_strides(extents.size(), strides, [&](list const& chosen) {
        sink(flat{extents, chosen});
      });
    });
}

/// Whether any layout of at most that many modes has the values: all shapes are tried, and the
/// value at the first index of each mode is its only possible stride.
inline bool some_layout_has(list const& values, std::size_t modes = 64) {
  bool found = false;
  auto const size = static_cast<index>(values.size());
  for_each_factoring(size, modes, [&](list const& extents) {
    if (found) return;
    flat candidate{extents, {}};
    for (index step = 1; index const extent : extents) {
      candidate.strides.push_back(values[static_cast<std::size_t>(step)]);
      step *= extent;
    }
    for (index i = 0; i < size; ++i)
      if (value(candidate, i) != values[static_cast<std::size_t>(i)]) return;
    found = true;
  });
  return found;
}

/// Whether some layout whose shape is `shape`, each extent split further in any way, has the
/// values.
inline bool some_layout_within(list const& shape, list const& values) {
  std::vector<list> refined{{}};
  for (index const extent : shape) {
    std::vector<list> longer;
    for_each_factoring(extent, 64, [&](list const& parts) {
      for (list head : refined) {
        head.insert(head.end(), parts.begin(), parts.end());
        longer.push_back(head);
      }
    });
    refined = longer;
  }
  return std::any_of(refined.begin(), refined.end(), [&](list const& extents) {
    flat candidate{extents, {}};
    index step = 1;
    for (index const extent : extents) {
      candidate.strides.push_back(values[static_cast<std::size_t>(step)]);
      step *= extent;
    }
    for (index i = 0; i < size_of(extents); ++i)
      if (value(candidate, i) != values[static_cast<std::size_t>(i)]) return false;
    return true;
  });
}

/// The name of the rule that a call breaks; "" if none.
template <class Call> std::string broken_rule(Call const& call) {
  try {
    (void)call();
    return "";
  } catch (reshard::error const& e) {
    return e.rule();
  }
}

/// The layout of flat lists; no lists are 1:0.
inline reshard::strided_layout make(list const& extents, list const& strides) {
  return extents.empty() ? reshard::strided_layout{} : layout_of({extents, strides});
}

template <class Printed> std::string text_of(Printed const& printed) {
  std::string words;
  print(words, printed);
  return words;
}

}  // namespace strided_brute
