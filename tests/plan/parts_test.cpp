#include <reshard/plan/parts.hpp>
#include <reshard/testing/random_layouts.hpp>

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
  EXPECT(met[0].overlap == box{{1, 1}, {1, 1}} && met[3].overlap == box{{2, 2}, {1, 1}});
  EXPECT(met[0].local == grid_index{1, 1} && met[3].local == grid_index{0, 0});
  EXPECT(met[0].target == grid_index{0, 0} && met[3].target == grid_index{1, 1});
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

constexpr bool a_part_may_be_met_more_than_once() {  // blocks of 1, dealt to 2 devices
  device_matrix const two{2};
  layout const over{two, plain_map(two, {0}, cut_rule::cyclic(1)), {5}};
  inplace_vector<met_part, 8> met;
  box_target const target{box{{1}, {3}}};
  for_each_part(over, target, [&](met_part const& m) { met.push_back(m); });
  EXPECT(met.size() == 3 && met[2].part == met[0].part && met[2].local == grid_index{1});
  EXPECT(is_first_of_part(over, target, met[0]) && is_first_of_part(over, target, met[1]));
  EXPECT(!is_first_of_part(over, target, met[2]));
  return true;
}
TEST_BOTH("[parts]", a_part_may_be_met_more_than_once)

/// The box that starts at an element is maximal: its neighbours before and behind it are in another
/// part, or not in the target.
bool is_maximal(testing::oracle const& over, box const& target, met_part const& m) {
  testing::list const corner(m.overlap.offset().begin(), m.overlap.offset().end());
  for (std::size_t d = 0; d < corner.size(); ++d)
    for (index_t const at : {m.overlap[d].offset - 1, m.overlap[d].end()}) {
      if (at < target[d].offset || at >= target[d].end()) continue;
      testing::list neighbour = corner;
      neighbour[d] = at;
      if (over.owners(neighbour) == over.owners(corner)) return false;
    }
  return true;
}

bool walk_is_right(testing::layout_case const& l, testing::list const& begin,
                   testing::list const& end) {
  layout const ours = testing::to_layout(l);
  box target;
  std::vector<testing::list> choices;
  for (std::size_t d = 0; d < begin.size(); ++d) {
    target.push_back({begin[d], end[d] - begin[d]});
    choices.emplace_back();
    for (index_t i = begin[d]; i < end[d]; ++i) choices.back().push_back(i);
  }
  testing::oracle const places = testing::oracle(l);
  std::set<testing::list> seen;
  std::set<testing::list> parts;
  testing::list before;
  bool right = true;
  for_each_part(ours, target, [&](met_part const& m) {
    std::vector<testing::list> steps;
    for (index_t const size : m.overlap.extent()) steps.push_back(testing::up_to(size));
    for (testing::list element : testing::product(steps)) {
      testing::list local = element;
      for (std::size_t d = 0; d < element.size(); ++d) {
        local[d] += m.local[d];
        element[d] += m.overlap.offset()[d];
        right = right && m.target[d] == m.overlap.offset()[d] - begin[d];
      }
      auto const owner = static_cast<std::size_t>(places.owners(element).at(0));
      right =
          right && places.part[owner] == testing::to_list(m.part) && seen.insert(element).second;
      for (std::size_t d = 0; d < element.size(); ++d)
        right =
            right && places.indices[owner][d].at(static_cast<std::size_t>(local[d])) == element[d];
    }
    testing::list const offset(m.target.begin(), m.target.end());
    right = right && (before.empty() || before < offset) && is_maximal(places, target, m);
    before = offset;
    right = right && parts.insert(testing::to_list(m.part)).second ==
                         is_first_of_part(ours, box_target{target}, m);
  });
  return right && static_cast<index_t>(seen.size()) == target.elements();
}

TEST_CASE("the parts met by random boxes are those of their elements", "[parts]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  for (int i = 0; i < 1000; ++i) {
    testing::layout_case const l =
        random.on(random.shape(static_cast<std::size_t>(1 + random.below(3))), 24);
    testing::list begin;
    testing::list end;
    for (index_t const size : l.shape) {
      begin.push_back(random.below(size));
      end.push_back(begin.back() + 1 + random.below(size - begin.back()));
    }
    if (!walk_is_right(l, begin, end)) FAIL(testing::to_text(l));
  }
  SUCCEED("seed " << seed);
}

}  // namespace
