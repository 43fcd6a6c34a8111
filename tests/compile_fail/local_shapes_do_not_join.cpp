// expect: local_shapes_do_not_join
#include <reshard/algebra.hpp>

using namespace reshard;

constexpr extents uneven[] = {{3}, {2}};
constexpr extents reversed[] = {{2}, {3}};
constexpr tensor_map halves = plain_map({2}, {0}, tail_rule::balanced);
constexpr layout fits = joined_layout({2}, halves, [](index_t d) { return uneven[d]; });
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = joined_layout({2}, halves, [](index_t d) { return reversed[d]; });
#endif
