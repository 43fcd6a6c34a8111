#include <reshard/plan/make_steps.hpp>
#include <reshard/plan/mindspore_ranks.hpp>
#include <reshard/testing/plan_oracle.hpp>
#include <reshard/testing/random_layouts.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr device_matrix eight{8};
constexpr layout rows{eight, plain_map(eight, {0, -1}), {16, 8}};
constexpr layout columns{eight, plain_map(eight, {-1, 0}), {16, 8}};

constexpr bool moving_an_axis_between_dims_is_one_all_to_all() {
  step_program const p = make_steps(rows, columns);
  EXPECT(p.size() == 1 && p[0].kind() == step_kind::all_to_all);
  EXPECT(same_placement(after(rows, p), columns));
  return true;
}
TEST_BOTH("[make_steps]", moving_an_axis_between_dims_is_one_all_to_all)

constexpr bool a_cycle_of_axes_is_one_permutation() {
  device_matrix const devices{2, 2};
  layout const from{devices, plain_map(devices, {1, 0}), {8, 8}};
  layout const to{devices, plain_map(devices, {0, 1}), {8, 8}};
  step_program const p = make_steps(from, to);
  EXPECT(p.size() == 1 && p[0].kind() == step_kind::permute);
  EXPECT(same_placement(after(from, p), to));
  return true;
}
TEST_BOTH("[make_steps]", a_cycle_of_axes_is_one_permutation)

constexpr bool matrices_that_do_not_fit_meet_in_the_whole_tensor() {
  layout const from{{2, 3}, plain_map({2, 3}, {1, 0}), {12, 12}};
  layout const to{{3, 2}, plain_map({3, 2}, {1, 0}), {12, 12}};
  step_program const p = make_steps(from, to);
  EXPECT(p.size() == 4 && p[0].kind() == step_kind::all_gather && p[3].kind() == step_kind::slice);
  EXPECT(same_placement(after(from, p), to));
  return true;
}
TEST_BOTH("[make_steps]", matrices_that_do_not_fit_meet_in_the_whole_tensor)

/// What a device has, per dim.
using held = std::vector<testing::list>;
held held_by(layout const& l, index_t device) {
  held out;
  for (std::size_t d = 0; d < l.shape().rank(); ++d) {
    out.emplace_back();
    l.dim(d).for_each_segment(l.part_on(device).begin() + l.map().first(d), {0, l.shape()[d]},
                              [&](segment const& s) {
                                for (index_t i = 0; i < s.size; ++i)
                                  out.back().push_back(s.offset + i);
                              });
  }
  return out;
}
bool is_within(held const& a, held const& b) {
  for (std::size_t d = 0; d < a.size(); ++d)
    if (!std::includes(b[d].begin(), b[d].end(), a[d].begin(), a[d].end())) return false;
  return true;
}
std::size_t count(held const& h) {
  std::size_t n = 1;
  for (testing::list const& along : h) n *= along.size();
  return n;
}

/// A step does what its kind says: nothing comes to a device in a slice; a gather only adds; a
/// permutation gives every device what some device had.
bool step_is_right(layout const& before, layout const& next, step_kind kind) {
  std::multiset<held> had;
  std::multiset<held> have;
  for (index_t device = 0; device < next.devices().devices(); ++device) {
    held const a = held_by(before, device);
    held const b = held_by(next, device);
    if (kind == step_kind::slice && count(b) > 0 && !is_within(b, a)) return false;
    if (kind == step_kind::all_gather && count(a) > 0 && !is_within(a, b)) return false;
    had.insert(a);
    have.insert(b);
  }
  return kind != step_kind::permute || had == have;
}

void check(layout const& from, layout const& to, testing::layout_case const& a,
           testing::layout_case const& b) {
  step_program const steps = make_steps(from, to);
  layout now = from;
  bool right = true;
  for (step const& s : steps) {
    layout const next = after(now, s);
    right = right && step_is_right(now, next, s.kind());
    now = next;
  }
  if (!right || !same_placement(now, to))
    FAIL(testing::to_text(a) << " to " << testing::to_text(b));
}

