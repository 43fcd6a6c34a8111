#pragma once

#include <reshard/algebra/strided_coalesce.hpp>

namespace reshard {
inline namespace v1 {

/// How often a function may be evaluated to find out whether a layout has it.
inline constexpr index_t enumeration_limit = index_t{1} << 22;

namespace detail {
[[noreturn]] inline void layout_is_too_large_to_enumerate(index_t size) {
  throw layout_error(errc::layout_is_too_large_to_enumerate, __func__,
                     {"no closed form applies, and a domain of ", size, " indices takes more than ",
                      enumeration_limit, " evaluations"});
}

[[noreturn]] inline void no_layout_has_this_function(index_t size) {
  throw layout_error(errc::no_layout_has_this_function, __func__,
                     {"no shape:stride layout has this function of ", size, " indices"});
}

/// What a search is allowed to cost.
class evaluation_budget {
 public:
  constexpr explicit evaluation_budget(index_t size) : size_(size) {}
  constexpr void spend(index_t evaluations = 1) {
    left_ -= evaluations;
    if (left_ < 0) layout_is_too_large_to_enumerate(size_);
  }

 private:
  index_t size_;
  index_t left_ = enumeration_limit;
};

/// Flat modes, or nothing.
struct found_modes {
  bool found = false;
  mode_list modes;
};

/// The coalesced modes of the layout that has the function f on 0 .. size - 1 with f(0) = 0, if
/// there is one.
/// Complete: coalesced modes s_1:d_1, .., s_k:d_k have s_j > 1 and d_(j+1) != s_j d_j, so f(1) is
/// d_1, f(i) = i d_1 below s_1, and f(s_1) = d_2 != s_1 d_1. Hence s_1 is the first index where f
/// leaves the multiples of f(1), s_1 divides the size, and g(j) = f(s_1 j) has the other modes.
/// The candidate found in this way is the only one; f is a layout if it agrees everywhere.
///   throws: layout_error layout_is_too_large_to_enumerate
///   cost:   at most twice `size` evaluations, fewer when no layout has the function
template <class Function> constexpr found_modes modes_of(Function const& f, index_t size) {
  evaluation_budget budget(size);
  found_modes candidate;
  for (index_t step = 1; step < size;) {
    index_t const rest = size / step;
    index_t const stride = f(step);
    index_t extent = 2;
    for (index_t multiple = stride; extent < rest; ++extent) {
      budget.spend();
      if (__builtin_add_overflow(multiple, stride, &multiple) || f(step * extent) != multiple)
        break;
    }
    if (rest % extent != 0) return {};
    candidate.modes.push_back({extent, stride});
    step *= extent;
  }
  auto const& modes = candidate.modes;
  for (index_t i = 0; i < size; ++i) {
    budget.spend();
    if (f(i) != value_at(modes.begin(), modes.end(), i)) return {};
  }
  candidate.found = true;
  return candidate;
}
}  // namespace detail

/// The values of a layout, in order.
///   throws: layout_error layout_is_too_large_to_enumerate
template <class Sink> constexpr void for_each_value(strided_layout const& a, Sink const& sink) {
  if (a.size() > enumeration_limit) detail::layout_is_too_large_to_enumerate(a.size());
  for (index_t i = 0; i < a.size(); ++i) sink(a(i));
}

}  // namespace v1
}  // namespace reshard
