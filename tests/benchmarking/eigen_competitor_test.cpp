#include <reshard/benchmarking/eigen_competitor.hpp>

#include "rivals.hpp"

TEST_CASE("blocks of Eigen move the right elements", "[eigen_competitor]") {
  check_rival(reshard::benchmarking::eigen_competitor);
}
