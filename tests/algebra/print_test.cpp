#include <reshard/algebra/layout.hpp>
#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/algebra/print.hpp>

#include "support/both.hpp"

#include <string_view>

namespace print_test {

using namespace reshard;

namespace {

constexpr device_matrix devices{2, 4};

template <class... Values> constexpr bool prints(char const* expected, Values const&... values) {
  text<200> words;
  print(words, values...);
  return std::string_view{words.c_str()} == expected;
}

constexpr bool a_layout_prints_on_one_line() {
  EXPECT(prints("devices(2, 4)", devices));
  EXPECT(prints("devices()", device_matrix{}));
  EXPECT(prints("shape(512, 1024)", extents{512, 1024}));
  EXPECT(prints("grid(3, 4)", grid{extents{3, 4}}));
  EXPECT(prints("map((1), ())", devices, plain_map(devices, {1, -1})));
  EXPECT(prints("devices(2, 4) map((1), ()) shape(512, 1024)",
                layout{devices, plain_map(devices, {1, -1}), {512, 1024}}));
  return true;
}
TEST_BOTH("[print]", a_layout_prints_on_one_line)

constexpr bool a_cut_says_what_differs_from_whole_axes_and_exact() {
  EXPECT(prints("map((1, 0))", devices, nested_map(devices, {{1, 0}})));
  EXPECT(
      prints("map(({1 0} balanced))", devices, nested_map(devices, {{1, 0}}, tail_rule::balanced)));
  EXPECT(prints("map((1 ceil, 0 ceil))", devices, nested_map(devices, {{1, 0}}, tail_rule::ceil)));
  tensor_map halves = plain_map(devices, {-1, -1});
  halves.add_cut(0, digit{{device_axis{0}}, 2, 2});
  EXPECT(prints("map(({0}/2%2), ())", devices, halves));
  return true;
}
TEST_BOTH("[print]", a_cut_says_what_differs_from_whole_axes_and_exact)

constexpr bool an_optimizer_shard_is_a_further_cut() {
  EXPECT(prints("devices(2, 4) map((1, {0}%2)) shape(16)",
                with_optimizer_shard(layout{devices, plain_map(devices, {1}), {16}}, 2)));
  return true;
}
TEST_BOTH("[print]", an_optimizer_shard_is_a_further_cut)

constexpr bool a_rule_stands_behind_its_cut() {
  tensor_map map;
  map.append(devices, {device_axis{1}}, cut_rule::parts({3, 5}));
  map.append(devices, {device_axis{0}}, cut_rule::cyclic(128));
  EXPECT(prints("map((1 parts 3 5), (0 cyclic 128))", devices, map));
  EXPECT(prints("map((0 sections 8 4 4))", devices,
                plain_map(devices, {0}, cut_rule::sections({8, 4, 4}))));
  EXPECT(prints("map(({1 0} sections 3 ceil))", devices,
                nested_map(devices, {{1, 0}}, cut_rule::sections(3, tail_rule::ceil))));
  return true;
}
TEST_BOTH("[print]", a_rule_stands_behind_its_cut)

}  // namespace

}  // namespace print_test
