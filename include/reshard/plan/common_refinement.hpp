#pragma once

#include <reshard/plan/plain_layout.hpp>

namespace reshard {
inline namespace v1 {

/// Two plain layouts over the same devices and shape that cut as two given ones do.
///   exists: false when the factors do not fit together; then the layouts are meaningless
struct common_refinement {
  plain_layout from;
  plain_layout to;
  bool exists = true;
};

namespace detail {
/// A list of factors, or none.
struct factors {
  factor_list list;
  bool exist = true;
};

constexpr factor_list reversed(factor_list const& list) {
  factor_list out;
  for (std::size_t i = list.size(); i-- > 0;) out.push_back(list[i]);
  return out;
}

/// The factors between all running products of both lists; none if one is not integral. No product
/// is ever formed, so nothing overflows.
constexpr factors merged(factor_list const& a, factor_list const& b) {
  factors out;
  std::size_t i = 0;
  std::size_t j = 0;
  index_t left = 1;   // what is left of a's factor
  index_t right = 1;  // and of b's
  for (;;) {
    while (left == 1 && i < a.size()) left = a[i++];
    while (right == 1 && j < b.size()) right = b[j++];
    if (left == 1 && right == 1) break;
    index_t const least = left < right ? left : right;
    if (least <= 1 || left % least != 0 || right % least != 0) return {{}, false};
    out.list.push_back(least);
    left /= least;
    right /= least;
  }
  if (out.list.empty()) out.list.push_back(1);
  return out;
}

/// End of the run of factors from `first` on whose product is `size`; 0 if there is none.
constexpr std::size_t run_end(factor_list const& list, std::size_t first, index_t size) {
  index_t rest = size;
  while (first < list.size() && rest % list[first] == 0) {
    rest /= list[first++];
    if (rest == 1) return first;
  }
  return 0;
}

/// Replaces every axis by a run of axes that are factors of its size, and every dim that it cuts by
/// as many dims.
constexpr bool split_axes(plain_layout& l, factor_list const& axes) {
  plain_layout out{axes, {}, {}};
  factor_list first;  // per axis, outermost first: where its run begins
  first.push_back(0);
  for (index_t const size : l.devices) {
    std::size_t const end = run_end(axes, static_cast<std::size_t>(first.back()), size);
    if (end == 0) return false;
    first.push_back(static_cast<index_t>(end));
  }
  for (std::size_t d = 0; d < l.shape.size(); ++d) {
    index_t rest = l.shape[d];
    index_t axis = no_axis;
    if (l.map[d] != no_axis) {
      std::size_t const at = l.devices.size() - 1 - static_cast<std::size_t>(l.map[d]);
      index_t const last = first[at + 1] - 1;
      for (index_t k = first[at]; k < last; ++k) {
        index_t const size = axes[static_cast<std::size_t>(k)];
        if (rest % size != 0) return false;
        out.shape.push_back(size);
        out.map.push_back(static_cast<index_t>(axes.size()) - 1 - k);
        rest /= size;
      }
      axis = static_cast<index_t>(axes.size()) - 1 - last;
    }
    out.shape.push_back(rest);
    out.map.push_back(axis);
  }
  l = out;
  return true;
}

/// Cuts every dim into a run of dims; the first of them stays on the dim's axis.
constexpr bool split_dims(plain_layout& l, factor_list const& shape) {
  plain_layout out{l.devices, {}, shape};
  std::size_t at = 0;
  for (std::size_t d = 0; d < l.shape.size(); ++d) {
    std::size_t const end = run_end(shape, at, l.shape[d]);
    if (end == 0 || shape[at] % l.parts(d) != 0) return false;
    out.map.push_back(l.map[d]);
    for (++at; at < end; ++at) out.map.push_back(no_axis);
  }
  l = out;
  return at == shape.size();
}

/// The axes of `l`, each one that cuts a dim factored as far as the leading factors of the dim's
/// run in `shape` ask for.
constexpr factors axes_refined_by(plain_layout const& l, factor_list const& shape) {
  factor_list first;
  first.push_back(0);
  for (index_t const size : l.shape) {
    std::size_t const end = run_end(shape, static_cast<std::size_t>(first.back()), size);
    if (end == 0) return {{}, false};
    first.push_back(static_cast<index_t>(end));
  }
  factors out;
  for (index_t a = static_cast<index_t>(l.devices.size()); a-- > 0;) {
    index_t const size = l.axis_size(a);
    index_t product = 1;
    for (std::size_t d = 0; d < l.shape.size(); ++d) {
      if (l.map[d] != a) continue;
      for (auto k = static_cast<std::size_t>(first[d]);
           k < static_cast<std::size_t>(first[d + 1]) && product * shape[k] <= size; ++k) {
        out.list.push_back(shape[k]);
        product *= shape[k];
      }
    }
    if (product < size || size == 1) out.list.push_back(size / product);
  }
  return out;
}

enum class refinement : std::uint8_t { unchanged, refined, impossible };

/// Makes the shape of x contain the factors of y's shape, counted from the right.
constexpr refinement refine(plain_layout& x, plain_layout& y) {
  factors const joint = merged(reversed(x.shape), reversed(y.shape));
  if (!joint.exist) return refinement::impossible;
  factor_list const shape = reversed(joint.list);
  if (shape == x.shape) return refinement::unchanged;
  factors const axes = axes_refined_by(x, shape);
  bool const done =
      axes.exist && split_axes(x, axes.list) && split_axes(y, axes.list) && split_dims(x, shape);
  return done ? refinement::refined : refinement::impossible;
}

constexpr bool refine_fully(plain_layout& x, plain_layout& y) {
  refinement step = refine(x, y);
  while (step == refinement::refined) step = refine(x, y);
  return step == refinement::unchanged;
}
}  // namespace detail

/// Factors axes and dims of both layouts until devices and shape are the same.
///   example: devices(8, 4) map((1), (0)) and devices(2, 16) map((0), (1)) of shape(512, 1024) meet
///            in devices(2, 2, 2, 4) shape(2, 2, 128, 1024), maps (3, 2, 1, 0) and (2, 1, 0, 3)
///   source:  redistribution_layout_transfer.cc
[[nodiscard]] constexpr common_refinement refined(plain_layout const& from,
                                                  plain_layout const& to) {
  common_refinement out{from, to, true};
  detail::factors const axes = detail::merged(from.devices, to.devices);
  out.exists = axes.exist && detail::split_axes(out.from, axes.list) &&
               detail::split_axes(out.to, axes.list);
  while (out.exists && out.from.shape != out.to.shape)
    out.exists = detail::refine_fully(out.from, out.to) && detail::refine_fully(out.to, out.from);
  return out;
}

namespace detail {
[[noreturn]] inline void factors_do_not_fit_together(index_t devices, index_t elements) {
  throw plan_error(errc::factors_do_not_fit_together, __func__,
                   {"two layouts of ", elements, " elements on ", devices,
                    " devices: their axes or dims have no common refinement"});
}
}  // namespace detail

/// The common refinement of two layouts of equal device counts and element counts, without device
/// axes and dims of size 1.
///   throws: layout_error of a broken map; plan_error device_counts_differ, element_counts_differ,
///           factors_do_not_fit_together
[[nodiscard]] constexpr common_refinement unified(plain_layout const& from,
                                                  plain_layout const& to) {
  detail::require_movable(from, to, 0);
  if (from.device_count() != to.device_count())
    detail::device_counts_differ(from.device_count(), to.device_count());
  common_refinement const both = refined(detail::squeezed(detail::without_unit_axes(from)),
                                         detail::squeezed(detail::without_unit_axes(to)));
  if (!both.exists)
    detail::factors_do_not_fit_together(from.device_count(), detail::element_count(from.shape));
  return both;
}

}  // namespace v1
}  // namespace reshard
