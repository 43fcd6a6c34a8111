#include <reshard/plan/common_refinement.hpp>

#include "support/both.hpp"

namespace common_refinement_test {

using namespace reshard;

namespace {

constexpr bool two_matrices_meet_in_the_factors_of_both() {
  plain_layout const from{{8, 4}, {1, 0}, {512, 1024}};
  plain_layout const to{{2, 16}, {0, 1}, {512, 1024}};
  common_refinement const both = refined(from, to);
  EXPECT(both.exists);
  EXPECT(both.from == plain_layout{{2, 2, 2, 4}, {3, 2, 1, 0}, {2, 2, 128, 1024}});
  EXPECT(both.to == plain_layout{{2, 2, 2, 4}, {2, 1, 0, 3}, {2, 2, 128, 1024}});
  return true;
}
TEST_BOTH("[common_refinement]", two_matrices_meet_in_the_factors_of_both)

constexpr bool equal_matrices_and_shapes_stay_as_they_are() {
  plain_layout const from{{16}, {0, -1}, {512, 1024}};
  plain_layout const to{{16}, {-1, 0}, {512, 1024}};
  common_refinement const both = refined(from, to);
  EXPECT(both.exists && both.from == from && both.to == to);
  return true;
}
TEST_BOTH("[common_refinement]", equal_matrices_and_shapes_stay_as_they_are)

constexpr bool factors_that_do_not_fit_have_no_common_refinement() {
  EXPECT(!refined({{2, 3}, {1, 0}, {12, 12}}, {{3, 2}, {1, 0}, {12, 12}}).exists);
  return true;
}
TEST_BOTH("[common_refinement]", factors_that_do_not_fit_have_no_common_refinement)

}  // namespace

}  // namespace common_refinement_test
