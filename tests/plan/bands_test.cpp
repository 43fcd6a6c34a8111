#include <reshard/plan/bands.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix devices{2, 4};

constexpr bool a_band_ends_where_the_holders_change() {
  layout const l{devices, plain_map(devices, {1, 0}), {512, 1024}};
  band_table const table = bands_of(l);
  EXPECT(table.size() == 2 && !table[0].rest);
  EXPECT(table[0].bands == inplace_vector<interval, max_bands>{{0, 256}, {256, 256}});
  EXPECT(table[1].bands.size() == 4 && table[1].bands[3] == interval{768, 256});
  EXPECT(band_end(l, 1, 300) == 512);
  return true;
}
TEST_BOTH("[bands]", a_band_ends_where_the_holders_change)

constexpr bool two_layouts_share_the_borders_of_both() {
  layout const halves{devices, plain_map(devices, {1}), {12}};
  layout const blocks{devices, plain_map(devices, {0}, tail_rule::ceil), {12}};  // 3 each
  layout const turns{devices, plain_map(devices, {1}, cut_rule::cyclic(4)), {12}};
  EXPECT(bands_of(halves, blocks)[0].bands ==
         inplace_vector<interval, max_bands>{{0, 3}, {3, 3}, {6, 3}, {9, 3}});
  EXPECT(bands_of(halves, turns)[0].bands ==
         inplace_vector<interval, max_bands>{{0, 4}, {4, 2}, {6, 2}, {8, 4}});
  return true;
}
TEST_BOTH("[bands]", two_layouts_share_the_borders_of_both)

constexpr bool what_does_not_fit_is_one_last_band() {
  auto const one_by_one = [](index_t at) { return at + 1; };
  EXPECT(!make_bands(32, one_by_one).rest && make_bands(32, one_by_one).bands.size() == 32);
  band_list const many = make_bands(100, one_by_one);
  EXPECT(many.rest && many.bands.size() == max_bands);
  EXPECT(many.bands[30] == interval{30, 1} && many.bands[31] == interval{31, 69});
  EXPECT(make_bands(0, one_by_one).bands.empty());
  EXPECT(is_rest({many}, box{{31}, {69}}) && !is_rest({many}, box{{30}, {1}}));
  return true;
}
TEST_BOTH("[bands]", what_does_not_fit_is_one_last_band)

constexpr bool cells_come_row_major() {
  layout const l{devices, plain_map(devices, {1, -1}), {2, 3}};
  inplace_vector<box, 4> cells;
  auto const note = [&](box const& cell) { cells.push_back(cell); };
  for_each_cell(bands_of(l), note);
  EXPECT(cells == inplace_vector<box, 4>{box{{0, 0}, {1, 3}}, box{{1, 0}, {1, 3}}});
  for_each_cell({}, note);  // a scalar is one cell
  EXPECT(cells.size() == 3 && cells.back() == box{});
  for_each_cell(bands_of(layout{devices, plain_map(devices, {1, -1}), {0, 3}}), note);
  EXPECT(cells.size() == 3);
  return true;
}
TEST_BOTH("[bands]", cells_come_row_major)

TEST_CASE("all elements of a cell have the same holders, and neighbours have others", "[bands]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 300; ++i) {
    testing::layout_case const l =
        random.on(random.shape(static_cast<std::size_t>(1 + random.below(2))), 24);
    testing::oracle const places{l};
    std::size_t cells = 0;
    for_each_cell(bands_of(testing::to_layout(l)), [&](box const& cell) {
      ++cells;
      testing::list const first = testing::to_list(cell.offset());
      for (testing::list element : testing::all_indices(cell.extent())) {
        for (std::size_t d = 0; d < element.size(); ++d) element[d] += first[d];
        if (places.owners(element) != places.owners(first)) FAIL(testing::to_text(l));
      }
    });
    // along a line through the first element the owners change exactly between bands
    std::size_t expected = 1;
    for (std::size_t d = 0; d < l.shape.size(); ++d) {
      testing::list at(l.shape.size(), 0);
      std::size_t bands = 1;
      for (testing::list before = at; ++at[d] < l.shape[d]; before = at)
        bands += places.owners(at) == places.owners(before) ? 0 : 1;
      expected *= bands;
    }
    if (cells != expected) FAIL(testing::to_text(l));
  }
  SUCCEED("seed " << seed);
}

}  // namespace
