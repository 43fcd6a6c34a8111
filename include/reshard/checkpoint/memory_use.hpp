#pragma once

#include <reshard/checkpoint/planned_moves.hpp>

#include <set>

namespace reshard {
inline namespace v1 {
namespace detail {
inline constexpr std::size_t allocation_bytes = 16;  // what malloc adds

inline std::size_t held_bytes(std::string const& s) {
  return s.capacity() > 15 ? s.capacity() + 1 + allocation_bytes : 0;
}
template <class T> std::size_t held_bytes(std::vector<T> const& v) {
  return v.capacity() == 0 ? 0 : v.capacity() * sizeof(T) + allocation_bytes;
}

inline std::size_t held_bytes(named_index const& index) {
  constexpr std::size_t table_entry = 9 * sizeof(void*);
  std::size_t sum = held_bytes(index.index().tensors);
  for (indexed_tensor const& t : index.index().tensors)
    sum += 2 * held_bytes(t.name) + held_bytes(t.shape) + held_bytes(t.ranges) + table_entry;
  return sum;
}
inline std::size_t held_bytes(catalog_tensor const& t) {
  return held_bytes(t.name) + held_bytes(t.placements);
}
inline std::size_t held_bytes(planned_source const& source) {
  std::size_t sum = held_bytes(source.stored) + held_bytes(source.terms);
  for (stored_reference const& stored : source.stored) sum += held_bytes(stored.tensor);
  return sum;
}
inline std::size_t held_bytes(file_image const& image) {
  std::size_t sum = held_bytes(image.literals) + held_bytes(image.ranges);
  for (image_literal const& literal : image.literals) sum += held_bytes(literal.bytes);
  for (std::vector<byte_range> const& ranges : image.ranges) sum += held_bytes(ranges);
  return sum;
}
}  // namespace detail

/// Memory, in bytes, that the indexes of catalogs hold: where every source tensor lies.
[[nodiscard]] inline std::size_t index_bytes(std::span<catalog const* const> catalogs) {
  std::set<named_index const*> done;
  std::size_t sum = 0;
  for (catalog const* in : catalogs) {
    for (auto const& [rank, file] : in->files) {
      sum += sizeof(file) + detail::held_bytes(file.path) + 6 * sizeof(void*);
      if (done.insert(file.index.get()).second) sum += detail::held_bytes(*file.index);
    }
    sum += detail::held_bytes(in->tensors);
    for (catalog_tensor const& t : in->tensors) sum += detail::held_bytes(t);
  }
  return sum;
}

/// Memory, in bytes, that a plan and the images of its files hold.
[[nodiscard]] inline std::size_t plan_bytes(conversion_plan const& plan,
                                            planned_moves const& moves) {
  std::size_t sum = detail::held_bytes(plan.tensors) + detail::held_bytes(plan.files);
  for (planned_tensor const& tensor : plan.tensors) {
    sum += detail::held_bytes(tensor.from) + detail::held_bytes(tensor.to);
    for (planned_stage const& stage : tensor.stages)
      for (planned_source const& operand : stage.operands) sum += detail::held_bytes(operand);
  }
  for (planned_file const& file : plan.files)
    sum += detail::held_bytes(file.path) + detail::held_bytes(file.entries);
  std::set<file_image const*> done;
  for (auto const& image : moves.images())
    if (done.insert(image.get()).second) sum += detail::held_bytes(*image);
  return sum + moves.held_bytes();
}

}  // namespace v1
}  // namespace reshard
