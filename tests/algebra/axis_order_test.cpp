#include <reshard/algebra/axis_order.hpp>

#include "all_rules.hpp"
#include "support/both.hpp"
#include "support/stated_layouts.hpp"

namespace axis_order_test {

using namespace reshard;

namespace {

constexpr axis_list up{device_axis{0}, device_axis{1}};
constexpr axis_list down{device_axis{1}, device_axis{0}};

constexpr bool parts_are_numbered_so_that_they_are_dealt_out() {
  device_matrix const devices{3, 2};
  ruled_cut const by{digit{devices, up}, cut_rule::parts({0, 2, 0, 0, 0, 2})};
  ruled_cut const even = detail::in_even_order(devices, by);
  EXPECT(even.by_ == digit(devices, down));
  EXPECT(even.rule_ == cut_rule::parts({0, 0, 2, 0, 0, 2}));
  EXPECT(detail::unevenness(by) == 2 && detail::unevenness(even) == 0);
  return true;
}
TEST_BOTH("[axis_order]", parts_are_numbered_so_that_they_are_dealt_out)

constexpr bool the_order_of_the_parts_stays() {
  device_matrix const devices{3, 2};
  ruled_cut const by{digit{devices, up}, cut_rule::parts({1, 1, 0, 1, 0, 0})};
  EXPECT(detail::stated_over(devices, by, down).parts() == 0);  // 3 is 1 of it, 1 is 2
  EXPECT(detail::stated_over(devices, by, up) == by);
  return true;
}
TEST_BOTH("[axis_order]", the_order_of_the_parts_stays)

constexpr bool other_rules_stay() {
  device_matrix const devices{3, 2};
  for (cut_rule const& rule : {cut_rule{}, cut_rule{tail_rule::ceil}, cut_rule::cyclic(2)}) {
    ruled_cut const by{digit{devices, up}, rule};
    EXPECT(detail::in_even_order(devices, by) == by);
  }
  ruled_cut const partial{digit{up, 2, 3}, cut_rule::parts({1, 0, 1})};
  EXPECT(detail::in_even_order(devices, partial) == partial);
  ruled_cut const nothing{digit{devices, up}, cut_rule::parts({0, 0, 0, 0, 0, 0})};
  EXPECT(detail::in_even_order(devices, nothing) == nothing);
  return true;
}
TEST_BOTH("[axis_order]", other_rules_stay)

TEST_CASE("every device keeps its interval", "[axis_order]") {
  std::size_t turned = 0;
  for (device_matrix const& devices : {device_matrix{3, 2}, {2, 1, 3}, {2, 2, 2}}) {
    axis_list axes;
    for (std::size_t a = 0; a < devices.axes(); ++a) axes.push_back(device_axis(a));
    for (index_t const extent : {2, 3, 4})
      for (size_list const& sizes : all_rules::sums(extent, devices.devices(), 1, 0)) {
        ruled_cut const by{digit{devices, axes}, cut_rule::parts(sizes)};
        ruled_cut const even = detail::in_even_order(devices, by);
        tensor_map from, to;
        from.append(devices, {}), to.append(devices, {});
        from.add_cut(0, by.by_, by.rule_), to.add_cut(0, even.by_, even.rule_);
        layout const a{devices, from, {extent}};
        layout const b{devices, to, {extent}};
        REQUIRE(detail::in_even_order(a) == b);
        REQUIRE(stated::numbers_of(a) == stated::numbers_of(b));
        CHECK(detail::unevenness(even) <= detail::unevenness(by));
        turned += even == by ? 0 : 1;
      }
  }
  CHECK(turned >= 20);
}

}  // namespace

}  // namespace axis_order_test
