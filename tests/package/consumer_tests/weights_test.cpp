#include <reshard/algebra/named_axes.hpp>
#include <reshard/testing/catch_matchers.hpp>

using namespace reshard;
using namespace reshard::testing;

// The code under test: rows over tensor parallelism, columns over data parallelism.
constexpr layout weights(index_t dp, index_t tp) {
  return partitioned({{"dp", dp}, {"tp", tp}}, {"tp", "dp"}, {4096, 1024});
}

static_assert(covers_exactly_once(weights(2, 4), weights(4, 2)));
static_assert(weights(2, 4).local_shape(0) == extents{1024, 512});

TEST_CASE("changing the parallelism moves no element in vain") {
  transfer_list const plan = transfers_between(weights(2, 4), weights(4, 2));
  CHECK_THAT(plan, CoversExactlyOnce(weights(2, 4), weights(4, 2)));
  CHECK_THAT(plan, MovesNoMoreThan(cost(weights(2, 4), weights(4, 2)).lower_bound));
}

TEST_CASE("a plan between any two layouts fills each element once") {
  CHECK(for_all_pairs({.cases = 200}, [](layout const& from, layout const& to) {
    return covers_exactly_once(from, to);
  }));
}
