#include <reshard/testing/shrink.hpp>

#include <catch2/catch.hpp>

using namespace reshard;

namespace {

/// Searches for cases that break a property, and shrinks up to 20 of them.
template <std::size_t Count, class Property>
std::vector<testing::layout_cases<Count>> shrunk_failures(Property const& property) {
  testing::random_layouts random{11};
  std::vector<testing::layout_cases<Count>> all;
  for (int i = 0; i < 2000 && all.size() < 20; ++i) {
    auto const found = testing::random_case<Count>(random, {});
    if (!testing::holds(property, found)) all.push_back(testing::shrunk(found, property));
  }
  REQUIRE(all.size() == 20);
  return all;
}

bool no_cyclic_cut(layout const& l) {
  for (cut const& c : l.map().cuts())
    if (c.kind() == cut_kind::cyclic) return false;
  return true;
}

}  // namespace

TEST_CASE("a property that throws does not hold", "[shrink]") {
  auto const throws = [](layout const&) -> bool { throw std::runtime_error{"no"}; };
  CHECK_FALSE(testing::holds(throws, testing::layout_cases<1>{}));
  CHECK(testing::holds([](layout const&) { return true; }, testing::layout_cases<1>{}));
  testing::layout_case const broken{{2}, {3}, {{{{0}, 1, 2, tail_rule::exact}}}};
  CHECK_THROWS_AS(testing::holds(throws, testing::layout_cases<1>{broken}), layout_error);
}

TEST_CASE("what matters stays, all else goes", "[shrink]") {
  for (auto const& [l] : shrunk_failures<1>(no_cyclic_cut))
    CHECK(testing::to_text(l) == "devices(2) map((0 cyclic 1)) shape(1)");
}

TEST_CASE("the ends of a plan shrink together", "[shrink]") {
  auto const nothing_moves = [](layout const& from, layout const& to) {
    for (index_t d = 0; d < to.devices().devices(); ++d)
      if (d >= from.devices().devices() && to.local_shape(d).elements() > 0) return false;
    return true;
  };
  for (auto const& [from, to] : shrunk_failures<2>(nothing_moves)) {
    CHECK(testing::to_text(from) == "devices() map() shape()");
    CHECK(testing::to_text(to) == "devices(2) map() shape()");
  }
}

TEST_CASE("stated sizes shrink with the extent and the devices", "[shrink]") {
  auto const states_few = [](layout const& l) {
    for (std::size_t d = 0; d < l.shape().rank(); ++d)
      for (std::size_t i = 0; i < l.map().cuts_of(d); ++i)
        if (l.map().cuts()[l.map().first(d) + i].sizes() > 0 && l.shape()[d] >= 3) return false;
    return true;
  };
  for (auto const& [l] : shrunk_failures<1>(states_few)) {
    layout const value = testing::to_layout(l);
    INFO(testing::to_text(l));
    CHECK(value.devices().axes() == 1);
    CHECK(value.devices().devices() <= 2);
    CHECK(value.shape().rank() == 1);
    CHECK(value.shape()[0] <= 4);  // sections that are cut in two are even
  }
}

TEST_CASE("parts of axes become axes, and divisors shrink with what they divide", "[shrink]") {
  auto const holds_a_third = [](layout const& l) {
    return l.shape().rank() == 0 || l.dim(0).size(l.part_on(0).begin()) * 3 > l.shape()[0];
  };
  for (auto const& [l] : shrunk_failures<1>(holds_a_third)) {
    layout const value = testing::to_layout(l);
    INFO(testing::to_text(l));
    CHECK(value.shape().rank() == 1);
    CHECK(value.shape()[0] <= 3);
    CHECK(value.map().cuts().size() == value.devices().axes());
    for (cut const& c : value.map().cuts()) CHECK(c.by().axes().size() == 1);
  }
}
