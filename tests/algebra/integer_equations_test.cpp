#include <reshard/algebra/integer_equations.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

#include <random>

namespace integer_equations_test {

using namespace reshard;

namespace {

using detail::integer_equations;

constexpr bool equations_are_solved_over_the_integers() {
  integer_equations two(2);
  EXPECT(two.require({2, 3}, 1));
  EXPECT(2 * two.point()[0] + 3 * two.point()[1] == 1);
  EXPECT(two.require({1, -1}, 3));
  EXPECT((two.point() == integer_equations::row{2, -1}));
  EXPECT(two.require({3, 2}, 4) && !two.require({3, 2}, 5));
  return true;
}
TEST_BOTH("[integer_equations]", equations_are_solved_over_the_integers)

constexpr bool a_solution_between_the_integers_is_none() {
  integer_equations two(2);
  EXPECT(!two.require({2, 4}, 5));
  EXPECT(two.require({2, 4}, 6) && two.require({0, 0}, 0) && !two.require({0, 0}, 1));
  return true;
}
TEST_BOTH("[integer_equations]", a_solution_between_the_integers_is_none)

TEST_CASE("random equations are solved if and only if small integers solve them or none do",
          "[integer_equations]") {
  std::mt19937 random{20242};
  INFO("seed 20242");
  long solved = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<integer_equations::row> factors;
    std::vector<index_t> values;
    for (int e = 0; e < 3; ++e) {
      factors.push_back({});
      for (int u = 0; u < 3; ++u) factors.back().push_back(static_cast<index_t>(random() % 7) - 3);
      values.push_back(static_cast<index_t>(random() % 9) - 4);
    }
    integer_equations equations(3);
    bool consistent = true;
    for (std::size_t e = 0; e < 3; ++e)
      consistent = consistent && equations.require(factors[e], values[e]);
    auto const holds = [&](std::size_t e, index_t x, index_t y, index_t z) {
      return factors[e][0] * x + factors[e][1] * y + factors[e][2] * z == values[e];
    };
    auto const& point = equations.point();
    if (consistent) {
      ++solved;
      for (std::size_t e = 0; e < 3; ++e) REQUIRE(holds(e, point[0], point[1], point[2]));
      continue;
    }
    for (index_t x = -8; x <= 8; ++x)
      for (index_t y = -8; y <= 8; ++y)
        for (index_t z = -8; z <= 8; ++z)
          if (holds(0, x, y, z) && holds(1, x, y, z) && holds(2, x, y, z)) FAIL("has a solution");
  }
  CHECK(solved > 1000);
}

}  // namespace

}  // namespace integer_equations_test
