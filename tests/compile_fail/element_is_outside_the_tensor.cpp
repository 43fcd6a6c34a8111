// expect: element_is_outside_the_tensor
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout whole{device_matrix{4}, plain_map({4}, {0}), {12}};
constexpr part_index fits = whole.part_of({11});
#ifdef RESHARD_EXPECT_FAIL
constexpr part_index fails = whole.part_of({12});
#endif
