#include <reshard/algebra/strided_composition.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

#include <random>

namespace strided_composition_test {

using namespace reshard;

namespace {

constexpr bool is_composed(strided_layout const& a, strided_layout const& b) {
  strided_layout const both = composition(a, b);
  if (both.size() != b.size() || !compatible(b.shape(), both.shape())) return false;
  for (index_t i = 0; i < b.size(); ++i)
    if (both(i) != a(b(i))) return false;
  return true;
}

constexpr bool a_of_b_is_nested_like_b() {
  EXPECT((composition(strided_layout{{6, 2}, {8, 2}}, strided_layout{{4, 3}, {3, 1}}) ==
          strided_layout{{{2, 2}, 3}, {{24, 2}, 8}}));
  EXPECT((composition(strided_layout{{10, 2}, {16, 4}}, strided_layout{{5, 4}, {1, 5}}) ==
          strided_layout{{5, {2, 2}}, {16, {80, 4}}}));
  EXPECT((composition(strided_layout{20, 2}, strided_layout{{5, 4}, {4, 1}}) ==
          strided_layout{{5, 4}, {8, 2}}));
  EXPECT((is_composed({{8, 8}, {8, 1}}, {{{2, 2, 2}, {2, 2, 2}}, {{1, 16, 4}, {8, 2, 32}}})));
  EXPECT((is_composed({{3, {6, 2}, 8}, {7, {50, 1}, 9}}, {{4, 4}, {9, 36}})));
  return true;
}
TEST_BOTH("[strided_composition]", a_of_b_is_nested_like_b)

constexpr bool only_what_b_reaches_must_divide() {
  EXPECT((composition(strided_layout{{4, 6, 8}, {1, 4, 7}}, strided_layout{6, 1}) ==
          strided_layout{6, 1}));
  EXPECT(
      (composition(strided_layout{{8, 8}, {8, 1}}, strided_layout{3, 3}) == strided_layout{3, 24}));
  EXPECT((composition(strided_layout{{4, 6, 8, 10}, {2, 3, 5, 7}}, strided_layout{6, 12}) ==
          strided_layout{{2, 3}, {9, 5}}));
  EXPECT((is_composed({{8, 8}, {8, 1}}, {{3, 4}, {9, 16}})));  // digits (1,1) do not carry
  return true;
}
TEST_BOTH("[strided_composition]", only_what_b_reaches_must_divide)

constexpr bool past_a_its_last_mode_goes_on() {
  EXPECT((is_composed({{4, 3}, {3, 1}}, strided_layout{24})));
  EXPECT((is_composed({{4, 3, 1}, {3, 1, 0}}, strided_layout{24})));
  EXPECT((is_composed({{4, 1}, {1, 7}}, strided_layout{8})));
  EXPECT((is_composed({}, strided_layout{4})));
  EXPECT((is_composed({1, 1}, strided_layout{4})));
  EXPECT((is_composed({{4, 0}, {1, 9}}, strided_layout{8})));
  return true;
}
TEST_BOTH("[strided_composition]", past_a_its_last_mode_goes_on)

constexpr bool strides_may_be_negative_or_0() {
  EXPECT((composition(strided_layout{{2, 3}, {2, 1}}, strided_layout{6, -1}) ==
          strided_layout{{2, 3}, {-2, -1}}));
  EXPECT((is_composed({{4, 4}, {-1, 1}}, {{2, 4, 2}, {1, 4, 2}})));
  EXPECT((is_composed({4, -1}, {{2, 3}, {-1, 5}})));
  EXPECT((is_composed({{1, {2, 4}}, {0, {-1, 512}}}, {4, -1})));
  EXPECT((is_composed({{4, 5}, {0, 3}}, {{4, 3}, {0, 4}})));
  EXPECT((is_composed({{5, 5}, {1, 7}}, {{2, 2}, {-1, 2}})));  // within the first mode
  return true;
}
TEST_BOTH("[strided_composition]", strides_may_be_negative_or_0)

constexpr bool large_domains_have_closed_forms() {
  index_t const k = index_t{1} << 20;
  EXPECT((composition(strided_layout{{k, k}, {k, 1}}, strided_layout{k * k}) ==
          strided_layout{{k, k}, {k, 1}}));
  EXPECT((composition(strided_layout{{k, k}, {7, 1}}, strided_layout{{k, k}, {k, 1}}) ==
          strided_layout{{k, k}, {1, 7}}));
  EXPECT((composition(strided_layout{{64, k}, {3, 1000}}, strided_layout{{k, 3}, {16, 16 * k}}) ==
          strided_layout{{{4, k / 4}, 3}, {{48, 1000}, 250 * k}}));
  return true;
}
TEST_BOTH("[strided_composition]", large_domains_have_closed_forms)

constexpr bool a_list_composes_mode_by_mode() {
  strided_layout const a{{12, {4, 8}}, {59, {13, 1}}};
  tiler const by{strided_layout{3, 4}, strided_layout{8, 2}};
  EXPECT((composition(a, by) == strided_layout{{3, {2, 4}}, {236, {26, 1}}}));
  tiler leading;
  leading.append(strided_layout{3, 4});
  EXPECT((composition(a, leading) == strided_layout{{3, {4, 8}}, {236, {13, 1}}}));
  tiler const nested{strided_layout{6}, {strided_layout{2}, strided_layout{4, -2}}};
  EXPECT((composition(a, nested) == strided_layout{{6, {2, 4}}, {59, {13, -2}}}));
  return true;
}
TEST_BOTH("[strided_composition]", a_list_composes_mode_by_mode)

constexpr bool all_small_pairs_that_divide_are_composed() {
  for (index_t s = 1; s <= 4; ++s)
    for (index_t t = 1; t <= 4; ++t)
      for (index_t stride = 0; stride <= s; ++stride) {
        if (stride > 0 && s % stride != 0) continue;
        EXPECT((is_composed({{s, t}, {1, 10}},
                            strided_layout{stride == 0 ? 3 : s / stride * t, stride})));
      }
  return true;
}
TEST_BOTH("[strided_composition]", all_small_pairs_that_divide_are_composed)

/// The answer is a(b(i)), nested like b if a layout nested like b has that function; it is refused
/// only if no layout has it.
struct tally {
  long nested = 0;
  long flat = 0;
  long refused = 0;

