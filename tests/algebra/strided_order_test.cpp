#include <reshard/algebra/strided_order.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_order_test {

using namespace reshard;

namespace {

constexpr bool the_least_order_is_fastest() {
  EXPECT((make_ordered_layout({2, 3, 4, 5}, {1, 4, 3, 5}).stride() == int_tuple{1, 8, 2, 24}));
  EXPECT((make_ordered_layout({4, 8}, {1, 0}).stride() == int_tuple{8, 1}));
  EXPECT((make_ordered_layout({2, {3, 4}}, {-7, {100, 6}}).stride() == int_tuple{1, {8, 2}}));
  EXPECT((make_ordered_layout(16, 3) == strided_layout{16, 1}));
  return true;
}
TEST_BOTH("[strided_order]", the_least_order_is_fastest)

constexpr bool equal_orders_count_from_the_left() {
  EXPECT((make_ordered_layout({2, 3, 4, 2}, {0, 2, 3, 0}).stride() == int_tuple{1, 4, 12, 2}));
  EXPECT((make_ordered_layout({4, {3, 2}}, 0) == strided_layout{int_tuple{4, {3, 2}}}));
  EXPECT((make_ordered_layout({2, {3, {4, 5}}, 6}, {1, {3, 2}, 4}).stride() ==
          int_tuple{1, {40, {2, 8}}, 120}));
  return true;
}
TEST_BOTH("[strided_order]", equal_orders_count_from_the_left)

constexpr bool a_compact_layout_keeps_the_order_of_strides() {
  EXPECT((make_layout_like(strided_layout{{2, 3, 4, 5}, {0, 42, 1, 0}}) ==
          strided_layout{{2, 3, 4, 5}, {0, 4, 1, 0}}));
  EXPECT((make_layout_like(strided_layout{{4, {8, 2}}, {100, {1, -50}}}) ==
          strided_layout{{4, {8, 2}}, {16, {1, 8}}}));
  EXPECT((make_layout_like(strided_layout{{4, 8}, {1, 4}}) == strided_layout{{4, 8}, {1, 4}}));
  return true;
}
TEST_BOTH("[strided_order]", a_compact_layout_keeps_the_order_of_strides)

TEST_CASE("ordered layouts are compact, for all layouts up to size 64", "[strided_order]") {
  strided_brute::for_each_layout(64, 3, {0, 1, 2, 7}, [&](strided_brute::flat const& flat) {
    strided_layout const a = strided_brute::make(flat.extents, flat.strides);
    auto values = strided_brute::values(make_ordered_layout(a.shape(), a.stride()));
    std::sort(values.begin(), values.end());
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] != static_cast<index_t>(i)) FAIL(strided_brute::text_of(a));
    strided_layout const like = make_layout_like(a);
    REQUIRE(make_layout_like(like) == like);
    index_t size = 1;
    for (std::size_t m = 0; m < flat.extents.size(); ++m)
      size *= flat.strides[m] == 0 ? 1 : flat.extents[m];
    REQUIRE(like.cosize() == size);
  });
}

TEST_CASE("an order must fit the shape", "[strided_order]") {
  using strided_brute::broken_rule;
  CHECK(broken_rule([] {
          return make_ordered_layout({2, 3}, {1, 2, 3});
        }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] {
          return make_ordered_layout({2, 3}, {1, {2, 3}});
        }) == "tuples_are_not_congruent");
  CHECK(broken_rule([] {
          return make_ordered_layout({max_index, 3}, {1, 0});
        }) == "integer_overflows");
}

}  // namespace

}  // namespace strided_order_test
