// expect: dim_does_not_exist
#include <reshard/algebra.hpp>
#include <reshard/plan.hpp>

using namespace reshard;

constexpr layout whole{device_matrix{4}, plain_map({4}, {-1}), {12}};
constexpr layout fits = with_optimizer_shard(whole, 4, tensor_dim{0});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = with_optimizer_shard(whole, 4, tensor_dim{1});
#endif
