#include <reshard/algebra.hpp>

#include "support/both.hpp"
#include "support/naive_layouts.hpp"

using namespace reshard;

namespace {

constexpr device_matrix two_by_two_by_two{2, 2, 2};

constexpr bool
a_transposed_map_cuts_dim_0_by_the_last_axis() {  // spec of slice geometry, example A
  layout const l{two_by_two_by_two, plain_map(two_by_two_by_two, {0, 2}), {8, 4}};
  EXPECT(l.box_of(1) == box{{4, 0}, {4, 2}});
  EXPECT(l.box_of(4) == box{{0, 2}, {4, 2}});
  EXPECT(l.replicas_of(5).size() == 2);
  EXPECT(l.replicas_of(5)[0] == 5 && l.replicas_of(5)[1] == 7);
  return true;
}
TEST_BOTH("[layout]", a_transposed_map_cuts_dim_0_by_the_last_axis)

constexpr bool optimizer_pieces_go_by_position_among_the_replicas() {  // examples B and E
  device_matrix const devices{4, 2};
  layout const l{devices, plain_map(devices, {0, -1}), {16, 8}};
  EXPECT(with_optimizer_shard(l, 2).box_of(1) == box{{8, 0}, {4, 8}});
  EXPECT(with_optimizer_shard(l, 2).box_of(6) == box{{4, 0}, {4, 8}});
  EXPECT(with_optimizer_shard(l, all_replicas).box_of(7) == box{{14, 0}, {2, 8}});
  layout const around{two_by_two_by_two, plain_map(two_by_two_by_two, {1, -1}), {16, 8}};
  EXPECT(with_optimizer_shard(around, 2).box_of(5) == box{{4, 0}, {4, 8}});
  return true;
}
TEST_BOTH("[layout]", optimizer_pieces_go_by_position_among_the_replicas)

constexpr bool a_nested_map_is_most_significant_first() {  // examples C and D
  layout const l{two_by_two_by_two, nested_map(two_by_two_by_two, {{2, 0}, {}}), {16, 6}};
  EXPECT(l.box_of(3) == box{{4, 0}, {4, 6}});
  EXPECT(l.box_of(5) == box{{12, 0}, {4, 6}});
  device_matrix const wide{4, 2, 4, 2};
  layout const d = with_optimizer_shard(layout{wide, nested_map(wide, {{2, 3}, {-1}}), {32, 8}}, 4);
  EXPECT(d.local_shape(0) == extents{1, 8});
  EXPECT(d.box_of(8).offset()[0] == 16 && d.box_of(16).offset()[0] == 4 &&
         d.box_of(63).offset()[0] == 31);
  return true;
}
TEST_BOTH("[layout]", a_nested_map_is_most_significant_first)

constexpr bool parts_of_an_axis_cut_two_dims() {
  device_matrix const devices{4};
  axis_list const axis{device_axis{0}};
  tensor_map map;
  map.append(devices, {}, tail_rule::exact);
  map.append(devices, {}, tail_rule::exact);
  map.add_cut(0, cut{digit{axis, 1, 2}, tail_rule::exact});
  map.add_cut(1, cut{digit{axis, 2, 2}, tail_rule::exact});
  layout const l{devices, map, {4, 6}};
  EXPECT(l.box_of(1) == box{{2, 0}, {2, 3}});
  EXPECT(l.box_of(2) == box{{0, 3}, {2, 3}});
  EXPECT(l.owners_of({3, 5}).size() == 1 && l.owners_of({3, 5})[0] == 3);
  return true;
}
TEST_BOTH("[layout]", parts_of_an_axis_cut_two_dims)

constexpr bool the_joined_layout_is_the_inverse_of_local_shape() {
  device_matrix const devices{3, 2};
  for (tail_rule const tail : {tail_rule::ceil, tail_rule::balanced}) {
    layout const l{devices, plain_map(devices, {1, 0}, tail), {10, 5}};
    EXPECT(joined_layout(devices, l.map(), [&](index_t d) { return l.local_shape(d); }) == l);
  }
  return true;
}
TEST_BOTH("[layout]", the_joined_layout_is_the_inverse_of_local_shape)

constexpr bool the_printed_form_is_one() {
  text<100> out;
  device_matrix const devices{2, 4};
  print(out, layout{devices, plain_map(devices, {1, -1}), {512, 1024}});
  char const* expected = "devices(2, 4) map((1), ()) shape(512, 1024)";
  for (std::size_t i = 0; i <= out.size(); ++i) EXPECT(out.c_str()[i] == expected[i]);
  return true;
}
TEST_BOTH("[layout]", the_printed_form_is_one)

void check_device(brute::state const& s, layout const& l, index_t device,
                  std::map<std::vector<index_t>, std::vector<index_t>>& parts) {
  box const where = l.box_of(device);
  std::vector<index_t> key;
  for (std::size_t d = 0; d < s.shape.size(); ++d) {
    brute::indices const rows = brute::rows_of(s, device, d);
    REQUIRE(where.extent()[d] == static_cast<index_t>(rows.size()));
    if (!rows.empty()) REQUIRE(where.offset()[d] == rows.front());
    key.push_back(where.offset()[d]);
    key.push_back(where.extent()[d]);
  }
  parts[key].push_back(device);
}

/// Boxes, replicas and owners of one layout against the naive rules; the boxes partition the
/// tensor.
void check(brute::state const& s) {
  layout const l = brute::layout_of(s);
  text<200> name;
  print(name, l);
  INFO(name.c_str());
  std::map<std::vector<index_t>, std::vector<index_t>> parts;
  for (index_t d = 0; d < l.devices().devices(); ++d) check_device(s, l, d, parts);
  index_t elements = 0;
  for (auto const& [key, devices] : parts) {
    box const where = l.box_of(devices.front());
    elements += where.elements();
    if (where.elements() == 0) continue;
    replica_group const group = l.replicas_of(devices.back());
    REQUIRE(group.size() == static_cast<index_t>(devices.size()));
    for (std::size_t k = 0; k < devices.size(); ++k)
      REQUIRE(group[static_cast<index_t>(k)] == devices[k]);
    grid_index last = where.offset();
    for (std::size_t d = 0; d < last.size(); ++d) last[d] += where.extent()[d] - 1;
    REQUIRE(l.owners_of(last)[0] == devices.front());
  }
  REQUIRE(elements == l.shape().elements());
}

std::size_t check_all(index_t most_devices, std::size_t most_rank) {
  std::size_t count = 0;
  for (brute::indices const& matrix : brute::all_matrices(most_devices))
    for (std::size_t rank = 1; rank <= most_rank; ++rank)
      for (brute::axes_per_dim const& map : brute::all_maps(matrix.size(), rank))
        for (index_t const extra : {0, 1, 5}) {
          std::vector<tail_rule> const rules =
              extra == 0 ? std::vector{tail_rule::exact}
                         : std::vector{tail_rule::ceil, tail_rule::balanced};
          for (tail_rule const tail : rules) {
            brute::state s{matrix, map, {}, std::vector<tail_rule>(rank, tail), 1};
            s.shape = brute::shape_for(matrix, map, 1, extra);
            check(s);
            layout const whole = brute::layout_of(s);
            index_t const replicas = combinations(whole.devices(), replica_axes(whole));
            for (index_t pieces = 2; pieces <= replicas; ++pieces) {
              if (replicas % pieces != 0) continue;
              s.pieces = pieces;
              s.shape = brute::shape_for(matrix, map, pieces, extra);
              check(s);
              ++count;
            }
            ++count;
          }
        }
  return count;
}
}  // namespace

TEST_CASE("layouts up to 8 devices equal the naive rules", "[layout]") {
  CHECK(check_all(8, 2) > 1000);
}
TEST_CASE("layouts up to 24 devices equal the naive rules", "[layout][slow]") {
  CHECK(check_all(24, 2) > 10000);
}
