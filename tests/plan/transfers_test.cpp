#include <reshard/plan/transfers.hpp>
#include <reshard/testing/plan_oracle.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix eight{8};
constexpr layout rows{eight, plain_map(eight, {0, -1}), {16, 8}};
constexpr layout columns{eight, plain_map(eight, {-1, 0}), {16, 8}};
constexpr layout whole{device_matrix{2}, plain_map({2}, {-1, -1}), {16, 8}};

using transfer_list = inplace_vector<transfer, 16>;
template <class... Present>
constexpr transfer_list transfers(layout const& from, layout const& to, index_t device,
                                  Present const&... present) {
  transfer_list list;
  for_each_transfer(
      from, to, device, [&](transfer const& t) { list.push_back(t); }, present...);
  return list;
}

constexpr bool every_row_block_sends_its_share_of_a_column_block() {
  transfer_list const list = transfers(rows, columns, 3);
  EXPECT(list.size() == 8);
  for (index_t source = 0; source < 8; ++source) {
    transfer const& t = list[static_cast<std::size_t>(source)];
    EXPECT(t == transfer{source, 3, {0, 3}, {2 * source, 0}, {2, 1}});
    EXPECT(t.elements() == 2);
  }
  return true;
}
TEST_BOTH("[transfers]", every_row_block_sends_its_share_of_a_column_block)

constexpr bool what_a_device_holds_it_copies_from_itself() {
  EXPECT(transfers(rows, rows, 5) == transfer_list{{5, 5, {0, 0}, {0, 0}, {2, 8}}});
  EXPECT(transfers(whole, columns, 1) == transfer_list{{1, 1, {0, 1}, {0, 0}, {16, 1}}});
  EXPECT(transfers(whole, columns, 2) == transfer_list{{0, 2, {0, 2}, {0, 0}, {16, 1}}});
  return true;
}
TEST_BOTH("[transfers]", what_a_device_holds_it_copies_from_itself)

constexpr bool the_lowest_present_holder_serves_for_an_absent_one() {
  auto const without = [](index_t absent) { return [=](index_t d) { return d != absent; }; };
  EXPECT(transfers(whole, columns, 1, without(1))[0].source == 0);
  EXPECT(transfers(whole, columns, 2, without(0))[0].source == 1);
  EXPECT(serving_holder(whole, {}, 1, all_present{}) == 1);
  EXPECT(serving_holder(whole, {}, 7, all_present{}) == 0);
  EXPECT(serving_holder(whole, {}, nobody, without(0)) == 1);
  EXPECT(serving_holder(rows, {3}, 2, without(3)) == nobody);
  return true;
}
TEST_BOTH("[transfers]", the_lowest_present_holder_serves_for_an_absent_one)

constexpr bool device_counts_need_not_divide_one_another() {
  device_matrix const three{3};
  device_matrix const two{2};
  layout const from{three, plain_map(three, {0}, tail_rule::balanced), {7}};  // 3, 2, 2
  layout const to{two, plain_map(two, {0}, tail_rule::balanced), {7}};        // 4, 3
  EXPECT(transfers(from, to, 0) == transfer_list{{0, 0, {0}, {0}, {3}}, {1, 0, {0}, {3}, {1}}});
  EXPECT(transfers(from, to, 1) == transfer_list{{1, 1, {1}, {0}, {1}}, {2, 1, {0}, {1}, {2}}});
  return true;
}
TEST_BOTH("[transfers]", device_counts_need_not_divide_one_another)

constexpr bool each_needed_device_is_named_once() {
  inplace_vector<index_t, 8> needed;
  auto const note = [&](index_t device) { needed.push_back(device); };
  needed_devices(rows, columns, 2, note);
  EXPECT(needed == inplace_vector<index_t, 8>{0, 1, 2, 3, 4, 5, 6, 7});
  needed = {};
  needed_devices(whole, rows, 4, note, [](index_t device) { return device == 1; });
  EXPECT(needed == inplace_vector<index_t, 8>{1});
  return true;
}
TEST_BOTH("[transfers]", each_needed_device_is_named_once)

// 32 to 32 devices, some hundred transfers: within the default limits of constant evaluation.
constexpr bool a_plan_of_a_few_hundred_transfers_is_a_constant() {
  device_matrix const from_devices{4, 8};
  device_matrix const to_devices{8, 4};
  layout const from{from_devices, plain_map(from_devices, {0, 1, -1}), {64, 64, 16}};
  layout const to{to_devices, plain_map(to_devices, {-1, 0, 1}), {64, 64, 16}};
  index_t elements = 0;
  for (index_t device = 0; device < 32; ++device)
    for_each_transfer(from, to, device, [&](transfer const& t) { elements += t.elements(); });
  EXPECT(elements == 64 * 64 * 16);
  return true;
}
TEST_BOTH("[transfers]", a_plan_of_a_few_hundred_transfers_is_a_constant)

TEST_CASE("transfers refuse what no plan can connect", "[transfers]") {
  layout const longer{eight, plain_map(eight, {0, -1}), {24, 8}};
  CHECK_THROWS_AS(transfers(rows, longer, 0), plan_error);
  CHECK_THROWS_WITH(transfers(rows, columns, 8), "device 8 does not exist, there are 8");
  CHECK_THROWS_AS(transfers(rows, columns, -1), layout_error);
  CHECK_THROWS_WITH(
      transfers(rows, columns, 0, [](index_t device) { return device != 3; }),
      "none of the 1 devices from 3 on that hold a needed piece is present: devices(8) map((0), "
      "()) shape(16, 8)");
}

void check_pair(testing::placed_layout const& from, testing::placed_layout const& to,
                std::vector<bool> const& present = {}) {
  if (!testing::plan_is_right(from, to, present))
    FAIL(testing::to_text(from.value) << " to " << testing::to_text(to.value));
}

TEST_CASE("a sample of pairs up to 8 devices moves the right elements", "[transfers]") {
  auto const layouts = testing::placed(testing::layouts_over(8, {6, 5}));
  for (std::size_t i = 0; i < layouts.size(); i += 7)
    for (std::size_t j = 0; j < layouts.size(); j += 11) check_pair(layouts[i], layouts[j]);
}

TEST_CASE("all pairs up to 8 devices move the right elements", "[transfers][slow]") {
  auto const layouts = testing::placed(testing::layouts_over(8, {6, 5}));
  CHECK(layouts.size() == 238);
  for (auto const& from : layouts)
    for (auto const& to : layouts) check_pair(from, to);
  auto const larger = testing::placed(testing::layouts_over(8, {8, 12}));
  for (std::size_t i = 0; i < larger.size() * larger.size(); i += 5)
    check_pair(larger[i / larger.size()], larger[i % larger.size()]);
}

void check_random_pairs(int count, index_t most_devices) {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < count; ++i) {
    testing::list const shape = random.shape(static_cast<std::size_t>(1 + random.below(3)));
    auto const from = testing::placed_layout(random.on(shape, most_devices));
    auto const to = testing::placed_layout(random.on(shape, most_devices));
    check_pair(from, to);
    std::vector<bool> present;
    for (std::size_t device = 0; device < from.places.devices(); ++device)
      present.push_back(random.below(4) != 0);
    check_pair(from, to, present);
  }
  SUCCEED("seed " << seed);
}

TEST_CASE("random pairs on 24 devices move the right elements", "[transfers]") {
  check_random_pairs(300, 24);
}

TEST_CASE("random pairs on 64 devices move the right elements", "[transfers][slow]") {
  check_random_pairs(4000, 64);
}

}  // namespace
