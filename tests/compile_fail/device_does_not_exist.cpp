// expect: device_does_not_exist
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout l{device_matrix{2}, plain_map({2}, {0}), {4}};
constexpr index_t count(index_t device) {
  index_t n = 0;
  for_each_transfer(l, l, device, [&](transfer const&) { ++n; });
  return n;
}
constexpr index_t fits = count(1);
#ifdef RESHARD_EXPECT_FAIL
constexpr index_t fails = count(2);
#endif
