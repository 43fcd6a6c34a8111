#include <reshard/testing/layout_case.hpp>
#include <reshard/testing/random_layouts.hpp>

#include <catch2/catch.hpp>

using namespace reshard;

TEST_CASE("a case states the layout that its lists say", "[layout_case]") {
  testing::layout_case const stated{
      {2, 4}, {512, 1024}, {{{{1}, 1, 2, tail_rule::exact}}, {{{0}, 2, 2, tail_rule::ceil}}}};
  layout const l = testing::to_layout(stated);
  CHECK(testing::to_text(l) == "devices(2, 4) map((1), ({0}/2%2 ceil)) shape(512, 1024)");
  CHECK(testing::to_text(stated) == testing::to_text(l));
  CHECK(testing::to_case(l) == stated);
}

TEST_CASE("a case need not be valid until it is a layout", "[layout_case]") {
  testing::layout_case const broken{{2}, {3}, {{{{0}, 1, 2, tail_rule::exact}}}};
  CHECK_THROWS_WITH(testing::to_layout(broken), "dim 0 of size 3 does not divide into 2 parts");
}

TEST_CASE("random cases come back from their layouts", "[layout_case]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 300; ++i) {
    testing::layout_case const l = random.on(random.shape(3), 24);
    REQUIRE(testing::to_case(testing::to_layout(l)) == l);
  }
}
