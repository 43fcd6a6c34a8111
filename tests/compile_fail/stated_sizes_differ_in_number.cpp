// expect: stated_sizes_differ_in_number
#include <reshard/algebra.hpp>

using namespace reshard;

constexpr layout in_parts(size_list const& sizes) {
  return {device_matrix{2}, plain_map({2}, {0}, cut_rule::parts(sizes)), {6}};
}
constexpr layout fits = in_parts({4, 2});
#ifdef RESHARD_EXPECT_FAIL
constexpr layout fails = in_parts({4, 1, 1});
#endif
