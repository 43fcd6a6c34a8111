// expect: device_counts_do_not_divide
#include <reshard/plan/mindspore_operators.hpp>

using namespace reshard;

constexpr plain_layout two{{2}, {0}, {12}};
constexpr plain_layout three{{3}, {0}, {12}};
constexpr plain_layout four{{4}, {0}, {12}};
constexpr operator_list fits = mindspore_operators(two, four, 0);
#ifdef RESHARD_EXPECT_FAIL
constexpr operator_list fails = mindspore_operators(two, three, 0);
#endif
