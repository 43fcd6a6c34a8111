#pragma once

#include <reshard/plan/mindspore_operators.hpp>

#include <vector>

namespace reshard {
inline namespace v1 {

/// A device's tensor in memory, row-major.
template <class T> struct held_tensor {
  factor_list shape;
  std::vector<T> values;

  friend bool operator==(held_tensor const&, held_tensor const&) = default;
};

/// The block [begin, end) of a tensor.
///   cost: O(elements of the tensor)
template <class T>
[[nodiscard]] held_tensor<T> block_of(held_tensor<T> const& whole, factor_list const& begin,
                                      factor_list const& end) {
  held_tensor<T> out;
  for (std::size_t d = 0; d < begin.size(); ++d) out.shape.push_back(end[d] - begin[d]);
  for (std::size_t i = 0; i < whole.values.size(); ++i) {
    auto rest = static_cast<index_t>(i);
    bool inside = true;
    for (std::size_t d = begin.size(); d-- > 0; rest /= whole.shape[d]) {
      index_t const at = rest % whole.shape[d];
      inside = inside && at >= begin[d] && at < end[d];
    }
    if (inside) out.values.push_back(whole.values[i]);
  }
  return out;
}

namespace detail {
/// The tensors of a group joined along a dim.
template <class T>
held_tensor<T> joined(std::vector<held_tensor<T>> const& all, device_run const& group,
                      index_t dim) {
  held_tensor<T> out{all[static_cast<std::size_t>(group[0])].shape, {}};
  auto const d = static_cast<std::size_t>(dim);
  std::size_t chunk = 1;
  for (std::size_t i = d; i < out.shape.size(); ++i)
    chunk *= static_cast<std::size_t>(out.shape[i]);
  std::size_t const elements = all[static_cast<std::size_t>(group[0])].values.size();
  for (std::size_t at = 0; at < elements; at += chunk)
    for (index_t k = 0; k < group.count; ++k) {
      std::vector<T> const& part = all[static_cast<std::size_t>(group[k])].values;
      for (std::size_t i = at; i < at + chunk; ++i) out.values.push_back(part[i]);
    }
  out.shape[d] *= group.count;
  return out;
}
}  // namespace detail

/// Runs MindSpore's operators on tensors in memory, one operator of every device at a time.
///   lists: one per device, all of one length
///   law:   what the devices hold in the end is what the destination layout gives them
template <class T>
[[nodiscard]] std::vector<held_tensor<T>> run_operators(std::vector<operator_list> const& lists,
                                                        std::vector<held_tensor<T>> now) {
  for (std::size_t step = 0; !lists.empty() && step < lists[0].size(); ++step) {
    std::vector<held_tensor<T>> next = now;
    for (std::size_t d = 0; d < now.size(); ++d) {
      mindspore_operator const& op = lists[d][step];
      if (op.kind == operator_kind::reshape) next[d].shape = op.shape;
      if (op.kind == operator_kind::strided_slice) next[d] = block_of(now[d], op.begin, op.end);
      if (op.kind == operator_kind::all_concat) next[d] = detail::joined(now, op.group, op.dim);
    }
    now = std::move(next);
  }
  return now;
}

}  // namespace v1
}  // namespace reshard
