// expect: placements_differ_from_device_axes
#include <reshard/algebra/torch_placements.hpp>

using namespace reshard;

constexpr torch_placements one{torch_placement::shard(tensor_dim{0})};
constexpr layout fits = torch_layout({2}, one, {8});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = torch_layout({2, 2}, one, {8});
#endif
