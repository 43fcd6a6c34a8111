#include <reshard/plan/mindspore_ranks.hpp>

#include "support/both.hpp"

namespace mindspore_ranks_test {

using namespace reshard;

namespace {

constexpr mindspore_layout rows{{4, 2}, {{0}, {}}, map_form::plain, 0, 0};
constexpr mindspore_layout columns{{4, 2}, {{}, {0}}, map_form::plain, 0, 0};
constexpr mindspore_layout sharded{{4, 2}, {{0}, {}}, map_form::plain, 2, 2};

template <class ForEach> constexpr index_t bits_of(ForEach const& for_each) {
  index_t bits = 0;
  for_each([&](index_t device) { bits |= index_t{1} << device; });
  return bits;
}

constexpr bool the_ranks_are_those_in_the_concats_of_the_operators() {
  auto const ranks = [](auto const& sink) { for_each_mindspore_rank(rows, columns, 5, sink); };
  EXPECT(bits_of(ranks) == (1 << 4 | 1 << 5));
  factor_list const shape = stand_in_shape(rows, columns);
  EXPECT(shape == factor_list{16, 8});
  operator_list const operators = mindspore_operators(rows, columns, shape, 5);
  auto const devices = [&](auto const& sink) { for_each_device_in(operators, 5, sink); };
  EXPECT(bits_of(devices) == (1 << 4 | 1 << 5));
  return true;
}
TEST_BOTH("[mindspore_ranks]", the_ranks_are_those_in_the_concats_of_the_operators)

constexpr bool an_optimizer_shard_is_gathered_from_the_neighbouring_pieces() {
  mindspore_layout const whole{{8}, {{}, {}}, map_form::plain, 0, 0};
  auto const devices = [&](auto const& sink) {
    for_each_device_in(mindspore_operators(sharded, whole, {16, 8}, 3), 3, sink);
  };
  EXPECT(bits_of(devices) == (1 << 0 | 1 << 1 | 1 << 2 | 1 << 3));
  return true;
}
TEST_BOTH("[mindspore_ranks]", an_optimizer_shard_is_gathered_from_the_neighbouring_pieces)

}  // namespace

}  // namespace mindspore_ranks_test
