#include <reshard/plan/relabelling.hpp>
#include <reshard/testing/for_all.hpp>

#include "support/both.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace relabelling_test {

using namespace reshard;

namespace {

using names = std::vector<index_t>;

/// Elements that stay under a permutation of the names, by the definition.
index_t kept_under(layout const& from, layout const& to, names const& name_at) {
  index_t kept = 0;
  for (index_t device = 0; device < to.devices().devices(); ++device) {
    index_t const name = name_at[static_cast<std::size_t>(device)];
    if (name < from.devices().devices())
      kept += common_elements(to, to.part_on(device), from, from.part_on(name));
  }
  return kept;
}

TEST_CASE("no permutation of the names keeps more", "[relabelling]") {
  CHECK(testing::for_all_pairs(
      {.cases = 300, .devices = 6}, [](layout const& from, layout const& to) {
        auto const best = best_relabelling<names>(from, to);
        names order(static_cast<std::size_t>(to.devices().devices()));
        std::iota(order.begin(), order.end(), index_t{0});
        if (!std::is_permutation(order.begin(), order.end(), best.name_at.begin())) return false;
        index_t most = 0;
        do most = std::max(most, kept_under(from, to, order));
        while (std::next_permutation(order.begin(), order.end()));
        return best.kept == most && kept_under(from, to, best.name_at) == most;
      }));
}

TEST_CASE("a layout whose devices are named anew is found again", "[relabelling]") {
  layout const rows{device_matrix{8}, plain_map({8}, {0}), {16}};
  auto const turned = [](index_t name) { return (name * 3 + 5) % 8; };
  auto const best = best_relabelling<names>(rows, rows, turned);
  CHECK(best.kept == 16);
  CHECK(best.total == 16);
  for (index_t device = 0; device < 8; ++device)
    CHECK(turned(best.name_at[static_cast<std::size_t>(device)]) == device);
}

constexpr bool names_are_a_constant_too() {
  using few = inplace_vector<index_t, 16>;
  layout const rows{device_matrix{3}, plain_map({3}, {0}), {6}};
  auto const best = best_relabelling<few>(rows, rows, [](index_t name) { return 2 - name; });
  EXPECT(best.kept == 6);
  EXPECT((best.name_at == few{2, 1, 0}));
  return true;
}
TEST_BOTH("[relabelling]", names_are_a_constant_too)

// 10 rows to 10 columns keep one element of each device whatever the names are.
TEST_CASE("rows and columns keep what every pair has in common", "[relabelling]") {
  layout const rows{device_matrix{10}, plain_map({10}, {0, -1}), {10, 10}};
  layout const columns{device_matrix{10}, plain_map({10}, {-1, 0}), {10, 10}};
  CHECK(best_relabelling<names>(rows, columns).kept == 10);
}

TEST_CASE("names without a device of the source keep nothing", "[relabelling]") {
  layout const one{device_matrix{1}, plain_map({1}, {-1}), {12}};
  layout const three{device_matrix{3}, plain_map({3}, {-1}), {12}};
  auto const best = best_relabelling<names>(one, three);
  CHECK(best.kept == 12);
  CHECK(best.total == 36);
}

}  // namespace

}  // namespace relabelling_test
