#include <reshard/testing/plan_oracle.hpp>
#include <reshard/testing/predicates.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix four{4};
constexpr layout rows{four, plain_map(four, {0, -1}), {8, 4}};
constexpr layout columns{four, plain_map(four, {-1, 0}), {8, 4}};
constexpr layout turns{four, plain_map(four, {0, -1}, cut_rule::cyclic(1)), {8, 4}};

constexpr bool the_plan_between_two_layouts_is_complete_and_least() {
  EXPECT(testing::covers_exactly_once(rows, columns));
  EXPECT(testing::covers_exactly_once(columns, turns));
  EXPECT(testing::moves_no_more_than(24, rows, columns));
  EXPECT(!testing::moves_no_more_than(23, rows, columns));
  EXPECT(testing::moved_elements(testing::transfers_between(rows, columns)) == 24);
  EXPECT(testing::moves_no_more_than(0, testing::transfers_between(turns, turns)));
  EXPECT(testing::same_elements(rows, rows) && !testing::same_elements(rows, columns));
  return true;
}
TEST_BOTH("[predicates]", the_plan_between_two_layouts_is_complete_and_least)

constexpr testing::plan_finding after(void (*change)(testing::transfer_list&)) {
  testing::transfer_list transfers = testing::transfers_between(rows, columns);
  change(transfers);
  return testing::find_fault(rows, columns, transfers);
}

constexpr bool each_fault_has_its_name_and_its_device() {
  using testing::plan_fault;
  using list = testing::transfer_list;
  EXPECT(after([](list&) {}) == testing::plan_finding{});
  EXPECT(after([](list& t) { t.pop_back(); }) == testing::plan_finding{plan_fault::not_filled, 3});
  EXPECT(after([](list& t) { t.push_back(t[5]); }) ==
         testing::plan_finding{plan_fault::filled_twice, 1});
  EXPECT(after([](list& t) { t[5].source_offset[1] = 0; }) ==
         testing::plan_finding{plan_fault::wrong_element, 1});
  EXPECT(after([](list& t) { t[5].extent[0] = 7; }) ==
         testing::plan_finding{plan_fault::outside, 1});
  EXPECT(after([](list& t) { t[5].source = 4; }) ==
         testing::plan_finding{plan_fault::no_such_device, 1});
  EXPECT(after([](list& t) { t[5].destination = -1; }).fault == plan_fault::no_such_device);
  return true;
}
TEST_BOTH("[predicates]", each_fault_has_its_name_and_its_device)

constexpr bool without_the_source_only_places_count() {
  testing::transfer_list transfers = testing::transfers_between(rows, columns);
  transfers[5].source_offset[1] = 0;
  EXPECT(testing::covers_exactly_once(columns, transfers));
  EXPECT(!testing::covers_exactly_once(rows, columns, transfers));
  transfers.pop_back();
  EXPECT(!testing::covers_exactly_once(columns, transfers));
  return true;
}
TEST_BOTH("[predicates]", without_the_source_only_places_count)

/// Element by element.
bool is_right(testing::oracle const& from, testing::oracle const& to,
              testing::transfer_list const& transfers) {
  std::vector<testing::element_servers> filled(to.devices());
  for (transfer const& t : transfers)
    if (!testing::run(t, from, to, filled[static_cast<std::size_t>(t.destination)])) return false;
  for (std::size_t device = 0; device < to.devices(); ++device)
    if (filled[device].size() != to.elements(device).size()) return false;
  return true;
}

TEST_CASE("plans, also damaged ones, are judged as element by element", "[predicates]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  int wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    auto const pair = testing::random_case<2>(random, {.devices = 8});
    testing::placed_layout const from{pair[0]};
    testing::placed_layout const to{pair[1]};
    testing::transfer_list transfers = testing::transfers_between(from.value, to.value);
    REQUIRE(testing::covers_exactly_once(from.value, to.value, transfers));
    if (transfers.empty() || from.value.shape().rank() == 0) continue;
    transfer& t =
        transfers[static_cast<std::size_t>(random.below(static_cast<index_t>(transfers.size())))];
    auto const d =
        static_cast<std::size_t>(random.below(static_cast<index_t>(from.value.shape().rank())));
    switch (random.below(4)) {
      case 0:
        t.source = random.below(static_cast<index_t>(from.places.devices()));
        break;
      case 1:
        t.source_offset[d] += random.below(2);
        break;
      case 2:
        t.destination_offset[d] += random.below(2);
        break;
      default:
        t.extent[d] += random.below(3) - 1;
    }
    bool const right = is_right(from.places, to.places, transfers);
    wrong += right ? 0 : 1;
    if (testing::covers_exactly_once(from.value, to.value, transfers) != right)
      FAIL(testing::to_text(from.value) << " to " << testing::to_text(to.value));
  }
  CHECK(wrong > 300);
}

}  // namespace
