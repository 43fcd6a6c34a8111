#pragma once

#include <reshard/algebra/error.hpp>

namespace reshard {
inline namespace v1 {
namespace detail {
[[noreturn]] inline void cancelled() {
  throw plan_error(errc::cancelled, __func__, {"stopped on request"});
}
}  // namespace detail

}  // namespace v1
}  // namespace reshard
