#include <reshard/algebra/inplace_vector.hpp>

#include "support/both.hpp"

namespace inplace_vector_test {

using namespace reshard;

namespace {

using list = inplace_vector<index_t, 4>;
template <list Values> struct tagged {};

template <class A, class B> constexpr bool same_type = false;
template <class A> constexpr bool same_type<A, A> = true;

constexpr list after_push_and_pop() {
  list values{1, 2, 3};
  values.pop_back();
  return values;
}

constexpr bool equal_lists_are_one_type_whatever_they_held_before() {
  EXPECT(after_push_and_pop() == list{1, 2});
  EXPECT(same_type<tagged<after_push_and_pop()>, tagged<list{1, 2}>>);
  EXPECT(list{1, 2} != list{1, 2, 0});
  return true;
}
TEST_BOTH("[inplace_vector]", equal_lists_are_one_type_whatever_they_held_before)

constexpr bool insert_keeps_the_order_of_the_others() {
  list values;
  EXPECT(values.empty());
  values.insert(0, 3);
  values.insert(0, 1);
  values.insert(1, 2);
  values.insert(3, 4);
  EXPECT(values == list{1, 2, 3, 4});
  EXPECT(values.size() == 4 && values.back() == 4 && values[2] == 3);
  return true;
}
TEST_BOTH("[inplace_vector]", insert_keeps_the_order_of_the_others)

constexpr bool only_the_used_entries_are_contained() {
  list const sevens(3, 7);
  EXPECT(sevens == list{7, 7, 7});
  EXPECT(sevens.contains(7) && !sevens.contains(0));
  EXPECT(sevens.end() - sevens.begin() == 3);
  list counted;
  for (index_t i = 0; i < 4; ++i) counted.push_back(i);
  for (index_t& value : counted) value *= 2;
  counted[0] = 9;
  EXPECT(counted == list{9, 2, 4, 6});
  return true;
}
TEST_BOTH("[inplace_vector]", only_the_used_entries_are_contained)

TEST_CASE("a full list refuses one more entry", "[inplace_vector]") {
  list values(4, 1);
  CHECK_THROWS_AS(values.push_back(1), layout_error);
  CHECK_THROWS_AS(values.insert(0, 1), layout_error);
  CHECK_THROWS_AS((list{1, 2, 3, 4, 5}), layout_error);
  CHECK_THROWS_WITH(list(5, 1), "more than 4 entries in a list of fixed capacity");
  CHECK(values == list(4, 1));
}

}  // namespace

}  // namespace inplace_vector_test
