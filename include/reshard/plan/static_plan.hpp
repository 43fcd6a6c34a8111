#pragma once

#include <reshard/plan/make_steps.hpp>

namespace reshard {
inline namespace v1 {

/// The steps from one layout to another as a constant. A pair that no steps connect does not
/// compile; the message names the rule.
///   law:     static_plan<From, To> == make_steps(From, To)
///   throws:  as make_steps, as compile errors
///   example: static_assert(static_plan<rows, columns>[0].kind() == step_kind::all_to_all)
template <layout From, layout To> inline constexpr step_program static_plan = make_steps(From, To);

}  // namespace v1
}  // namespace reshard