  void check(strided_brute::flat const& a, strided_brute::flat const& b) {
    auto const values = strided_brute::composed(a, b);
    strided_layout const outer = strided_brute::layout_of(a);
    strided_layout const inner = strided_brute::make(b.extents, b.strides);
    INFO(strided_brute::text_of(outer) << " o " << strided_brute::text_of(inner));
    if (!strided_brute::some_layout_has(values)) {
      ++refused;
      REQUIRE(strided_brute::broken_rule([&] { return composition(outer, inner); }) ==
              "no_layout_has_this_function");
      return;
    }
    strided_layout const both = composition(outer, inner);
    REQUIRE(strided_brute::values(both) == values);
    bool const is_nested = compatible(inner.shape(), both.shape());
    (is_nested ? nested : flat) += 1;
    if (!is_nested) REQUIRE(!strided_brute::some_layout_within(b.extents, values));
  }
};

TEST_CASE("composition is exact or refused rightly, for all small pairs",
          "[strided_composition][slow]") {
  // a: sizes 2 .. 12 in up to 3 modes with strides out of {0, 1, 2, 5};
  // b: sizes 2 .. 12 in up to 2 modes with strides out of {0, 1, 2, 3, -2}
  std::vector<strided_brute::flat> inner;
  strided_brute::for_each_layout(12, 2, {0, 1, 2, 3, -2},
                                 [&](strided_brute::flat const& b) { inner.push_back(b); });
  tally counts;
  strided_brute::for_each_layout(12, 3, {0, 1, 2, 5}, [&](strided_brute::flat const& a) {
    if (a.extents.empty()) return;
    for (strided_brute::flat const& b : inner) counts.check(a, b);
  });
  CHECK(counts.nested > 50000);
  CHECK(counts.flat > 1000);
  CHECK(counts.refused > 50000);
}

strided_brute::flat random_layout(std::mt19937& random, index_t most, index_t stride) {
  strided_brute::flat a;
  for (index_t size = 1; size < most && (a.extents.empty() || random() % 5 != 0);) {
    index_t const extent = 1 + static_cast<index_t>(random() % 8);
    if (size * extent > most) break;
    size *= extent;
    a.extents.push_back(extent);
    a.strides.push_back(static_cast<index_t>(random() % static_cast<unsigned>(stride + 3)) - 2);
  }
  if (a.extents.empty()) a = {{1}, {0}};
  return a;
}

TEST_CASE("composition is exact or refused rightly, for random pairs up to size 64",
          "[strided_composition][slow]") {
  std::mt19937 random{20241};
  INFO("seed 20241");
  tally counts;
  for (int pair = 0; pair < 40000; ++pair)
    counts.check(random_layout(random, 64, 16), random_layout(random, 64, 16));
  CHECK(counts.nested > 5000);
  CHECK(counts.refused > 10000);
}

TEST_CASE("what no layout can be is refused by name", "[strided_composition]") {
  using strided_brute::broken_rule;
  strided_layout const rows = both::unknown(strided_layout{{8, 8}, {8, 1}});
  CHECK_THROWS_WITH(composition(rows, strided_layout{4, 3}),
                    "no shape:stride layout has this function of 4 indices");
  CHECK(broken_rule([&] {
          return composition(rows, tiler{strided_layout{2}, strided_layout{2}, strided_layout{2}});
        }) == "tiler_has_too_many_modes");
  CHECK(broken_rule([&] {
          return composition(both::unknown(strided_layout(int_tuple{})), strided_layout{2});
        }) == "index_is_outside_the_layout");
  CHECK(composition(both::unknown(strided_layout(int_tuple{})), strided_layout{2, 0}).cosize() ==
        1);
  CHECK(composition(rows, strided_layout{{3, 0}, {1, 3}}).size() == 0);
  index_t const k = both::unknown(index_t{1} << 40);
  CHECK(broken_rule([&] {
          return composition(strided_layout{4, k}, strided_layout{4, k});
        }) == "integer_overflows");
  CHECK(broken_rule([&] {
          return composition(strided_layout{{6, k}, {1, 7}}, strided_layout{{3, k}, {1, 5}});
        }) == "no_layout_has_this_function");
  CHECK(broken_rule([&] {  // a carry beyond the reach of a search
          return composition(strided_layout{{k, 4}, {1, 7}}, strided_layout{{k / 2, 2}, {2, 3}});
        }) == "layout_is_too_large_to_enumerate");
}

}  // namespace

}  // namespace strided_composition_test
