#include <reshard/algebra/nested.hpp>

#include "support/both.hpp"

#include <string>

namespace nested_test {

using namespace reshard;

namespace {

using tuple = nested<index_t, 4>;

constexpr tuple list_of(tuple const& entry) {
  tuple list;
  list.append(entry);
  return list;
}

constexpr bool a_tuple_is_a_leaf_or_a_list() {
  tuple const leaf = 7;
  EXPECT(leaf.is_leaf() && leaf.rank() == 1 && leaf.leaves() == inplace_vector<index_t, 4>{7});
  EXPECT(leaf[0] == leaf);
  tuple const list{2, {4, 3}};
  EXPECT(!list.is_leaf() && list.rank() == 2);
  EXPECT(list.leaves() == inplace_vector<index_t, 4>{2, 4, 3});
  EXPECT(list.profile() == profile{3, 0, 3, 0, 0});
  EXPECT(tuple{}.rank() == 0 && tuple{}.leaves().empty());
  EXPECT(tuple{7} != leaf && tuple{7}.rank() == 1 && tuple{7}[0] == leaf);
  return true;
}
TEST_BOTH("[nested]", a_tuple_is_a_leaf_or_a_list)

constexpr bool an_entry_is_a_tuple_of_its_own() {
  tuple const list{1, {2, {3}}, tuple{}, 4};
  EXPECT(list[0] == tuple(1) && list[3] == tuple(4));
  EXPECT((list[1] == tuple{2, {3}}));
  EXPECT(list[1][1] == tuple{3} && list[1][1][0] == tuple(3));
  EXPECT(list[2] == tuple{});
  tuple again;
  for (std::size_t i = 0; i < list.rank(); ++i) again.append(list[i]);
  EXPECT(again == list);
  return true;
}
TEST_BOTH("[nested]", an_entry_is_a_tuple_of_its_own)

constexpr bool append_nests_and_append_entries_does_not() {
  tuple list{1};
  list.append({2, 3});
  EXPECT((list == tuple{1, {2, 3}}));
  list = tuple{1};
  list.append_entries({2, 3});
  EXPECT((list == tuple{1, 2, 3}));
  list.append_entries(4);
  EXPECT((list == tuple{1, 2, 3, 4}));
  EXPECT(list_of(tuple{1, 2}).rank() == 1 && list_of(tuple{1, 2})[0] == tuple{1, 2});
  return true;
}
TEST_BOTH("[nested]", append_nests_and_append_entries_does_not)

constexpr bool tuples_with_one_profile_are_congruent() {
  EXPECT(congruent(tuple{2, {4, 2}}, nested<char, 3>{'a', {'b', 'c'}}));
  EXPECT(!congruent(tuple{2, {4, 2}}, tuple{2, 4, 2}));
  EXPECT(!congruent(tuple{3}, tuple(3)));
  EXPECT(
      (transform_leaf(tuple{2, {4, 2}}, [](index_t i) { return 10 * i; }) == tuple{20, {40, 20}}));
  return true;
}
TEST_BOTH("[nested]", tuples_with_one_profile_are_congruent)

constexpr bool the_printed_form_has_no_spaces() {
  text<40> words;
  print(words, tuple{2, {4, 2}});
  print(words, " ");
  print(words, list_of(tuple{tuple{}, {3, tuple{}}}));
  print(words, " ");
  print(words, tuple(-5));
  text<40> expected;
  print(expected, "(2,(4,2)) (((),(3,()))) -5");
  EXPECT(words.size() == expected.size());
  for (std::size_t i = 0; i < words.size(); ++i) EXPECT(words.data_[i] == expected.data_[i]);
  return true;
}
TEST_BOTH("[nested]", the_printed_form_has_no_spaces)

TEST_CASE("leaves and nodes have a capacity", "[nested]") {
  tuple list{1, 2, 3, 4};
  CHECK_THROWS_AS(list.append(5), layout_error);
  tuple deep;
  auto const nest_too_deep = [&] {
    for (std::size_t i = 0; i < 2 * max_leaves; ++i) deep = list_of(deep);
  };
  CHECK_THROWS_WITH(nest_too_deep(), "more than 64 entries in a list of fixed capacity");
}

}  // namespace

}  // namespace nested_test
