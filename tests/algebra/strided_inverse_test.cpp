#include <reshard/algebra/strided_inverse.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

namespace strided_inverse_test {

using namespace reshard;

namespace {

constexpr bool undoes_from_the_right(strided_layout const& a) {
  strided_layout const r = right_inverse(a);
  for (index_t i = 0; i < r.size(); ++i)
    if (r(i) < 0 || r(i) >= a.size() || a(r(i)) != i) return false;
  return true;
}
constexpr bool undoes_from_the_left(strided_layout const& a) {
  strided_layout const l = left_inverse(a);
  for (index_t i = 0; i < a.size(); ++i)
    if (l(a(i)) != i) return false;
  return true;
}

constexpr bool a_right_inverse_follows_the_strides_from_1_on() {
  EXPECT((right_inverse(strided_layout{{2, 4, 6}, {4, 1, 8}}) ==
          strided_layout{{4, 2, 6}, {2, 1, 8}}));
  EXPECT((right_inverse(strided_layout{{4, 8}, {1, 5}}) == strided_layout{4, 1}));
  EXPECT(
      (right_inverse(strided_layout{{3, 7, 5}, {5, 15, 1}}) == strided_layout{{5, 21}, {21, 1}}));
  EXPECT((right_inverse(strided_layout{{{2, 2}, {2, 4}}, {{0, 1}, {0, 2}}}) ==
          strided_layout{{2, 4}, {2, 8}}));
  EXPECT((right_inverse(strided_layout{4, 2}) == strided_layout{}));
  EXPECT((right_inverse(strided_layout{{3, 7}, {0, 0}}) == strided_layout{}));
  index_t const k = index_t{1} << 30;
  EXPECT((right_inverse(strided_layout{{k, k}, {k, 1}}) == strided_layout{{k, k}, {k, 1}}));
  EXPECT((right_inverse(strided_layout{{k, k}, {-k, -1}}) == strided_layout{}));
  return true;
}
TEST_BOTH("[strided_inverse]", a_right_inverse_follows_the_strides_from_1_on)

constexpr bool a_right_inverse_is_longest_where_values_repeat() {
  EXPECT((right_inverse(strided_layout{{3, 2}, {1, 2}}) == strided_layout{{2, 2}, {1, 3}}));
  EXPECT(right_inverse(strided_layout{{2, 4}, {1, 1}}).size() == 4);
  EXPECT(right_inverse(strided_layout{{2, 2, 2}, {1, 1, 2}}).size() == 4);
  EXPECT((right_inverse(strided_layout{{2, 2}, {-1, 2}}) == strided_layout{2, 3}));
  EXPECT(undoes_from_the_right({{4, 4, 4}, {1, 1, 1}}));
  return true;
}
TEST_BOTH("[strided_inverse]", a_right_inverse_is_longest_where_values_repeat)

constexpr bool a_left_inverse_splits_at_the_strides() {
  EXPECT((left_inverse(strided_layout{{4, 8}, {1, 5}}) == strided_layout{{5, 8}, {1, 4}}));
  EXPECT((left_inverse(strided_layout{{3, 7, 5}, {5, 15, 1}}) == strided_layout{{5, 21}, {21, 1}}));
  EXPECT((left_inverse(strided_layout{4, 2}) == strided_layout{{2, 4}, {0, 1}}));
  EXPECT(undoes_from_the_left({{4, 2}, {-16, -1}}) && undoes_from_the_left({4, -1}));
  EXPECT((left_inverse(strided_layout{{1, 1}, {5, 7}}) == strided_layout{}));
  EXPECT((left_inverse(strided_layout{0, 3}) == strided_layout{}));
  index_t const k = index_t{1} << 30;
  EXPECT((left_inverse(strided_layout{{k, k}, {k + 1, 1}}) == strided_layout{{k + 1, k}, {k, 1}}));
  return true;
}
TEST_BOTH("[strided_inverse]", a_left_inverse_splits_at_the_strides)

constexpr bool a_left_inverse_is_found_where_strides_do_not_divide() {
  EXPECT(undoes_from_the_left({{2, 2}, {2, 3}}));
  EXPECT(undoes_from_the_left({{3, 3}, {7, 10}}));
  EXPECT(undoes_from_the_left({{2, 2}, {-1, 3}}));
  return true;
}
TEST_BOTH("[strided_inverse]", a_left_inverse_is_found_where_strides_do_not_divide)

/// The size of the longest layout r with values in the domain and a(r(i)) == i, by trying all.
index_t longest(strided_brute::list const& a, strided_brute::flat const& r, index_t length) {
  auto const size = static_cast<index_t>(a.size());
  index_t best = length;
  for (index_t stride = 0; stride < size; ++stride)
    for (index_t extent = 2; length * extent <= size; ++extent) {
      strided_brute::flat longer = r;
      longer.extents.push_back(extent);
      longer.strides.push_back(stride);
      bool right = true;
      for (index_t i = 0; right && i < length * extent; ++i) {
        index_t const at = strided_brute::value(longer, i);
        right = at < size && a[static_cast<std::size_t>(at)] == i;
      }
      if (right) best = std::max(best, longest(a, longer, length * extent));
    }
  return best;
}

TEST_CASE("right inverses are right and longest, for all layouts up to size 24",
          "[strided_inverse][slow]") {
  long layouts = 0;
  strided_brute::for_each_layout(24, 3, {0, 1, 2, 3, -1}, [&](strided_brute::flat const& flat) {
    strided_layout const a = strided_brute::make(flat.extents, flat.strides);
    INFO(strided_brute::text_of(a));
    REQUIRE(undoes_from_the_right(a));
    auto const values = strided_brute::values(a);
    REQUIRE(right_inverse(a).size() == longest(values, {}, 1));
    ++layouts;
  });
  CHECK(layouts > 3500);
}

TEST_CASE("inverses are right for all layouts up to size 64", "[strided_inverse][slow]") {
  long left = 0;
  long refused = 0;
  strided_brute::for_each_layout(64, 3, {0, 1, 2, 9, -3}, [&](strided_brute::flat const& flat) {
    strided_layout const a = strided_brute::make(flat.extents, flat.strides);
    if (!undoes_from_the_right(a)) FAIL(strided_brute::text_of(a));
    auto values = strided_brute::values(a);
    std::sort(values.begin(), values.end());
    bool const injective = std::adjacent_find(values.begin(), values.end()) == values.end();
    std::string const rule = strided_brute::broken_rule([&] { return left_inverse(a); });
    if (!injective) {
      if (rule != "layout_is_not_injective") FAIL(strided_brute::text_of(a) << " " << rule);
      ++refused;
    } else if (rule.empty()) {
      if (!undoes_from_the_left(a)) FAIL(strided_brute::text_of(a));
      ++left;
    } else if (rule != "no_layout_has_this_function") {
      FAIL(strided_brute::text_of(a) << " " << rule);
    }
  });
  CHECK(left > 1000);
  CHECK(refused > 5000);
}

/// Whether some layout of small strides undoes the values, by trying extents and strides.
bool some_left_inverse(strided_brute::list const& values, strided_brute::flat const& l,
                       index_t filled, index_t most) {
  auto const size = static_cast<index_t>(values.size());
  for (index_t stride = -size; stride <= size; ++stride) {
    strided_brute::flat last = l;
    last.extents.push_back(2);
    last.strides.push_back(stride);
    bool right = true;
    for (index_t i = 0; right && i < size; ++i)
      right = strided_brute::value(last, values[static_cast<std::size_t>(i)]) == i;
    if (right) return true;
    for (index_t extent = 2; filled * extent <= most; ++extent) {
      last.extents.back() = extent;
      if (some_left_inverse(values, last, filled * extent, most)) return true;
    }
  }
  return false;
}

TEST_CASE("a left inverse is refused only if there is none", "[strided_inverse]") {
  long found = 0;
  long refused = 0;
  strided_brute::for_each_layout(
      6, 2, {1, 2, 3, 4, 5, 7, -2}, [&](strided_brute::flat const& flat) {
        strided_layout const a = strided_brute::make(flat.extents, flat.strides);
        if (a.cosize() > 16) return;
        auto const values = strided_brute::values(a);
        INFO(strided_brute::text_of(a));
        bool const answered = strided_brute::broken_rule([&] { return left_inverse(a); }).empty();
        if (answered) REQUIRE(undoes_from_the_left(a));
        REQUIRE((answered || !some_left_inverse(values, {}, 1, a.cosize())));
        (answered ? found : refused) += 1;
      });
  CHECK(found > 40);
  CHECK(refused > 5);
}

TEST_CASE("layouts that have no inverse are refused by name", "[strided_inverse]") {
  using strided_brute::broken_rule;
  CHECK_THROWS_WITH(left_inverse(both::unknown(strided_layout{{2, 4}, {0, 2}})),
                    "(2,4):(0,2) takes a value twice");
  CHECK(broken_rule([] {
          return left_inverse(both::unknown(strided_layout{{3, 2}, {1, 2}}));
        }) == "layout_is_not_injective");
  CHECK(broken_rule([] {
          return left_inverse(both::unknown(strided_layout{{2, 4}, {-1, 2}}));
        }) == "no_layout_has_this_function");
  CHECK(broken_rule([] {
          return right_inverse(both::unknown(strided_layout{{1 << 20, 1 << 20}, {1, 512}}));
        }) == "layout_is_too_large_to_enumerate");
}

}  // namespace

}  // namespace strided_inverse_test
