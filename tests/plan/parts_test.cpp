#include <reshard/plan/parts.hpp>

#include "support/all_layouts.hpp"
#include "support/both.hpp"

#include <set>

using namespace reshard;

namespace {

constexpr device_matrix devices{3, 2};
constexpr layout rows_and_columns{devices, plain_map(devices, {1, 0}), {6, 4}};

constexpr bool only_the_parts_that_meet_the_box_are_visited() {
  inplace_vector<met_part, 8> met;
  for_each_part(rows_and_columns, box{{1, 1}, {2, 2}},
                [&](met_part const& m) { met.push_back(m); });
  EXPECT(met.size() == 4);
  EXPECT(met[0].part == part_index{0, 0} && met[3].part == part_index{1, 1});
  EXPECT(met[1].part == part_index{0, 1} && met[2].part == part_index{1, 0});  // row-major
  EXPECT(met[0].where == box{{0, 0}, {2, 2}} && met[0].overlap == box{{1, 1}, {1, 1}});
  EXPECT(met[0].local_offset() == grid_index{1, 1} && met[3].local_offset() == grid_index{0, 0});
  return true;
}
TEST_BOTH("[parts]", only_the_parts_that_meet_the_box_are_visited)

constexpr index_t parts_met(layout const& over, box const& target) {
  index_t count = 0;
  for_each_part(over, target, [&](met_part const&) { ++count; });
  return count;
}

constexpr bool empty_boxes_and_empty_parts_are_not_met() {
  EXPECT(parts_met(rows_and_columns, box{{1, 1}, {0, 2}}) == 0);
  EXPECT(parts_met(rows_and_columns, box{{0, 0}, {6, 4}}) == 6);
  layout const tail{device_matrix{4}, plain_map({4}, {0}, tail_rule::ceil), {5}};
  EXPECT(parts_met(tail, box{{0}, {5}}) == 3);
  EXPECT(parts_met(layout{}, box{}) == 1);
  return true;
}
TEST_BOTH("[parts]", empty_boxes_and_empty_parts_are_not_met)

/// The parts that have elements in a box, in row-major order, by asking every element.
std::set<brute::list> parts_of_elements(brute::placement const& over,
                                        std::vector<brute::list> const& elements) {
  std::set<brute::list> parts;
  for (brute::list const& element : elements)
    parts.insert(over.part[static_cast<std::size_t>(over.owners(element).at(0))]);
  return parts;
}

bool walk_is_right(brute::layout const& l, brute::list const& begin, brute::list const& end) {
  layout const ours = brute::library_layout(l);
  box target;
  std::vector<brute::list> choices;
  for (std::size_t d = 0; d < begin.size(); ++d) {
    target.push_back({begin[d], end[d] - begin[d]});
    choices.emplace_back();
    for (index_t i = begin[d]; i < end[d]; ++i) choices.back().push_back(i);
  }
  std::vector<brute::list> met;
  index_t elements = 0;
  bool right = true;
  for_each_part(ours, target, [&](met_part const& m) {
    met.push_back(brute::to_list(m.part));
    elements += m.overlap.elements();
    right = right && m.overlap.elements() > 0 && m.where == ours.box_of(m.part) &&
            m.overlap == intersection(m.where, target);
  });
  auto const expected = parts_of_elements(brute::place(l), brute::product(choices));
  return right && elements == target.elements() &&
         met == std::vector<brute::list>(expected.begin(), expected.end());
}

TEST_CASE("the parts met by random boxes are those of their elements", "[parts]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  brute::random_layouts random{seed};
  for (int i = 0; i < 1000; ++i) {
    brute::layout const l =
        random.on(random.shape(static_cast<std::size_t>(1 + random.below(3))), 24);
    brute::list begin;
    brute::list end;
    for (index_t const size : l.shape) {
      begin.push_back(random.below(size));
      end.push_back(begin.back() + 1 + random.below(size - begin.back()));
    }
    if (!walk_is_right(l, begin, end)) FAIL(brute::name(l));
  }
  SUCCEED("seed " << seed);
}

}  // namespace
