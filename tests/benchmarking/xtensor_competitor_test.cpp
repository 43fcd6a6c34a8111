#include <reshard/benchmarking/xtensor_competitor.hpp>

#include "rivals.hpp"

TEST_CASE("views of xtensor move the right elements", "[xtensor_competitor]") {
  check_rival(reshard::benchmarking::xtensor_competitor);
}
