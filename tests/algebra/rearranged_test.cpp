#include <reshard/algebra/rearranged.hpp>

#include <reshard/testing/all_layouts.hpp>
#include <reshard/testing/oracle.hpp>
#include "support/both.hpp"
#include "support/stated_layouts.hpp"

#include <array>

namespace rearranged_test {

using namespace reshard;
using testing::list;

namespace {

constexpr device_matrix four{4};
constexpr device_matrix grid{2, 4};

constexpr bool a_slice_keeps_what_each_device_has_of_it() {
  layout const rows{four, plain_map(four, {0, -1}), {16, 3}};
  EXPECT((sliced(rows, {{4, 0}, {8, 3}}).map() ==
          plain_map(four, {0, -1}, cut_rule::parts({0, 4, 4, 0}))));
  EXPECT(
      (sliced(rows, {{0, 1}, {16, 2}}) == layout{four, plain_map(four, {0, -1}), extents{16, 2}}));
  layout const cyclic{four, plain_map(four, {0}, cut_rule::cyclic(2)), {24}};
  EXPECT((sliced(cyclic, {{8}, {9}}).map() == plain_map(four, {0}, cut_rule::cyclic(2))));
  EXPECT((sliced(cyclic, {{8}, {8}}).map() == plain_map(four, {0})));
  layout const fused{four, plain_map(four, {0}, cut_rule::sections({8, 4, 4})), {16}};
  EXPECT((sliced(fused, {{0}, {8}}).map() == plain_map(four, {0})));
  EXPECT((sliced(fused, {{8}, {8}}).map() == plain_map(four, {0}, cut_rule::sections(2))));
  return true;
}
TEST_BOTH("[rearranged]", a_slice_keeps_what_each_device_has_of_it)

constexpr bool projections_are_fused_by_sections() {
  layout const q{four, plain_map(four, {0, -1}), {16, 3}};
  layout const k{four, plain_map(four, {0, -1}), {4, 3}};
  layout const qkv = concatenated({q, k, k}, tensor_dim{0});
  EXPECT((qkv == layout{four,
                        [] {
                          tensor_map map;
                          map.append(four, {device_axis{0}}, cut_rule::sections({16, 4, 4}));
                          map.append(four, {});
                          return map;
                        }(),
                        extents{24, 3}}));
  EXPECT(sliced(qkv, {{0, 0}, {16, 3}}) == q);
  EXPECT(sliced(qkv, {{20, 0}, {4, 3}}) == k);
  EXPECT((concatenated({q, q}, tensor_dim{0}).map().rule(0) == cut_rule::sections(2)));
  EXPECT((concatenated({concatenated({q, k}, tensor_dim{0}), k}, tensor_dim{0}) == qkv));
  EXPECT((concatenated({q, q}, tensor_dim{1}) == layout{four, q.map(), extents{16, 6}}));
  return true;
}
TEST_BOTH("[rearranged]", projections_are_fused_by_sections)

constexpr bool cuts_of_cuts_are_joined_level_by_level() {
  layout const w{grid, with_optimizer_shard(grid, plain_map(grid, {0}), 2), {16}};
  layout const both = concatenated({w, w}, tensor_dim{0});
  EXPECT(both.map().cuts().size() == 2);
  EXPECT((both.map().rule(0) == cut_rule::sections(2)));
  EXPECT((both.map().rule(1) == cut_rule::sections(2)));
  EXPECT(sliced(both, {{16}, {16}}) == w);
  return true;
}
TEST_BOTH("[rearranged]", cuts_of_cuts_are_joined_level_by_level)

constexpr bool dims_are_permuted_stacked_and_interleaved() {
  layout const w{grid, plain_map(grid, {1, 0}), {8, 16}};
  EXPECT((permuted(w, {1, 0}) == layout{grid, plain_map(grid, {0, 1}), extents{16, 8}}));
  EXPECT((stacked(w, 6, tensor_dim{0}) ==
          layout{grid, plain_map(grid, {-1, 1, 0}), extents{6, 8, 16}}));
  EXPECT((interleaved(w, 2, tensor_dim{0}) == layout{grid, w.map(), extents{16, 16}}));
  layout const halves{four, plain_map(four, {0}, tail_rule::ceil), {7}};
  EXPECT((concatenated(std::array<layout, 3>{halves, halves, halves}, tensor_dim{0}).map() ==
          plain_map(four, {0}, cut_rule::sections(3, tail_rule::ceil))));
  layout const uneven{grid, plain_map(grid, {-1, 0}, tail_rule::ceil), {8, 9}};
  EXPECT((interleaved(uneven, 2, tensor_dim{1}).local_shape(0) == extents{8, 6}));
  return true;
}
TEST_BOTH("[rearranged]", dims_are_permuted_stacked_and_interleaved)

template <class Make> std::string rule_of(Make const& make) {
  try {
    static_cast<void>(make());
  } catch (layout_error const& e) {
    return e.rule();
  }
  return "none";
}

TEST_CASE("what no layout says is refused by name", "[rearranged]") {
  layout const w{grid, plain_map(grid, {1, 0}), {8, 16}};
  layout const other{grid, plain_map(grid, {-1, 0}), {8, 16}};
  CHECK(rule_of([&] { return permuted(w, {0, 0}); }) == "dims_are_no_permutation");
  CHECK(rule_of([&] { return permuted(w, {0}); }) == "dims_are_no_permutation");
  CHECK(rule_of([&] { return sliced(w, {{0, 0}, {9, 16}}); }) == "box_leaves_its_grid");
  CHECK(rule_of([&] { return concatenated({w, other}, tensor_dim{1}); }) == "layouts_do_not_join");
  CHECK(rule_of([&] {
          return concatenated({w, other}, tensor_dim{0});
        }) == "no_rule_deals_out_the_dim");
  CHECK(rule_of([&] { return concatenated({w, w}, tensor_dim{2}); }) == "dim_does_not_exist");
  device_matrix const many{32};
  layout const wide{many, plain_map(many, {0}), {64}};
  CHECK(rule_of([&] { return sliced(wide, {{1}, {60}}); }) == "no_rule_deals_out_the_dim");
  CHECK(rule_of([&] { return sliced(wide, {{0}, {9}}); }) == "none");
}

// ---- brute force: elements are enumerated by the oracle and renumbered one by one

index_t number_of(list const& element, list const& shape) {
  index_t number = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) number = number * shape[d] + element[d];
  return number;
}
/// Adds what each device has of a layout to `out`, renumbered; `to` is false for elements left out.
template <class To>
void add_numbers(stated::element_numbers& out, layout const& l, list const& shape, To const& to) {
  testing::oracle const places{l};
  out.resize(places.devices());
  for (std::size_t device = 0; device < places.devices(); ++device)
    for (list element : places.elements(device))
      if (to(element)) out[device].push_back(number_of(element, shape));
}
stated::element_numbers sorted(stated::element_numbers numbers) {
  for (list& held : numbers) std::sort(held.begin(), held.end());
  return numbers;
}

stated::element_numbers numbers_of_slice(layout const& l, box const& window) {
  stated::element_numbers out;
  list const shape(window.extent().begin(), window.extent().end());
  add_numbers(out, l, shape, [&](list& element) {
    for (std::size_t d = 0; d < element.size(); ++d) {
      element[d] -= window[d].offset;
      if (element[d] < 0 || element[d] >= window[d].size) return false;
    }
    return true;
  });
  return out;
}

TEST_CASE("slices, concatenations, stacks and interleavings are those of the elements",
          "[rearranged]") {
  index_t kept = 0;
  index_t refused = 0;
  unsigned turn = 0;
  testing::for_each_layout(8, 2, [&](testing::layout_case const& stated) {
    layout const l = testing::to_layout(stated);
    std::size_t const d = ++turn % l.shape().rank();
    auto const dim = static_cast<tensor_dim>(d);
    auto const check = [&](auto const& make, stated::element_numbers const& expected) {
      try {
        if (stated::numbers_of(make()) != sorted(expected)) FAIL(testing::to_text(stated));
        ++kept;
      } catch (layout_error const&) {
        ++refused;
      }
    };
    box window{l.shape()};
    window.offset_[d] = turn % 3 < window.extent_[d] ? turn % 3 : 0;
    window.extent_[d] = (window.extent_[d] - window.offset_[d]) * (turn % 4 + 1) / 4;
    check([&] { return sliced(l, window); }, numbers_of_slice(l, window));

    list longer = stated.shape;
    longer[d] *= 2;
    stated::element_numbers joined;
    stated::element_numbers mixed;
    for (index_t k = 0; k < 2; ++k) {
      add_numbers(joined, l, longer, [&](list& e) { return e[d] += k * stated.shape[d], true; });
      add_numbers(mixed, l, longer, [&](list& e) { return e[d] = e[d] * 2 + k, true; });
    }
    check([&] { return concatenated({l, l}, dim); }, joined);
    check([&] { return interleaved(l, 2, dim); }, mixed);

    list stack = stated.shape;
    stack.insert(stack.begin() + static_cast<std::ptrdiff_t>(d), 3);
    stated::element_numbers stacks;
    for (index_t k = 0; k < 3; ++k)
      add_numbers(stacks, l, stack, [&](list& e) {
        e.insert(e.begin() + static_cast<std::ptrdiff_t>(d), k);
        return true;
      });
    check([&] { return stacked(l, 3, dim); }, stacks);
  });
  CHECK(kept > 1500);
  CHECK(refused < kept / 10);
}

bool is_one_cut(layout const& l) {
  return l.devices().axes() == 1 && l.map().cuts().size() == 1;
}

/// Whenever one rule for the same device axis deals out the slice, there is an answer.
TEST_CASE("a slice or a joined dim that can be stated is found", "[rearranged][slow]") {
  unsigned const seed = std::random_device{}();
  INFO("seed " << seed);
  stated::layouts all{seed, 12};
  for (index_t const devices : {2, 4, 6})
    for (index_t size = 1; size <= 12; ++size) {
      std::map<index_t, std::set<stated::element_numbers>> known;
      for (index_t n = 0; n <= 2 * size; ++n)
        all.for_each({n}, devices, [&](layout const& l) {
          if (is_one_cut(l)) known[n].insert(stated::numbers_of(l));
        });
      auto const check = [&](auto const& make, index_t n, stated::element_numbers const& expected) {
        try {
          if (stated::numbers_of(make()) != expected) FAIL(n << " of " << size);
        } catch (layout_error const& e) {
          if (known[n].count(expected) != 0) FAIL(e.what());
        }
      };
      int turn = 0;
      all.for_each({size}, devices, [&](layout const& l) {
        if (!is_one_cut(l)) return;
        index_t const first = ++turn % size;
        index_t const n = 1 + turn / 3 % (size - first);
        box const window{{first}, {n}};
        check([&] { return sliced(l, window); }, n, numbers_of_slice(l, window));
        stated::element_numbers twice;
        for (index_t k = 0; k < 2; ++k)
          add_numbers(twice, l, {2 * size}, [&](list& e) { return e[0] += k * size, true; });
        check([&] { return concatenated({l, l}, tensor_dim{0}); }, 2 * size, twice);
      });
    }
  SUCCEED();
}

}  // namespace

}  // namespace rearranged_test
