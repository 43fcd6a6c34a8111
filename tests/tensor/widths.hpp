#pragma once

#include <reshard/tensor/pack.hpp>

namespace widths {

/// Calls body with narrow registers and, where there are some, with wide ones.
template <class Body> void for_each_width(Body const& body) {
#if defined(__x86_64__)
  bool const wide = reshard::detail::use_wide_packs;
  body();
  reshard::detail::use_wide_packs = false;
  body();
  reshard::detail::use_wide_packs = wide;
#else
  body();
#endif
}

}  // namespace widths
