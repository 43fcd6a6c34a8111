// expect: pieces_leave_elements_out
#include <reshard/plan/piece_table.hpp>

using namespace reshard;

constexpr bool joins(index_t second) {
  box const first_half{{0}, {2}};
  box const rest{{second}, {4 - second}};
  return piece_table{{4}, {{0, piece{first_half}}, {1, piece{rest}}}}.shape() == extents{4};
}
static_assert(joins(2));
#ifdef RESHARD_EXPECT_FAIL
static_assert(joins(3));
#endif
