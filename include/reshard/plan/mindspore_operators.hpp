#pragma once

#include <reshard/plan/common_refinement.hpp>

namespace reshard {
inline namespace v1 {

enum class operator_kind : std::uint8_t { reshape, all_concat, strided_slice };

/// Devices first, first + stride, ..., count of them: those that differ on one axis only.
struct device_run {
  index_t first = 0;
  index_t stride = 0;
  index_t count = 0;

  [[nodiscard]] constexpr index_t operator[](index_t k) const noexcept {
    return first + k * stride;
  }
  friend constexpr bool operator==(device_run const&, device_run const&) = default;
};

/// One step of one device in MindSpore's redistribution.
///   reshape:       to `shape`
///   all_concat:    gathers the tensors of `group` and joins them along `dim`
///   strided_slice: elements [begin, end) per dim; all strides are 1
struct mindspore_operator {
  operator_kind kind = operator_kind::reshape;
  factor_list shape{};
  device_run group{};
  index_t dim = 0;
  factor_list begin{};
  factor_list end{};

  friend constexpr bool operator==(mindspore_operator const&, mindspore_operator const&) = default;
};

using operator_list = inplace_vector<mindspore_operator, 64>;

namespace detail {
/// The order in which MindSpore's hash map yields the keys 0 .. n-1; removals keep it.
constexpr std::uint8_t sweep_orders[17][16] = {
    {},
    {0},
    {0, 1},
    {0, 1, 2},
    {0, 1, 3, 2},
    {0, 1, 4, 3, 2},
    {0, 1, 4, 5, 3, 2},
    {0, 4, 3, 1, 5, 6, 2},
    {0, 4, 3, 1, 5, 6, 7, 2},
    {0, 4, 8, 3, 1, 5, 6, 7, 2},
    {0, 4, 8, 3, 1, 5, 6, 7, 9, 2},
    {0, 4, 8, 3, 10, 1, 5, 6, 7, 9, 2},
    {0, 4, 8, 3, 11, 10, 1, 5, 6, 7, 9, 2},
    {0, 12, 4, 3, 5, 6, 7, 9, 8, 11, 10, 1, 2},
    {0, 12, 4, 3, 13, 5, 6, 7, 9, 8, 11, 10, 1, 2},
    {0, 12, 4, 3, 13, 5, 6, 7, 9, 8, 11, 14, 10, 1, 2},
    {0, 12, 4, 3, 13, 5, 6, 7, 9, 15, 8, 11, 14, 10, 1, 2},
};

/// MindSpore's greedy search for the operators between two maps over the same devices and shape.
///   source: redistribution_operator_infer.cc
class operator_search {
 public:
  constexpr operator_search(plain_layout const& from, factor_list const& to, index_t device,
                            operator_list& out)
      : now_(from), to_(to), device_(device), out_(out) {
    for (std::size_t i = 0; i < to.size(); ++i) open_.push_back(sweep_orders[to.size()][i]);
  }

  constexpr void run() {
    while (!open_.empty()) {
      std::size_t const before = out_.size();
      std::size_t inner = before;
      do {
        inner = out_.size();
        sweep(&operator_search::split_or_close);
        for (std::size_t last = out_.size() + 1; last != out_.size();) {
          last = out_.size();
          sweep(&operator_search::exchange_or_close);
        }
      } while (out_.size() != inner);
      sweep(&operator_search::gather);
      if (out_.size() == before && !open_.empty()) break_cycle(dim_at(0));
    }
  }

 private:
  using step = bool (operator_search::*)(std::size_t dim);

  [[nodiscard]] constexpr std::size_t dim_at(std::size_t i) const {
    return static_cast<std::size_t>(open_[i]);
  }
  /// Takes the step for every open dim; a dim is closed when it says so.
  constexpr void sweep(step take) {
    factor_list const dims = open_;
    for (index_t const dim : dims)
      if ((this->*take)(static_cast<std::size_t>(dim))) close(dim);
  }
  constexpr void close(index_t dim) {
    factor_list rest;
    for (index_t const other : open_)
      if (other != dim) rest.push_back(other);
    open_ = rest;
  }
  /// The open dim that the axis cuts now, or -1.
  [[nodiscard]] constexpr index_t holder(index_t axis) const {
    for (index_t const dim : open_)
      if (now_.map[static_cast<std::size_t>(dim)] == axis) return dim;
    return -1;
  }

  constexpr bool split_or_close(std::size_t dim) {
    if (now_.map[dim] == to_[dim]) return true;
    if (now_.map[dim] != no_axis || holder(to_[dim]) >= 0) return false;
    split(dim, to_[dim]);
    return true;
  }
  constexpr bool exchange_or_close(std::size_t dim) {
    if (now_.map[dim] == to_[dim]) return true;
    if (now_.map[dim] != no_axis || holder(to_[dim]) < 0) return false;
    concat(static_cast<std::size_t>(holder(to_[dim])));
    split(dim, to_[dim]);
    return true;
  }
  constexpr bool gather(std::size_t dim) {
    if (now_.map[dim] == no_axis || to_.contains(now_.map[dim])) return false;
    concat(dim);
    return to_[dim] == no_axis;
  }
  constexpr void break_cycle(std::size_t dim) { concat(dim); }

  [[nodiscard]] constexpr device_run group(index_t axis) const {
    index_t const stride = now_.stride(axis);
    return {device_ - now_.coordinate(device_, axis) * stride, stride, now_.axis_size(axis)};
  }
  constexpr void split(std::size_t dim, index_t axis) {
    mindspore_operator slice{.kind = operator_kind::strided_slice};
    slice.end = now_.local_shape();
    slice.begin = factor_list(slice.end.size(), 0);
    index_t const part = slice.end[dim] / now_.axis_size(axis);
    slice.begin[dim] = part * now_.coordinate(device_, axis);
    slice.end[dim] = slice.begin[dim] + part;
    out_.push_back(slice);
    now_.map[dim] = axis;
  }
  constexpr void concat(std::size_t dim) {
    mindspore_operator join{.kind = operator_kind::all_concat};
    join.group = group(now_.map[dim]);
    join.dim = static_cast<index_t>(dim);
    out_.push_back(join);
    now_.map[dim] = no_axis;
  }

  plain_layout now_;
  factor_list to_;
  index_t device_;
  operator_list& out_;
  factor_list open_;  // dims that are not final, in sweep order
};

constexpr void append_reshape(operator_list& out, factor_list const& shape) {
  mindspore_operator reshape{.kind = operator_kind::reshape};
  reshape.shape = shape;
  out.push_back(reshape);
}

/// The way over the whole tensor, for layouts whose factors do not fit together.
constexpr void append_full_gather(operator_list& out, plain_layout const& from,
                                  plain_layout const& to, index_t device) {
  operator_search{from, factor_list(from.shape.size(), no_axis), device, out}.run();
  if (from.shape != to.shape) append_reshape(out, to.shape);
  plain_layout const whole{to.devices, factor_list(to.shape.size(), no_axis), to.shape};
  operator_search{whole, to.map, device, out}.run();
}

}  // namespace detail

/// The operators that one device runs to get from one layout to another, as MindSpore derives them.
///   from, to: of the same elements, row-major; the smaller device count must divide the larger one
///   device:   0 .. larger device count - 1; beyond it only lists without all_concat and
///             strided_slice
///   throws:   layout_error of a broken map or device_does_not_exist, plan_error
///             element_counts_differ, device_counts_do_not_divide
///   source:   tensor_redistribution.cc; spec of the worked operator lists
[[nodiscard]] constexpr operator_list mindspore_operators(plain_layout const& from,
                                                          plain_layout const& to, index_t device) {
  detail::require_movable(from, to, device);
  index_t const count =
      from.device_count() > to.device_count() ? from.device_count() : to.device_count();
  plain_layout const source = detail::without_unit_axes(detail::with_copies(from, count));
  plain_layout const target = detail::without_unit_axes(detail::with_copies(to, count));
  common_refinement const both = refined(detail::squeezed(source), detail::squeezed(target));
  operator_list core;
  if (both.exists) {
    detail::operator_search{both.from, both.to.map, device, core}.run();
  } else {
    detail::append_full_gather(core, source, target, device);
  }
  if (!core.empty() && device >= count) detail::device_does_not_exist(device, count);
  if (!both.exists) return core;
  operator_list out;
  factor_list const first = source.local_shape();
  factor_list const last = target.local_shape();
  if (!core.empty() && first != both.from.local_shape())
    detail::append_reshape(out, both.from.local_shape());
  for (mindspore_operator const& op : core) out.push_back(op);
  if ((core.empty() ? first : both.to.local_shape()) != last) detail::append_reshape(out, last);
  return out;
}

}  // namespace v1
}  // namespace reshard
