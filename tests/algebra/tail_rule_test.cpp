#include <reshard/algebra/tail_rule.hpp>
#include <reshard/testing/oracle.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr bool parts_fill_the_whole_in_order(interval whole, tail_rule tail, index_t parts) {
  index_t end = whole.offset;
  for (index_t i = 0; i < parts; ++i) {
    interval const part = part_interval(whole, tail, parts, i);
    EXPECT(part.offset == end && part.size >= 0);
    end = part.end();
    for (index_t at = part.offset; at < part.end(); ++at)
      EXPECT(part_at(whole, tail, parts, at) == i);
  }
  EXPECT(end == whole.end());
  return true;
}

constexpr bool parts_follow_one_another_under_every_rule() {
  for (index_t size = 0; size < 8; ++size)
    for (index_t parts = 1; parts < 6; ++parts) {
      EXPECT(parts_fill_the_whole_in_order({3, size}, tail_rule::ceil, parts));
      EXPECT(parts_fill_the_whole_in_order({3, size}, tail_rule::balanced, parts));
      EXPECT(parts_fill_the_whole_in_order({3, size * parts}, tail_rule::exact, parts));
    }
  return true;
}
TEST_BOTH("[tail_rule]", parts_follow_one_another_under_every_rule)

constexpr bool ceil_shortens_the_last_parts_and_balanced_lengthens_the_first() {
  EXPECT(part_interval({0, 5}, tail_rule::ceil, 4, 2) == interval{4, 1});
  EXPECT(part_interval({0, 5}, tail_rule::ceil, 4, 3) == interval{5, 0});
  EXPECT(part_interval({0, 5}, tail_rule::balanced, 4, 0) == interval{0, 2});
  EXPECT(part_interval({0, 5}, tail_rule::balanced, 4, 3) == interval{4, 1});
  return true;
}
TEST_BOTH("[tail_rule]", ceil_shortens_the_last_parts_and_balanced_lengthens_the_first)

constexpr bool the_intersection_of_intervals_holds_what_both_hold() {
  EXPECT(intersection(interval{0, 5}, interval{3, 9}) == interval{3, 2});
  EXPECT(intersection(interval{3, 9}, interval{0, 5}) == interval{3, 2});
  EXPECT(intersection(interval{0, 3}, interval{3, 2}).size == 0);
  EXPECT(intersection(interval{0, 3}, interval{5, 2}).size == 0);
  return true;
}
TEST_BOTH("[tail_rule]", the_intersection_of_intervals_holds_what_both_hold)

void compare(testing::list const& whole, index_t parts, tail_rule tail) {
  auto const expected = testing::split_list(whole, parts, tail);
  for (index_t i = 0; i < parts; ++i) {
    testing::list const& part = expected[static_cast<std::size_t>(i)];
    interval const got = part_interval({0, static_cast<index_t>(whole.size())}, tail, parts, i);
    REQUIRE(got.size == static_cast<index_t>(part.size()));
    if (!part.empty()) REQUIRE(got.offset == part.front());
  }
}

TEST_CASE("parts are those of torch.chunk and numpy.array_split", "[tail_rule]") {
  for (index_t size = 0; size <= 30; ++size)
    for (index_t parts = 1; parts <= 34; ++parts) {
      compare(testing::up_to(size), parts, tail_rule::ceil);
      compare(testing::up_to(size), parts, tail_rule::balanced);
      if (size % parts == 0) compare(testing::up_to(size), parts, tail_rule::exact);
    }
}

}  // namespace
