#include <reshard/algebra/same_elements.hpp>

#include "support/stated_layouts.hpp"

#include <catch2/catch.hpp>

namespace same_elements_test {

using namespace reshard;

namespace {

TEST_CASE("layouts have the same elements where enumeration says so", "[same_elements]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  for (index_t const elements : {6, 8, 12}) {
    std::vector<std::pair<layout, stated::element_numbers>> all;
    stated::layouts stated{seed, 3};
    for (stated::list const& shape : stated::shapes(elements, 2))
      stated.for_each(shape, 4,
                      [&](layout const& l) { all.emplace_back(l, stated::numbers_of(l)); });
    std::mt19937 random{seed};
    std::shuffle(all.begin(), all.end(), random);
    if (all.size() > 200) all.resize(200);
    std::size_t same = 0;
    for (auto const& [a, of_a] : all)
      for (auto const& [b, of_b] : all) {
        if (same_elements(a, b) != (of_a == of_b)) {
          text<300> words;
          print(words, a);
          print(words, " and ");
          print(words, b);
          FAIL(words.c_str());
        }
        same += of_a == of_b ? 1 : 0;
      }
    CHECK(same > all.size());
  }
}

TEST_CASE("runs of elements are those that a device holds", "[same_elements]") {
  stated::layouts stated{7, 1};
  for (stated::list const& shape : stated::shapes(12, 2))
    stated.for_each(shape, 4, [&](layout const& l) {
      stated::element_numbers const numbers = stated::numbers_of(l);
      for (index_t device = 0; device < 4; ++device)
        for (index_t const end : {0, 5, 12}) {
          stated::list found;
          for_each_element_run(l, l.part_on(device), end, [&](interval run) {
            for (index_t at = run.offset; at < run.end(); ++at) found.push_back(at);
          });
          stated::list expected;
          for (index_t const at : numbers[static_cast<std::size_t>(device)])
            if (at < end) expected.push_back(at);
          if (found != expected) FAIL("device " << device << " of rank " << shape.size());
          if (detail::elements_below(l, l.part_on(device), end) !=
              static_cast<index_t>(expected.size()))
            FAIL("elements below " << end);
        }
    });
  SUCCEED();
}

TEST_CASE("other shapes, devices and numbers of elements", "[same_elements]") {
  device_matrix const four{4};
  layout const rows{four, plain_map(four, {0, -1}), {8, 3}};
  CHECK(same_elements(rows, {four, plain_map(four, {0}), {24}}));
  CHECK_FALSE(same_elements(rows, {four, plain_map(four, {0}), {32}}));
  CHECK_FALSE(same_elements(rows, {four, plain_map(four, {-1, 0}), {3, 8}}));
  CHECK_FALSE(same_elements(rows, {{2}, plain_map({2}, {0, -1}), {8, 3}}));
  layout const empty{four, plain_map(four, {0, -1}), {8, 0}};
  CHECK(same_elements(empty, {four, plain_map(four, {-1}), {0}}));
}

}  // namespace

}  // namespace same_elements_test
