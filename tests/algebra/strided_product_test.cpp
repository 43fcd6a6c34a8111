#include <reshard/algebra/strided_product.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

#include <random>

namespace strided_product_test {

using namespace reshard;

namespace {

constexpr strided_layout block{{2, 5}, {5, 1}};
constexpr strided_layout copies{{3, 4}, {1, 3}};

constexpr bool a_block_is_copied_where_there_is_room() {
  EXPECT((logical_product(strided_layout{{2, 2}, {4, 1}}, strided_layout{6}) ==
          strided_layout{{{2, 2}, {2, 3}}, {{4, 1}, {2, 8}}}));
  EXPECT((logical_product(block, copies) == strided_layout{{{2, 5}, {3, 4}}, {{5, 1}, {10, 30}}}));
  EXPECT((logical_product(strided_layout{3, 32}, strided_layout{128}) ==
          strided_layout{{3, {32, 4}}, {32, {1, 96}}}));
  EXPECT((logical_product(strided_layout{4, 1}, strided_layout{3, 0}) ==
          strided_layout{{4, 3}, {1, 0}}));
  EXPECT((logical_product(strided_layout{3, 0}, strided_layout{4, 1}) ==
          strided_layout{{3, 4}, {0, 1}}));
  return true;
}
TEST_BOTH("[strided_product]", a_block_is_copied_where_there_is_room)

constexpr bool the_four_products_order_the_same_modes() {
  tiler const by{strided_layout{3, 5}, strided_layout{4, 6}};
  EXPECT((logical_product(block, by) == strided_layout{{{2, 3}, {5, 4}}, {{5, 10}, {1, 30}}}));
  EXPECT((zipped_product(block, by) == strided_layout{{{2, 5}, {3, 4}}, {{5, 1}, {10, 30}}}));
  EXPECT((tiled_product(block, by) == strided_layout{{{2, 5}, 3, 4}, {{5, 1}, 10, 30}}));
  EXPECT((flat_product(block, by) == strided_layout{{2, 5, 3, 4}, {5, 1, 10, 30}}));
  EXPECT((tiled_product(block, copies) == strided_layout{{{2, 5}, 3, 4}, {{5, 1}, 10, 30}}));
  return true;
}
TEST_BOTH("[strided_product]", the_four_products_order_the_same_modes)

constexpr bool modes_past_the_tiler_stay_or_go_with_the_copies() {
  tiler first;
  first.append(strided_layout{3, 5});
  EXPECT((logical_product(block, first) == strided_layout{{{2, 3}, 5}, {{5, 10}, 1}}));
  EXPECT((zipped_product(block, first)[1] == strided_layout{{3, 5}, {10, 1}}));
  EXPECT((flat_product(block, first) == strided_layout{{2, 3, 5}, {5, 10, 1}}));
  return true;
}
TEST_BOTH("[strided_product]", modes_past_the_tiler_stay_or_go_with_the_copies)

constexpr bool blocks_stand_side_by_side_or_interleaved() {
  EXPECT((blocked_product(block, copies) == strided_layout{{{2, 3}, {5, 4}}, {{5, 10}, {1, 30}}}));
  EXPECT((raked_product(block, copies) == strided_layout{{{3, 2}, {4, 5}}, {{10, 5}, {30, 1}}}));
  EXPECT((blocked_product(strided_layout{4}, strided_layout{{2, 3}, {3, 1}}) ==
          strided_layout{{{4, 2}, {1, 3}}, {{1, 12}, {0, 4}}}));
  strided_layout const raked = raked_product(strided_layout{4}, strided_layout{2});
  for (index_t i = 0; i < 8; ++i) EXPECT(raked(i) == i / 2 + 4 * (i % 2));
  return true;
}
TEST_BOTH("[strided_product]", blocks_stand_side_by_side_or_interleaved)

constexpr bool a_block_fills_a_target_in_the_stated_order() {
  EXPECT((tile_to_shape(block, {6, 20}) == strided_layout{{{2, 3}, {5, 4}}, {{5, 10}, {1, 30}}}));
  EXPECT((tile_to_shape(block, {6, 20}, {1, 0}) ==
          strided_layout{{{2, 3}, {5, 4}}, {{5, 40}, {1, 10}}}));
  strided_layout const line = tile_to_shape(strided_layout{4}, 16);
  EXPECT(line.rank() == 1 && (line[0] == strided_layout{{4, 4}, {1, 4}}));
  EXPECT((tile_to_shape(strided_layout{4}, {{2, 4}, 3}) ==
          strided_layout{{{4, 2}, {1, 3}}, {{1, 4}, {0, 8}}}));
  return true;
}
TEST_BOTH("[strided_product]", a_block_fills_a_target_in_the_stated_order)

strided_layout random_layout(std::mt19937& random, std::size_t modes, unsigned extent,
                             unsigned stride) {
  strided_brute::flat a;
  for (std::size_t m = 0; m < modes; ++m) {
    a.extents.push_back(1 + static_cast<index_t>(random() % extent));
    a.strides.push_back(static_cast<index_t>(random() % stride));
  }
  return strided_brute::layout_of(a);
}

TEST_CASE("products are what they say, or refused rightly, for random layouts",
          "[strided_product]") {
  std::mt19937 random{20244};
  INFO("seed 20244");
  long multiplied = 0;
  long refused = 0;
  for (int round = 0; round < 8000; ++round) {
    strided_layout const a = random_layout(random, 2, 4, 9);
    strided_layout const b = random_layout(random, 2, 3, 7);
    INFO(strided_brute::text_of(a) << " by " << strided_brute::text_of(b));
    strided_layout room;
    try {
      room = complement(a, a.size() * b.cosize());
    } catch (layout_error const&) {
      REQUIRE_THROWS_AS(logical_product(a, b), layout_error);
      REQUIRE_THROWS_AS(blocked_product(a, b), layout_error);
      continue;
    }
    auto const of_a = strided_brute::values(a);
    auto const of_copies =
        strided_brute::composed(strided_brute::flattened(room), strided_brute::flattened(b));
    strided_brute::list logical;
    for (index_t const copy : of_copies)
      for (index_t const value : of_a) logical.push_back(value + copy);
    strided_brute::list blocked;
    strided_brute::list raked;
    auto const at = [](strided_layout const& l, index_t x, index_t y) {
      return static_cast<std::size_t>(x + l[0].size() * y);
    };
    for (index_t j = 0; j < a[1].size() * b[1].size(); ++j)
      for (index_t i = 0; i < a[0].size() * b[0].size(); ++i) {
        blocked.push_back(of_a[at(a, i % a[0].size(), j % a[1].size())] +
                          of_copies[at(b, i / a[0].size(), j / a[1].size())]);
        raked.push_back(of_a[at(a, i / b[0].size(), j / b[1].size())] +
                        of_copies[at(b, i % b[0].size(), j % b[1].size())]);
      }
    auto const check = [&](auto const& product, strided_brute::list const& values) {
      bool const exists = strided_brute::some_layout_has(values);
      (exists ? multiplied : refused) += 1;
      if (exists) REQUIRE(strided_brute::values(product(a, b)) == values);
      if (!exists)
        REQUIRE(strided_brute::broken_rule([&] { return product(a, b); }) ==
                "no_layout_has_this_function");
    };
    check([](auto const& x, auto const& y) { return logical_product(x, y); }, logical);
    check([](auto const& x, auto const& y) { return zipped_product(x, y); }, logical);
    check(blocked_product, blocked);
    check(raked_product, raked);
  }
  CHECK(multiplied > 4000);
  CHECK(refused > 200);
}

TEST_CASE("a block must divide the target and a tiler fit the block", "[strided_product]") {
  using strided_brute::broken_rule;
  tiler const three{strided_layout{2}, strided_layout{2}, strided_layout{2}};
  CHECK(broken_rule([&] { return logical_product(block, three); }) == "tiler_has_too_many_modes");
  CHECK(broken_rule([&] { return flat_product(block, three); }) == "tiler_has_too_many_modes");
  CHECK_THROWS_WITH(tile_to_shape(block, {7, 20}), "mode 0 of the block has size 2, the target 7");
  CHECK(broken_rule([&] { return tile_to_shape(block, 20); }) == "tiler_has_too_many_modes");
  CHECK(broken_rule([&] {
          return tile_to_shape(block, {6, 20}, {1, 2, 3});
        }) == "tuples_are_not_congruent");
  CHECK(broken_rule([&] {
          return logical_product(strided_layout{4, 2}, strided_layout{3});
        }) == "no_layout_has_this_function");
}

}  // namespace

}  // namespace strided_product_test
