#include <reshard/testing/for_all.hpp>

#include <catch2/catch.hpp>
#include <sstream>

using namespace reshard;

namespace {

std::string text_of(testing::search_result const& result) {
  std::ostringstream out;
  out << result;
  return out.str();
}

bool has_no_cyclic_cut(layout const& l) {
  for (cut const& c : l.map().cuts())
    if (c.kind() == cut_kind::cyclic) return false;
  return true;
}

}  // namespace

TEST_CASE("a property that holds is tried on all cases", "[for_all]") {
  int calls = 0;
  auto const result = testing::for_all_layouts({.seed = 3, .cases = 50}, [&](layout const& l) {
    ++calls;
    return l.replicas_of(0).size() >= 1;
  });
  CHECK(result);
  CHECK(calls == 50);
  CHECK(text_of(result) == "50 cases hold, seed 3");
}

TEST_CASE("a broken property is told by its smallest case, with a picture", "[for_all]") {
  auto const result = testing::for_all_layouts({.seed = 3}, has_no_cyclic_cut);
  CHECK_FALSE(result);
  CHECK(text_of(result) == "case " + std::to_string(result.tried) +
                               " of seed 3 fails; shrunk:\n"
                               "devices(2) map((0 cyclic 1)) shape(1)\n"
                               " | 0\n"
                               "-+--\n"
                               " | 0\n");
  auto const again = testing::for_all_layouts({.seed = 3}, has_no_cyclic_cut);
  CHECK(text_of(again) == text_of(result));
}

TEST_CASE("a random seed is reported and makes the same cases again", "[for_all]") {
  auto const first = testing::for_all_layouts({}, has_no_cyclic_cut);
  REQUIRE_FALSE(first);
  auto const again = testing::for_all_layouts({.seed = first.seed}, has_no_cyclic_cut);
  CHECK(text_of(again) == text_of(first));
}

TEST_CASE("a pair is told with what moves", "[for_all]") {
  auto const result = testing::for_all_pairs({.seed = 1}, [](layout const& from, layout const& to) {
    return from.devices().devices() >= to.devices().devices();
  });
  CHECK(result.counterexample ==
        "from devices() map() shape()\n"
        "to   devices(2) map() shape()\n"
        " | \n"
        "-+-------\n"
        " | =0 0>1\n");
}
