#include <reshard/algebra/strided_function.hpp>

#include "support/strided_brute.hpp"

#include "support/both.hpp"

#include <random>

namespace strided_function_test {

using namespace reshard;

namespace {

using detail::mode_list;
using detail::modes_of;

constexpr bool a_function_of_a_layout_has_its_coalesced_modes() {
  strided_layout const a{{{4, 3}, 5}, {{15, 1}, 3}};
  detail::found_modes const found = modes_of(a, a.size());
  EXPECT(found.found && (found.modes == mode_list{{4, 15}, {15, 1}}));
  EXPECT(modes_of(a, 1).found && modes_of(a, 1).modes.empty());
  EXPECT((modes_of(a, 4).modes == mode_list{{4, 15}}));
  EXPECT((modes_of(a, 8).modes == mode_list{{4, 15}, {2, 1}}));
  EXPECT(!modes_of(a, 6).found && !modes_of(a, 7).found);
  return true;
}
TEST_BOTH("[strided_function]", a_function_of_a_layout_has_its_coalesced_modes)

constexpr bool a_function_of_no_layout_has_no_modes() {
  auto const square = [](index_t i) { return i * i; };
  EXPECT(modes_of(square, 2).found && !modes_of(square, 4).found && !modes_of(square, 9).found);
  auto const late = [](index_t i) { return i == 15 ? 0 : i; };
  EXPECT(modes_of(late, 15).found && !modes_of(late, 16).found);
  return true;
}
TEST_BOTH("[strided_function]", a_function_of_no_layout_has_no_modes)

constexpr bool values_come_in_order() {
  index_t sum = 0;
  index_t at = 0;
  strided_layout const a{{4, 3}, {3, 1}};
  for_each_value(a, [&](index_t value) { sum += ++at * value; });
  index_t expected = 0;
  for (index_t i = 0; i < 12; ++i) expected += (i + 1) * a(i);
  EXPECT(at == 12 && sum == expected);
  return true;
}
TEST_BOTH("[strided_function]", values_come_in_order)

TEST_CASE("modes are found if and only if some layout has the values", "[strided_function]") {
  std::mt19937 random{20240};
  INFO("seed 20240");
  long layouts = 0;
  for (int round = 0; round < 200000; ++round) {
    // A layout's values, or such values with one changed, or small numbers.
    index_t const size = 1 + static_cast<index_t>(random() % 24);
    std::vector<strided_brute::list> shapes;
    strided_brute::for_each_factoring(size, 64, [&](auto const& s) { shapes.push_back(s); });
    strided_brute::flat a{shapes[random() % shapes.size()], {}};
    for (std::size_t m = 0; m < a.extents.size(); ++m)
      a.strides.push_back(static_cast<index_t>(random() % 7) - 1);
    strided_brute::list values;
    for (index_t i = 0; i < size; ++i) values.push_back(strided_brute::value(a, i));
    if (round % 3 == 1) values[random() % values.size()] += round % 2 == 0 ? 1 : -1;
    if (round % 3 == 2)
      for (auto& value : values) value = static_cast<index_t>(random() % 2);
    values[0] = 0;
    bool const exists = strided_brute::some_layout_has(values);
    auto const f = [&](index_t i) { return values[static_cast<std::size_t>(i)]; };
    detail::found_modes const found = modes_of(f, size);
    REQUIRE(found.found == exists);
    if (!exists) continue;
    ++layouts;
    REQUIRE(strided_brute::values(detail::layout_of(found.modes)) == values);
  }
  CHECK(layouts > 60000);
}

TEST_CASE("a domain that is too large to try is refused by name", "[strided_function]") {
  index_t const huge = both::unknown(index_t{1} << 40);
  auto const identity = [](index_t i) { return i; };
  auto const early = [](index_t i) { return i < 5 ? i : i + 1; };
  CHECK(strided_brute::broken_rule([&] { return modes_of(identity, huge); }) ==
        "layout_is_too_large_to_enumerate");
  CHECK(!modes_of(early, huge).found);  // 5 does not divide it
  CHECK(strided_brute::broken_rule([&] {
          for_each_value(strided_layout{huge, 0}, [](index_t) {});
          return 0;
        }) == "layout_is_too_large_to_enumerate");
}

}  // namespace

}  // namespace strided_function_test
