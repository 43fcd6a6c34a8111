#include <reshard/exec/operator_run.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace reshard;

namespace {

/// What a device holds of the tensor 0, 1, 2, ...
held_tensor<index_t> part_of_device(plain_layout const& l, index_t device) {
  held_tensor<index_t> whole{l.shape, {}};
  for (index_t i = 0; i < detail::element_count(l.shape); ++i) whole.values.push_back(i);
  factor_list begin;
  factor_list end;
  for (std::size_t d = 0; d < l.shape.size(); ++d) {
    index_t const part = l.shape[d] / l.parts(d);
    begin.push_back(l.map[d] == no_axis ? 0 : part * l.coordinate(device, l.map[d]));
    end.push_back(begin.back() + part);
  }
  return block_of(whole, begin, end);
}

plain_layout random_layout(std::mt19937& random, factor_list sizes, factor_list const& shape) {
  std::shuffle(sizes.begin(), sizes.end(), random);
  plain_layout out{sizes, {}, shape};
  factor_list axes(sizes.size(), 0);
  for (std::size_t a = 0; a < axes.size(); ++a) axes[a] = static_cast<index_t>(a);
  std::shuffle(axes.begin(), axes.end(), random);
  for (std::size_t d = 0; d < shape.size(); ++d)
    out.map.push_back(d < axes.size() && random() % 3 != 0 ? axes[d] : no_axis);
  return out;
}

}  // namespace

TEST_CASE("operators bring every device exactly its elements", "[operator_run]") {
  std::mt19937 random{7};
  factor_list const sizes[] = {{24}, {2, 12}, {4, 6}, {2, 3, 4}, {3, 8}, {2, 2, 6}, {2, 2, 2, 3}};
  factor_list const shapes[] = {{48, 24}, {24, 2, 24}, {1152}, {24, 48, 1}};
  for (int i = 0; i < 1000; ++i) {
    plain_layout const from = random_layout(random, sizes[random() % 7], shapes[random() % 4]);
    plain_layout const to = random_layout(random, sizes[random() % 7], shapes[random() % 4]);
    try {
      detail::require_movable(from, to, 0);
    } catch (layout_error const&) {
      continue;
    }
    std::vector<operator_list> lists;
    std::vector<held_tensor<index_t>> locals;
    for (index_t d = 0; d < 24; ++d) {
      lists.push_back(mindspore_operators(from, to, d));
      locals.push_back(part_of_device(from, d));
    }
    locals = run_operators(lists, locals);
    INFO("seed 7, case " << i);
    bool same = true;
    for (index_t d = 0; d < 24; ++d) {
      held_tensor<index_t> const expected = part_of_device(to, d);
      held_tensor<index_t> const& found = locals[static_cast<std::size_t>(d)];
      same = same && found.values == expected.values && found.shape == expected.shape;
    }
    CHECK(same);
  }
}
