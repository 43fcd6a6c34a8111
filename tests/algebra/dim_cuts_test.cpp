#include <reshard/algebra/dim_cuts.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix two_by_three{2, 3};

/// Rows dealt out in blocks of 2 to the 2 devices of the outer axis; what each has is cut by ceil
/// over the inner one.
constexpr tensor_map blocks_then_chunks() {
  tensor_map map = plain_map(two_by_three, {1}, cut_rule::cyclic(2));
  map.add_cut(0, digit{two_by_three, {device_axis{0}}}, tail_rule::ceil);
  return map;
}

constexpr bool every_cut_deals_out_what_the_one_before_left() {
  tensor_map const map = blocks_then_chunks();
  dim_cuts const rows{map, 0, 11};  // part 0 has 0 1 4 5 8 9, part 1 has 2 3 6 7 10
  index_t const first[] = {0, 0};
  index_t const middle[] = {0, 1};
  index_t const last[] = {1, 2};
  EXPECT(rows.size(first) == 2 && rows.size(middle) == 2 && rows.size(last) == 1);
  EXPECT(rows.run(middle, 0) == interval{4, 2} && rows.run(last, 0) == interval{10, 1});
  EXPECT(rows.below(middle, 5) == 1 && rows.below(middle, 11) == 2);
  EXPECT(!rows.is_contiguous());
  part_index part;
  EXPECT(rows.locate(7, part) == 1 && part == part_index{1, 1});
  EXPECT(rows.locate(10, part) == 0 && part == part_index{1, 1, 1, 2});  // appended
  return true;
}
TEST_BOTH("[dim_cuts]", every_cut_deals_out_what_the_one_before_left)

constexpr bool a_dim_without_cuts_is_whole() {
  tensor_map map;
  map.append(two_by_three, {});
  dim_cuts const whole{map, 0, 9};
  part_index part;
  EXPECT(whole.size(part.begin()) == 9 && whole.is_contiguous());
  EXPECT(whole.run(part.begin(), 4) == interval{4, 5});
  EXPECT(whole.locate(6, part) == 6 && part.empty());
  return true;
}
TEST_BOTH("[dim_cuts]", a_dim_without_cuts_is_whole)

constexpr bool runs_join_where_the_blocks_of_a_part_touch() {
  // one part: the blocks of 2 are neighbours; then two parts of what it has
  device_matrix const devices{1, 2};
  tensor_map map = plain_map(devices, {1}, cut_rule::cyclic(2));
  map.add_cut(0, digit{devices, {device_axis{0}}});
  dim_cuts const rows{map, 0, 12};
  index_t const second[] = {0, 1};
  EXPECT(rows.run(second, 0) == interval{6, 6} && rows.run(second, 1) == interval{7, 5});
  return true;
}
TEST_BOTH("[dim_cuts]", runs_join_where_the_blocks_of_a_part_touch)

constexpr bool a_window_shows_the_segments_within() {
  tensor_map const map = plain_map({2}, {0}, cut_rule::cyclic(3));
  dim_cuts const rows{map, 0, 20};  // part 1 has 3 4 5, 9 10 11, 15 16 17
  index_t const part[] = {1};
  inplace_vector<segment, 4> found;
  rows.for_each_segment(part, {4, 12}, [&](segment const& s) { found.push_back(s); });
  EXPECT(found.size() == 3 && found[0] == segment{4, 2, 1} && found[1] == segment{9, 3, 3});
  EXPECT(found[2] == segment{15, 1, 6} && found[2].end() == 16);
  rows.for_each_segment(part, {6, 3}, [&](segment const& s) { found.push_back(s); });
  EXPECT(found.size() == 3);  // nothing lies between
  return true;
}
TEST_BOTH("[dim_cuts]", a_window_shows_the_segments_within)

constexpr bool stated_sizes_belong_to_their_own_dim() {
  device_matrix const devices{2, 2};
  tensor_map map = plain_map(devices, {1}, cut_rule::parts({1, 4}));
  map.append(devices, {device_axis{0}}, cut_rule::sections({2, 4}));
  dim_cuts const columns{map, 1, 6};
  index_t const part[] = {1};
  EXPECT(columns.size(part) == 3);
  EXPECT(columns.run(part, 0) == interval{1, 1} && columns.run(part, 1) == interval{4, 2});
  return true;
}
TEST_BOTH("[dim_cuts]", stated_sizes_belong_to_their_own_dim)

