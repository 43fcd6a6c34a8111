#include <reshard/algebra/cut.hpp>

#include "support/both.hpp"

using namespace reshard;

namespace {

constexpr digit axis_of_four{axis_list{device_axis{0}}, 1, 4};

constexpr bool a_tail_rule_is_the_rule_of_contiguous_parts() {
  for (tail_rule const tail : {tail_rule::exact, tail_rule::ceil, tail_rule::balanced}) {
    cut const c{axis_of_four, tail};
    EXPECT(c.kind() == cut_kind::contiguous && c.tail() == tail && c.parts() == 4);
    EXPECT(c.block() == 0 && c.sizes() == 0 && c.is_contiguous());
    EXPECT(cut_rule{tail} == tail);
  }
  EXPECT(cut_rule{} == tail_rule::exact);
  return true;
}
TEST_BOTH("[cut]", a_tail_rule_is_the_rule_of_contiguous_parts)

constexpr bool every_rule_says_its_kind_and_its_numbers() {
  cut const listed{axis_of_four, cut_rule::parts({3, 0, 2, 1})};
  EXPECT(listed.kind() == cut_kind::listed && listed.sizes() == 4 && listed.block() == 0);
  cut const cyclic{axis_of_four, cut_rule::cyclic(128)};
  EXPECT(cyclic.kind() == cut_kind::cyclic && cyclic.block() == 128 && cyclic.sizes() == 0);
  cut const fused{axis_of_four, cut_rule::sections({8, 4, 4})};
  EXPECT(fused.kind() == cut_kind::sections && fused.sizes() == 3 && fused.block() == 0);
  EXPECT(fused.tail() == tail_rule::exact);
  cut const strided{axis_of_four, cut_rule::sections(3, tail_rule::ceil)};
  EXPECT(strided.kind() == cut_kind::sections && strided.block() == 3 && strided.sizes() == 0);
  EXPECT(strided.tail() == tail_rule::ceil);
  EXPECT(cut_rule::sections(3).tail_ == tail_rule::exact);
  for (cut const& c : {listed, cyclic, fused, strided}) EXPECT(c.by() == axis_of_four);
  return true;
}
TEST_BOTH("[cut]", every_rule_says_its_kind_and_its_numbers)

constexpr bool a_part_is_one_interval_unless_it_is_dealt_out() {
  digit const one{{}, 1, 1};
  EXPECT((cut{axis_of_four, cut_rule::parts({1, 2, 3, 4})}.is_contiguous()));
  EXPECT((!cut{axis_of_four, cut_rule::cyclic(2)}.is_contiguous()));
  EXPECT((!cut{axis_of_four, cut_rule::sections(2)}.is_contiguous()));
  EXPECT((!cut{axis_of_four, cut_rule::sections({4, 8})}.is_contiguous()));
  for (cut_rule const& rule : {cut_rule::cyclic(2), cut_rule::sections(2), cut_rule::sections({4})})
    EXPECT((cut{one, rule}.is_contiguous()));  // there is one part: everything
  return true;
}
TEST_BOTH("[cut]", a_part_is_one_interval_unless_it_is_dealt_out)

constexpr bool rules_are_equal_by_value() {
  EXPECT(cut_rule::parts({1, 2}) == cut_rule::parts({1, 2}));
  EXPECT(cut_rule::parts({1, 2}) != cut_rule::parts({2, 1}));
  EXPECT(cut_rule::parts({4, 4}) != cut_rule::sections({4, 4}));
  EXPECT(cut_rule::cyclic(4) != cut_rule::cyclic(2) && cut_rule::cyclic(4) != tail_rule::exact);
  EXPECT(cut_rule::sections(4) != cut_rule::sections(4, tail_rule::ceil));
  EXPECT((cut{axis_of_four, cut_rule::cyclic(4)} == cut{axis_of_four, cut_rule::cyclic(4)}));
  EXPECT((cut{axis_of_four, tail_rule::ceil} != cut{axis_of_four, tail_rule::exact}));
  return true;
}
TEST_BOTH("[cut]", rules_are_equal_by_value)

template <cut C> constexpr index_t parts_of_type() {
  return C.parts();
}

constexpr bool a_cut_is_a_template_argument() {
  return parts_of_type<cut{axis_of_four, cut_rule::sections(2, tail_rule::balanced)}>() == 4;
}
TEST_BOTH("[cut]", a_cut_is_a_template_argument)

TEST_CASE("blocks and sections are at least one", "[cut]") {
  for (index_t const number : {index_t{0}, index_t{-1}, -max_index}) {
    CHECK_THROWS_AS(cut_rule::cyclic(number), layout_error);
    CHECK_THROWS_AS(cut_rule::sections(number), layout_error);
  }
  CHECK_THROWS_WITH(cut_rule::cyclic(-3), "blocks of -3 indices");
  CHECK(cut_rule::cyclic(max_index).block_ == max_index);
}

TEST_CASE("a rule states at most 16 sizes", "[cut]") {
  CHECK(cut_rule::parts(size_list(16, 1)).sizes_.size() == 16);
  CHECK_THROWS_WITH(cut_rule::parts(size_list(17, 1)),
                    "more than 16 entries in a list of fixed capacity");
}

}  // namespace
