#include <reshard/algebra/text.hpp>

#include <reshard/algebra/print.hpp>

#include "support/both.hpp"

#include <string>
#include <string_view>

namespace text_test {

using namespace reshard;

namespace {

constexpr bool numbers_print_to_both_ends_of_their_range() {
  text<60> words;
  print(words, max_index);
  print(words, " ");
  print(words, -max_index - 1);
  print(words, " ");
  print(words, index_t{0});
  EXPECT(std::string_view{words.c_str()} == "9223372036854775807 -9223372036854775808 0");
  EXPECT(words.size() == 42);
  return true;
}
TEST_BOTH("[text]", numbers_print_to_both_ends_of_their_range)

constexpr bool what_does_not_fit_ends_in_dots() {
  text<6> words;
  print(words, "abcdef");
  EXPECT(std::string_view{words.c_str()} == "abcdef");
  words.push_back('g');
  EXPECT(std::string_view{words.c_str()} == "abc...");
  EXPECT(words.size() == 6);
  return true;
}
TEST_BOTH("[text]", what_does_not_fit_ends_in_dots)

constexpr bool what_prints_is_text_for_a_message() {
  EXPECT(std::string_view{printed(index_t{-7}).c_str()} == "-7");
  EXPECT(std::string_view{printed(extents{2, 3}).c_str()} == "shape(2, 3)");
  return true;
}
TEST_BOTH("[text]", what_prints_is_text_for_a_message)

TEST_CASE("std::string takes characters too", "[text]") {
  static_assert(character_sink<std::string>);
  static_assert(!character_sink<int>);
  std::string words;
  print(words, "dim ");
  print(words, index_t{-12});
  CHECK(words == "dim -12");
}

}  // namespace

}  // namespace text_test
