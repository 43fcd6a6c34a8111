#include <reshard/algebra/named_axes.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr named_devices mesh{{"dp", 2}, {"cp", 3}, {"tp", 4}};

constexpr axis_name named(char const* words) {
  axis_name name;
  print(name, words);
  return name;
}

constexpr bool names_stand_outermost_first() {
  EXPECT((mesh.devices() == device_matrix{2, 3, 4}));
  EXPECT(mesh.axis_of(named("dp")) == device_axis{2} &&
         mesh.axis_of(named("tp")) == device_axis{0});
  EXPECT((named_devices{}.devices() == device_matrix{}));
  EXPECT((mesh == named_devices{{"dp", 2}, {"cp", 3}, {"tp", 4}}));
  EXPECT((mesh != named_devices{{"dp", 2}, {"tp", 4}, {"cp", 3}}));
  return true;
}
TEST_BOTH("[named_axes]", names_stand_outermost_first)

constexpr bool a_spec_is_the_map_of_its_axes() {
  device_matrix const devices = mesh.devices();
  layout const l = partitioned(mesh, {"tp", {"cp", "dp"}, {}}, {8, 6, 5});
  EXPECT((l == layout{devices, nested_map(devices, {{0}, {1, 2}, {}}), {8, 6, 5}}));
  EXPECT((l.local_shape(0) == extents{2, 1, 5}));
  // cp is the more significant digit of dim 1: device (1, 2, 3) has 2 * 2 + 1
  EXPECT((l.box_of(23) == box{{6, 5, 0}, {2, 1, 5}}));
  return true;
}
TEST_BOTH("[named_axes]", a_spec_is_the_map_of_its_axes)

constexpr bool an_uncut_dim_has_many_spellings() {
  layout const whole = partitioned(mesh, {{}, "tp"}, {3, 4});
  EXPECT(partitioned(mesh, {"None", "tp"}, {3, 4}) == whole);
  EXPECT(partitioned(mesh, {"", "tp"}, {3, 4}) == whole);
  EXPECT((partitioned(mesh, {{"None", ""}, "tp"}, {3, 4}) == whole));
  EXPECT(partitioned(mesh, {"tp"}, {4, 3, 2}) == partitioned(mesh, {"tp", {}, {}}, {4, 3, 2}));
  EXPECT(partitioned(mesh, {}, {5}).is_replicated());
  EXPECT((partitioned(mesh, {}, {}) == layout{mesh.devices(), {}, {}}));
  return true;
}
TEST_BOTH("[named_axes]", an_uncut_dim_has_many_spellings)

constexpr bool a_rule_holds_for_every_cut_of_the_spec() {
  layout const l = partitioned(mesh, {"dp", "tp"}, {5, 6}, tail_rule::balanced);
  EXPECT((l.local_shape(0) == extents{3, 2} && l.local_shape(23) == extents{2, 1}));
  layout const blocks = partitioned(mesh, {"tp"}, {10}, cut_rule::cyclic(1));
  EXPECT((blocks.local_shape(0) == extents{3} && blocks.local_shape(3) == extents{2}));
  return true;
}
TEST_BOTH("[named_axes]", a_rule_holds_for_every_cut_of_the_spec)

constexpr bool tensor_parallel_cuts_one_dim() {
  layout const l = tensor_parallel(4, tensor_dim{1}, {6, 8, 2});
  EXPECT((l == layout{device_matrix{4}, plain_map({4}, {-1, 0, -1}), {6, 8, 2}}));
  EXPECT((l.box_of(3) == box{{0, 6, 0}, {6, 2, 2}}));
  EXPECT(tensor_parallel(1, tensor_dim{0}, {7}).is_replicated());
  EXPECT((tensor_parallel(2, tensor_dim{0}, {5}, tail_rule::ceil).local_shape(1) == extents{2}));
  return true;
}
TEST_BOTH("[named_axes]", tensor_parallel_cuts_one_dim)

// devices_indices_map of jax's NamedSharding over Mesh((4, 2), ('x', 'y')), from its tutorial: an
// (8192, 8192) array under P('x', 'y'), P('y', 'x'), P('x', None), P(('x', 'y'), None)
constexpr bool partition_specs_place_blocks_as_jax_draws_them() {
  named_devices const xy{{"x", 4}, {"y", 2}};
  extents const shape{8192, 8192};
  layout const both = partitioned(xy, {"x", "y"}, shape);
  layout const swapped = partitioned(xy, {"y", "x"}, shape);
  layout const rows = partitioned(xy, {"x", "None"}, shape);
  layout const flat = partitioned(xy, {{"x", "y"}, "None"}, shape);
  for (index_t d = 0; d < 8; ++d) {
    EXPECT((both.box_of(d) == box{{d / 2 * 2048, d % 2 * 4096}, {2048, 4096}}));
    EXPECT((swapped.box_of(d) == box{{d % 2 * 4096, d / 2 * 2048}, {4096, 2048}}));
    EXPECT((rows.box_of(d) == box{{d / 2 * 2048, 0}, {2048, 8192}}));
    EXPECT((flat.box_of(d) == box{{d * 1024, 0}, {1024, 8192}}));
  }
  return true;
}
TEST_BOTH("[named_axes]", partition_specs_place_blocks_as_jax_draws_them)

TEST_CASE("names are known, used once and whole", "[named_axes]") {
  CHECK_THROWS_WITH(partitioned(mesh, {"pp"}, {4}), "no device axis is named 'pp'");
  CHECK_THROWS_WITH((named_devices{{"a", 2}, {"b", 2}, {"a", 3}}), "two device axes are named 'a'");
  CHECK_THROWS_AS(partitioned(mesh, {"tp", "tp"}, {4, 4}), layout_error);
  CHECK_THROWS_AS(partitioned(mesh, {"tp", {}, {}}, {4, 4}), layout_error);
  CHECK_THROWS_AS((named_devices{{"a", 0}}.devices()), layout_error);
  CHECK_THROWS_AS(tensor_parallel(0, tensor_dim{0}, {4}), layout_error);
  CHECK_THROWS_WITH(tensor_parallel(2, tensor_dim{1}, {4}),
                    "dim 1 does not exist, the tensor has rank 1");
}

TEST_CASE("a name that does not fit is refused, not cut off", "[named_axes]") {
  std::string const longest(31, 'n');
  named_devices const devices{{longest.c_str(), 4}};
  CHECK(partitioned(devices, {longest.c_str()}, {8}).local_shape(0) == extents{2});
  for (std::string const& longer : {longest + "n", longest + "_outer"}) {
    CHECK_THROWS_AS((named_devices{{longer.c_str(), 4}}), layout_error);
    CHECK_THROWS_AS(partitioned(devices, {longer.c_str()}, {8}), layout_error);
  }
}

}  // namespace
