#include <reshard/plan/cost.hpp>
#include <reshard/plan/turns.hpp>
#include <reshard/testing/for_all.hpp>
#include <reshard/testing/plan_oracle.hpp>

#include "support/both.hpp"

namespace turns_test {

using namespace reshard;

namespace {

// Two parts with two replicas each; every destination wants a box of both.
constexpr device_matrix four{2, 2};
constexpr layout rows{four, plain_map(four, {0, -1}), {4, 8}};
constexpr layout columns{{4}, plain_map({4}, {-1, 0}), {4, 8}};

constexpr bool replicas_send_alike() {
  turns const choice{rows, columns};
  EXPECT(choice.boxes_of({0}) == 4);
  plan_load const shared = load(rows, columns, one_node, choice);
  EXPECT((shared == plan_load{16, 4, 4, 0}) && shared.max_over_mean() == 1.0);
  plan_load const lowest = load(rows, columns);
  EXPECT((lowest == plan_load{16, 8, 4, 0}) && lowest.max_over_mean() == 2.0);
  return true;
}
TEST_BOTH("[turns]", replicas_send_alike)

constexpr bool what_a_device_holds_it_takes_from_itself() {
  turns const choice{rows, columns};
  index_t own = 0;
  for_each_transfer(
      rows, columns, 3, [&](transfer const& t) { own += t.source == 3 ? t.elements() : 0; },
      choice);
  EXPECT(own == 4);  // of eight
  return true;
}
TEST_BOTH("[turns]", what_a_device_holds_it_takes_from_itself)

constexpr bool receivers_beyond_the_source_are_served_in_turns() {
  layout const whole{{2}, plain_map({2}, {-1}), {6}};
  layout const wide{{6}, plain_map({6}, {0}), {6}};
  turns const choice{whole, wide};
  index_t sent[2]{};
  for_each_transfer(
      whole, wide, [&](transfer const& t) { sent[t.source] += t.elements(); }, choice);
  EXPECT(sent[0] == 3 && sent[1] == 3);
  return true;
}
TEST_BOTH("[turns]", receivers_beyond_the_source_are_served_in_turns)

/// No device sends more boxes of its part than its share of all that are wanted of the part.
bool shares_are_kept(layout const& from, layout const& to) {
  turns const choice{from, to};
  std::map<testing::list, index_t> wanted;  // boxes per part
  std::vector<index_t> sent(static_cast<std::size_t>(from.devices().devices()));
  bool right = true;
  auto const note = [&](transfer const& t) {
    ++wanted[testing::to_list(from.part_on(t.source))];
    if (t.source != t.destination) ++sent[static_cast<std::size_t>(t.source)];
    bool const own = t.destination < from.devices().devices() &&
                     from.part_on(t.destination) == from.part_on(t.source);
    right = right && (!own || t.source == t.destination);
  };
  for_each_transfer(from, to, note, choice);
  for (index_t device = 0; device < from.devices().devices(); ++device) {
    part_index const part = from.part_on(device);
    index_t const boxes = wanted[testing::to_list(part)];
    index_t const replicas = from.holders_of(part).size();
    right = right && (boxes == 0 || boxes == choice.boxes_of(part));
    right = right && sent[static_cast<std::size_t>(device)] <= (boxes + replicas - 1) / replicas;
  }
  return right;
}

TEST_CASE("no sender serves more than its share", "[turns]") {
  CHECK(testing::for_all_pairs({.cases = 1500, .devices = 48}, shares_are_kept));
  CHECK(testing::for_all_pairs(
      {.cases = 1500, .devices = 48, .extent = 20, .rules = testing::rule_choice::tails},
      shares_are_kept));
}

/// Every element comes from a device that holds it, once.
bool elements_are_right(layout const& from, layout const& to) {
  testing::placed_layout const a{from};
  testing::placed_layout const b{to};
  turns const choice{from, to};
  bool right = true;
  for (index_t device = 0; device < to.devices().devices(); ++device) {
    testing::element_servers filled;
    for_each_transfer(
        from, to, device,
        [&](transfer const& t) { right = right && testing::run(t, a.places, b.places, filled); },
        choice);
    right = right && filled.size() == b.places.elements(static_cast<std::size_t>(device)).size();
  }
  return right;
}

TEST_CASE("turns bring every element", "[turns]") {
  CHECK(testing::for_all_pairs({.cases = 400}, elements_are_right));
}

// Not constexpr: clang would count these large loads as constants, at 30 s.
plan_load load_in_turns(layout const& from, layout const& to, index_t node = one_node) {
  return load(from, to, node, turns{from, to});
}
plan_load load_of_lowest(layout const& from, layout const& to) {
  return load(from, to);
}

TEST_CASE("turns spread the load of common pairs evenly", "[turns]") {
  // tensor parallel 8, 16 replicas -> 128 row shards, and back to tensor parallel on the other dim
  device_matrix const devices{16, 8};
  layout const tp{devices, plain_map(devices, {0, -1}), {1024, 1024}};
  layout const shards{{128}, plain_map({128}, {-1, 0}), {1024, 1024}};
  layout const other{devices, plain_map(devices, {-1, 0}), {1024, 1024}};
  CHECK(load_in_turns(tp, shards).max_over_mean() < 1.2);
  CHECK(load_in_turns(tp, other).max_over_mean() < 1.2);
  plan_load const in_turns = load_in_turns(tp, shards, 8);
  plan_load const by_lowest = load_of_lowest(tp, shards);
  CHECK(by_lowest.max_over_mean() > 10);
  CHECK(in_turns.between_nodes <= by_lowest.sent);
}

}  // namespace

}  // namespace turns_test
