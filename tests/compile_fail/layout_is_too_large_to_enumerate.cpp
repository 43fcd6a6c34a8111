// expect: layout_is_too_large_to_enumerate
#include <reshard/algebra/strided.hpp>

using namespace reshard;

constexpr index_t sum(strided_layout const& a) {
  index_t all = 0;
  for_each_value(a, [&](index_t value) { all += value; });
  return all;
}
constexpr index_t fits = sum(strided_layout{16});
#ifdef RESHARD_EXPECT_FAIL
constexpr index_t fails = sum(strided_layout{index_t{1} << 40});
#endif
