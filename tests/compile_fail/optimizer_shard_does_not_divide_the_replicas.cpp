// expect: optimizer_shard_does_not_divide_the_replicas
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout whole{device_matrix{4}, plain_map({4}, {-1}), {12}};
constexpr layout fits = with_optimizer_shard(whole, 2);
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = with_optimizer_shard(whole, 3);
#endif
