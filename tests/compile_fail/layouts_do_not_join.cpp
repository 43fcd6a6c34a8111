// expect: layouts_do_not_join
#include <reshard/algebra/rearranged.hpp>

using namespace reshard;

constexpr layout l{device_matrix{2}, plain_map({2}, {0, -1}), {4, 3}};
constexpr layout other{device_matrix{2}, plain_map({2}, {0, -1}), {6, 3}};
constexpr layout fits = concatenated({l, other}, tensor_dim{0});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = concatenated({l, other}, tensor_dim{1});
#endif