/// Position of the first of the maximal runs of consecutive numbers behind `local`.
std::size_t run_end(testing::list const& held, std::size_t local) {
  std::size_t end = local + 1;
  while (end < held.size() && held[end] == held[end - 1] + 1) ++end;
  return end;
}

bool window_is_right(dim_cuts const& along, index_t const* part, testing::list const& held,
                     interval window) {
  testing::list found;
  bool right = true;
  std::size_t segments = 0;
  along.for_each_segment(part, window, [&](segment const& s) {
    right = right && s.size > 0 && s.offset >= window.offset && s.end() <= window.end();
    for (index_t i = 0; i < s.size && right; ++i) {
      right = held.at(static_cast<std::size_t>(s.local + i)) == s.offset + i;
      found.push_back(s.offset + i);
    }
    ++segments;
  });
  testing::list expected;
  for (index_t const at : held)
    if (at >= window.offset && at < window.end()) expected.push_back(at);
  std::size_t runs = 0;
  for (std::size_t i = 0; i < expected.size(); i = run_end(expected, i)) ++runs;
  return right && found == expected && segments == runs;
}

bool dim_is_right(dim_cuts const& along, index_t const* part, testing::list const& held,
                  index_t extent) {
  bool right = along.size(part) == static_cast<index_t>(held.size());
  for (index_t at = 0; at <= extent && right; ++at) {
    auto const below = std::lower_bound(held.begin(), held.end(), at) - held.begin();
    right = along.below(part, at) == below;
  }
  for (std::size_t local = 0; local < held.size() && right; ++local) {
    auto const size = static_cast<index_t>(run_end(held, local) - local);
    right = along.run(part, static_cast<index_t>(local)) == interval{held[local], size};
  }
  for (index_t begin = 0; begin <= extent && right; ++begin)
    right = window_is_right(along, part, held, {begin, (extent - begin + 1) / 2}) &&
            window_is_right(along, part, held, {begin, extent - begin});
  if (along.is_contiguous()) right = right && (held.empty() || run_end(held, 0) == held.size());
  return right;
}

/// Every index is located in the part of a device that holds it, at its place there.
bool indices_are_found(dim_cuts const& along, testing::oracle const& places, std::size_t dim,
                       std::size_t first, index_t extent) {
  for (index_t at = 0; at < extent; ++at) {
    part_index part;
    index_t const local = along.locate(at, part);
    bool found = false;
    for (std::size_t device = 0; device < places.devices() && !found; ++device) {
      testing::list const& numbers = places.part[device];
      auto const begin = numbers.begin() + static_cast<std::ptrdiff_t>(first);
      if (!std::equal(part.begin(), part.end(), begin)) continue;
      found = places.indices[device][dim].at(static_cast<std::size_t>(local)) == at;
      if (!found) return false;
    }
    if (!found) return false;
  }
  return true;
}

void check(testing::layout_case const& l) {
  reshard::layout const ours = testing::to_layout(l);
  testing::oracle const places = testing::oracle(l);
  bool right = true;
  for (std::size_t dim = 0; dim < l.shape.size(); ++dim) {
    dim_cuts const along{ours.map(), dim, l.shape[dim]};
    std::size_t const first = ours.map().first(dim);
    right = right && indices_are_found(along, places, dim, first, l.shape[dim]);
    for (std::size_t device = 0; device < places.devices(); ++device)
      right = right && dim_is_right(along, places.part[device].data() + first,
                                    places.indices[device][dim], l.shape[dim]);
  }
  if (!right) FAIL(testing::to_text(l));
}

TEST_CASE("dims of random layouts are cut as enumeration says", "[dim_cuts]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 1500; ++i) {
    testing::list const shape{1 + random.below(40), 1 + random.below(6)};
    check(random.on(shape, 24));
  }
}

TEST_CASE("dims of all maps on 8 devices are cut as enumeration says", "[dim_cuts]") {
  CHECK(testing::for_each_layout(8, 2, check) == 182);
}

TEST_CASE("dims of all maps on 24 devices are cut as enumeration says", "[dim_cuts][slow]") {
  CHECK(testing::for_each_layout(24, 3, check) == 10322);
}

}  // namespace
