#include <reshard/algebra/layout.hpp>
#include <reshard/algebra/optimizer_shard.hpp>
#include <reshard/algebra/print.hpp>

#include "support/both.hpp"

#include <string_view>

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
  halves.add_cut(0, cut{digit{{device_axis{0}}, 2, 2}, tail_rule::exact});
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

constexpr bool a_grid_prints_when_it_is_not_the_shape() {
  grid g;
  g.append_dim({3, 4});
  EXPECT(prints("devices(2, 4) map((), (0)) grid(3, 4) shape(12)",
                layout{devices, g, plain_map(devices, {-1, 0}), {12}}));
  return true;
}
TEST_BOTH("[print]", a_grid_prints_when_it_is_not_the_shape)

}  // namespace
