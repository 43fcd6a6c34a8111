#pragma once

#include <reshard/checkpoint/remap.hpp>

#include <catch2/catch.hpp>

// Tensors whose elements are numbers, and what a remapping makes of them element by element.
namespace remapped {

using namespace reshard;
using numbers = std::vector<index_t>;

struct tensors {
  catalog listed;
  std::map<std::string, numbers> values;

  void add(std::string const& name, extents const& shape, numbers const& of) {
    listed.tensors.push_back({name, dtype::bfloat16, shape, false, {detail::everywhere(shape, 1)}});
    values[name] = of;
  }
  /// With numbers that no other tensor has.
  void add(std::string const& name, extents const& shape) {
    numbers own;
    for (index_t i = 0; i < shape.elements(); ++i) own.push_back(next_++);
    add(name, shape, own);
  }

 private:
  index_t next_ = 0;
};

inline index_t flat(extents const& shape, grid_index const& at) {
  index_t out = 0;
  for (std::size_t d = 0; d < shape.rank(); ++d) out = out * shape[d] + at[d];
  return out;
}
inline grid_index unflat(extents const& shape, index_t number) {
  grid_index out(shape.rank(), 0);
  for (std::size_t d = shape.rank(); d-- > 0; number /= shape[d]) out[d] = number % shape[d];
  return out;
}

/// The elements of a planned source; each has exactly one term.
inline numbers elements(planned_source const& from, tensors const& source) {
  numbers out;
  for (index_t i = 0; i < from.shape.elements(); ++i) {
    grid_index const at = unflat(from.shape, i);
    if (from.terms.empty()) {
      out.push_back(source.values.at(from.stored[0].tensor.name)[static_cast<std::size_t>(i)]);
      continue;
    }
    std::size_t found = 0;
    for (view_term const& t : from.terms) {
      viewed_element const e = source_of(t.view, at);
      if (!e.found) continue;
      catalog_tensor const& stored = from.stored[t.stored].tensor;
      out.push_back(
          source.values.at(stored.name)[static_cast<std::size_t>(flat(stored.shape, e.at))]);
      ++found;
    }
    if (found != 1) FAIL(found << " terms have an element");
  }
  return out;
}

inline tensors remapped_tensors(tensors const& source, rule_table const& table,
                                remap_direction direction) {
  tensors out;
  for (remapped_tensor const& t : remap(source.listed, table, direction).tensors)
    out.add(t.name, t.from.shape, elements(t.from, source));
  return out;
}

}  // namespace remapped
