#include <reshard/algebra/cut_factors.hpp>

#include "all_rules.hpp"

#include <catch2/catch.hpp>

namespace cut_factors_test {

using namespace reshard;

namespace {

/// The part that holds an index of a sub-dim, of those that a cut of it makes.
index_t part_of(ruled_cut const& by, index_t size, index_t at) {
  return all_rules::owners(by.rule_, by.parts(), size)[static_cast<std::size_t>(at)];
}

/// A device holds an index if each sub-dim gives it the index of that sub-dim.
bool holds(cut_grid const& g, device_matrix const& devices, index_t device, index_t index) {
  for (std::size_t i = g.size(); i-- > 0; index /= g[i].size_)
    for (std::uint8_t const k : g[i].cuts_) {
      ruled_cut const& by = g.cuts_[k];
      if (part_of(by, g[i].size_, index % g[i].size_) != by.by_.value(devices, device))
        return false;
    }
  return true;
}

void check(cut_rule const& rule, index_t parts, index_t size) {
  device_matrix const devices{parts};
  cut_grid g;
  append_cut(g, all_rules::ruled(rule, parts), size);
  testing::list const owners = all_rules::owners(rule, parts, size);
  index_t product = 1;
  for (std::size_t i = 0; i < g.size(); ++i) product *= g[i].size_;
  bool right = product == size;
  for (index_t device = 0; device < parts && right; ++device)
    for (index_t at = 0; at < size; ++at)
      right = right &&
              holds(g, devices, device, at) == (owners[static_cast<std::size_t>(at)] == device);
  if (!right)
    FAIL("kind " << int(rule.kind_) << ", tail " << int(rule.tail_) << ", block " << rule.block_
                 << ", " << parts << " parts of " << size);
}

TEST_CASE("the sub-dims of a cut give each part its indices", "[cut_factors]") {
  for (index_t const parts : {2, 3, 4, 6})
    for (index_t size = 1; size <= (parts < 4 ? 12 : 8); ++size)
      for (cut_rule const& rule : all_rules::over(size, parts)) check(rule, parts, size);
}

TEST_CASE("sections of the sizes of q, k and v", "[cut_factors]") {
  for (index_t const parts : {2, 4}) {
    check(cut_rule::sections({16, 4, 4}), parts, 24);
    check(cut_rule::sections({8, 8, 8}), parts, 24);
    check(cut_rule::sections({12, 4, 12, 4}), parts, 32);
  }
}

TEST_CASE("a dim is factored until its cut deals out single indices", "[cut_factors]") {
  cut_grid g;
  append_cut(g, all_rules::ruled(cut_rule::cyclic(2), 3), 24);
  REQUIRE(g.size() == 3);
  CHECK((g[0].size_ == 4 && g[0].is_whole()));
  CHECK((g[1].size_ == 3 && g.is_dealt_out(1)));
  CHECK((g[2].size_ == 2 && g[2].is_whole()));
}

}  // namespace

}  // namespace cut_factors_test
