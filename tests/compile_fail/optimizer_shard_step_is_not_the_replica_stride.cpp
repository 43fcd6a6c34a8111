// expect: optimizer_shard_step_is_not_the_replica_stride
#include <reshard/plan/mindspore_layout.hpp>

using namespace reshard;

constexpr plain_layout expanded_with_step(index_t step) {
  return expanded({{4, 2}, {{0}, {}}, map_form::plain, step, 2}, {16, 8});
}
constexpr plain_layout fits = expanded_with_step(2);
#ifdef RESHARD_EXPECT_FAIL
constexpr plain_layout fails = expanded_with_step(4);
#endif