std::vector<testing::layout_case> layouts_with_equal_counts(index_t devices,
                                                            testing::list const& shape) {
  std::vector<testing::layout_case> all;
  testing::for_each_devices(devices, [&](testing::list const& matrix) {
    if (testing::all_indices(matrix).size() != static_cast<std::size_t>(devices)) return;
    testing::for_each_map(matrix, shape.size(), [&](std::vector<testing::list> const& map) {
      for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced}) {
        testing::layout_case l{matrix, shape, {}};
        for (testing::list const& axes : map)
          l.cuts.push_back(testing::cuts_over(matrix, axes, tail));
        all.push_back(l);
      }
    });
  });
  return all;
}

void check_all_pairs(index_t devices, testing::list const& shape) {
  auto const all = layouts_with_equal_counts(devices, shape);
  for (auto const& a : all)
    for (auto const& b : all) check(testing::to_layout(a), testing::to_layout(b), a, b);
}

TEST_CASE("steps lead to the goal between all maps of rank 2 on 4 devices", "[make_steps]") {
  check_all_pairs(4, {8, 6});
}
TEST_CASE("steps lead to the goal between all maps of rank 2 on 6 and 8 devices",
          "[make_steps][slow]") {
  check_all_pairs(6, {7, 12});
  check_all_pairs(8, {8, 9});
}

TEST_CASE("steps lead to the goal between random layouts", "[make_steps]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  testing::random_layouts random{seed};
  int tried = 0;
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    testing::list const shape = random.shape(static_cast<std::size_t>(1 + random.below(3)));
    testing::layout_case const a = random.on(shape, 24);
    testing::layout_case const b = random.on(shape, 24);
    layout const from = testing::to_layout(a);
    layout const to = testing::to_layout(b);
    if (from.devices().devices() != to.devices().devices()) continue;
    ++tried;
    try {
      check(from, to, a, b);
    } catch (plan_error const& e) {
      if (e.code() != errc::digit_is_no_refinement_of_its_axes) throw;
      ++refused;
    }
  }
  CHECK(tried - refused > 50);
}

/// The plain maps of a rank over 2 x 2 x 2.
std::vector<factor_list> plain_maps(std::size_t rank) {
  std::vector<factor_list> all;
  testing::for_each_map({2, 2, 2}, rank, [&](std::vector<testing::list> const& lists) {
    factor_list map;
    for (testing::list const& axes : lists) {
      if (axes.size() > 1) return;
      map.push_back(axes.empty() ? no_axis : axes[0]);
    }
    all.push_back(map);
  });
  return all;
}

TEST_CASE("there are never more steps than MindSpore's operators", "[make_steps]") {
  for (std::size_t rank = 1; rank <= 3; ++rank) {
    factor_list const shape(rank, 8);
    device_matrix const devices{2, 2, 2};
    for (factor_list const& from : plain_maps(rank))
      for (factor_list const& to : plain_maps(rank)) {
        std::size_t most = 0;
        std::size_t exchanges = 0;  // an all_concat followed by the slice it serves is one
        operator_list const list = mindspore_operators(plain_layout{{2, 2, 2}, from, shape},
                                                       plain_layout{{2, 2, 2}, to, shape}, 0);
        for (std::size_t i = 0; i < list.size(); ++i) {
          if (list[i].kind == operator_kind::reshape) continue;
          ++most;
          if (i > 0 && list[i].kind == operator_kind::strided_slice &&
              list[i - 1].kind == operator_kind::all_concat)
            ++exchanges;
        }
        auto const ours = [&](factor_list const& map) {
          tensor_map out;
          for (index_t const axis : map)
            out.append(devices, axis == no_axis ? axis_list{} : axis_list{devices.axis(axis)});
          return layout{devices, out, extents(shape.begin(), shape.end())};
        };
        step_program const steps = make_steps(ours(from), ours(to));
        std::string words;
        print(words, ours(from));
        print(words, ours(to));
        INFO(words << " MindSpore " << most << " with exchanges " << exchanges);
        REQUIRE(steps.size() <= most - exchanges);
      }
  }
}

}  // namespace
