// expect: device_counts_differ
#include <reshard/plan.hpp>

using namespace reshard;

constexpr step_program steps(index_t devices) {
  return make_steps(layout{{4}, plain_map({4}, {0}), {8}},
                    layout{{devices}, plain_map({devices}, {-1}), {8}});
}
constexpr step_program fits = steps(4);
#ifdef RESHARD_EXPECT_FAIL
constexpr step_program fails = steps(2);
#endif
