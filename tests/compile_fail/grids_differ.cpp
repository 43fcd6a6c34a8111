// expect: grids_differ
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr grid factored() {
  grid g;
  g.append_dim({2, 2});
  return g;
}
constexpr layout a{device_matrix{2}, plain_map({2}, {-1}), {4}};
constexpr layout b{device_matrix{2}, factored(), plain_map({2}, {-1, -1}), {4}};
constexpr plan_cost fits = cost(a, a);
#ifdef RESHARD_EXPECT_FAIL
constexpr plan_cost fails = cost(a, b);
#endif
