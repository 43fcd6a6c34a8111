// expect: piece_has_no_present_holder
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout l{device_matrix{2}, plain_map({2}, {0}), {4}};
constexpr layout whole{device_matrix{2}, plain_map({2}, {-1}), {4}};
constexpr index_t count(index_t absent) {
  index_t n = 0;
  for_each_transfer(
      l, whole, 0, [&](transfer const&) { ++n; }, [=](index_t d) { return d != absent; });
  return n;
}
constexpr index_t fits = count(2);
#ifdef RESHARD_EXPECT_FAIL
constexpr index_t fails = count(1);
#endif
