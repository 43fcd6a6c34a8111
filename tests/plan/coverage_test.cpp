#include <reshard/plan/coverage.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix devices{2, 4};
constexpr layout rows{devices, plain_map(devices, {0, -1}), {8, 8}};

constexpr bool one_present_holder_of_each_part_is_enough() {
  EXPECT(covers(rows));
  EXPECT(covers(rows, [](index_t device) { return device < 4; }));
  EXPECT(covers(rows, [](index_t device) { return device == 0 || device > 4; }));
  EXPECT(!covers(rows, [](index_t device) { return device % 4 != 3; }));
  return true;
}
TEST_BOTH("[coverage]", one_present_holder_of_each_part_is_enough)

constexpr bool only_the_parts_that_meet_the_box_matter() {
  auto const without_3 = [](index_t device) { return device % 4 != 3; };
  EXPECT(covers(rows, box{{0, 0}, {6, 8}}, without_3));
  EXPECT(!covers(rows, box{{0, 0}, {7, 1}}, without_3));
  EXPECT(covers(rows, box{{6, 0}, {2, 0}}, without_3));
  EXPECT(covers(rows, box{{0, 0}, {8, 8}}));
  return true;
}
TEST_BOTH("[coverage]", only_the_parts_that_meet_the_box_matter)

constexpr bool empty_parts_need_no_holder() {
  layout const tail{device_matrix{4}, plain_map({4}, {0}, tail_rule::ceil), {5}};
  EXPECT(covers(tail, [](index_t device) { return device != 3; }));
  EXPECT(!covers(tail, [](index_t device) { return device != 2; }));
  return true;
}
TEST_BOTH("[coverage]", empty_parts_need_no_holder)

TEST_CASE("random layouts are covered if every element is", "[coverage]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  int covered = 0;
  for (int i = 0; i < 2000; ++i) {
    testing::layout_case const l =
        random.on(random.shape(static_cast<std::size_t>(1 + random.below(2))), 24);
    testing::oracle const places = testing::oracle(l);
    std::vector<bool> present;
    for (std::size_t device = 0; device < places.devices(); ++device)
      present.push_back(random.below(6) != 0);
    bool expected = true;
    std::vector<testing::list> choices;
    for (index_t const size : l.shape) choices.push_back(testing::up_to(size));
    for (testing::list const& element : testing::product(choices)) {
      bool held = false;
      for (index_t const owner : places.owners(element))
        held = held || present[static_cast<std::size_t>(owner)];
      expected = expected && held;
    }
    bool const got = covers(testing::to_layout(l), [&](index_t device) {
      return bool(present[static_cast<std::size_t>(device)]);
    });
    if (got != expected) FAIL(testing::to_text(l));
    covered += got ? 1 : 0;
  }
  CHECK(covered > 100);
  CHECK(covered < 1900);
}

}  // namespace
