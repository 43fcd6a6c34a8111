#include <reshard/testing/random_layouts.hpp>

#include <catch2/catch.hpp>
#include <set>

using namespace reshard;

namespace {

std::vector<testing::layout_cases<2>> pairs(unsigned seed, testing::generator_options const& o) {
  testing::random_layouts random{seed, o.rules};
  std::vector<testing::layout_cases<2>> all;
  for (int i = 0; i < o.cases; ++i) all.push_back(testing::random_case<2>(random, o));
  return all;
}

}  // namespace

TEST_CASE("a seed makes the same layouts again", "[random_layouts]") {
  CHECK(pairs(17, {}) == pairs(17, {}));
  CHECK(pairs(17, {}) != pairs(18, {}));
}

TEST_CASE("pairs are valid, of one shape and within the limits", "[random_layouts]") {
  for (auto const rules :
       {testing::rule_choice::exact, testing::rule_choice::tails, testing::rule_choice::any}) {
    std::set<std::size_t> ranks;
    std::set<cut_kind> kinds;
    bool uneven = false;
    for (auto const& [from, to] :
         pairs(5, {.devices = 8, .rank = 2, .extent = 5, .rules = rules})) {
      REQUIRE(from.shape == to.shape);
      ranks.insert(from.shape.size());
      for (testing::layout_case const* l : {&from, &to}) {
        layout const value = testing::to_layout(*l);
        CHECK(value.devices().devices() <= 8);
        for (index_t const extent : value.shape())
          CHECK((rules == testing::rule_choice::exact || extent <= 5));
        for (cut const& c : value.map().cuts()) {
          kinds.insert(c.kind());
          uneven = uneven || c.tail() != tail_rule::exact;
        }
      }
    }
    CHECK(ranks == std::set<std::size_t>{0, 1, 2});
    CHECK(kinds.size() == (rules == testing::rule_choice::any ? 4U : 1U));
    CHECK(uneven == (rules != testing::rule_choice::exact));
  }
}
