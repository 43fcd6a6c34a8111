// expect: element_counts_differ
#include <reshard/plan/mindspore_operators.hpp>

using namespace reshard;

constexpr plain_layout flat{{2}, {0}, {12}};
constexpr plain_layout square{{2}, {0, -1}, {4, 3}};
constexpr plain_layout longer{{2}, {0}, {14}};
constexpr operator_list fits = mindspore_operators(flat, square, 0);
#ifdef RESHARD_EXPECT_FAIL
constexpr operator_list fails = mindspore_operators(flat, longer, 0);
#endif
