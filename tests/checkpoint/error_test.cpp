#include <reshard/checkpoint/error.hpp>

#include <catch2/catch.hpp>

#include <type_traits>

namespace error_test {

using namespace reshard;

TEST_CASE("each reporter has its number, its name and the text", "[checkpoint_error]") {
  struct reporter {
    void (*report)(std::string const&);
    errc code;
    char const* rule;
  };
  reporter const reporters[] = {
      {detail::checkpoint_is_incomplete, errc::checkpoint_is_incomplete,
       "checkpoint_is_incomplete"},
      {detail::names_do_not_match, errc::names_do_not_match, "names_do_not_match"},
      {detail::replicas_differ, errc::replicas_differ, "replicas_differ"},
      {detail::destination_exists, errc::destination_exists, "destination_exists"},
      {detail::arguments_disagree, errc::arguments_disagree, "arguments_disagree"},
      {detail::layouts_disagree, errc::layouts_disagree, "layouts_disagree"},
      {detail::not_enough_space, errc::not_enough_space, "not_enough_space"}};
  for (reporter const& r : reporters) {
    INFO(r.rule);
    try {
      r.report("tensor 'w'");
      FAIL("nothing was thrown");
    } catch (checkpoint_error const& e) {
      CHECK(e.code() == r.code);
      CHECK(std::string{e.rule()} == r.rule);
      CHECK(std::string{e.what()} == "tensor 'w'");
    }
  }
}

TEST_CASE("the text is never cut off and outlives the copy", "[checkpoint_error]") {
  std::string const long_text(100'000, 'x');
  auto const copy = [&] {
    checkpoint_error const original{errc::replicas_differ, "rule", long_text};
    return checkpoint_error{original};
  }();
  CHECK(copy.what() == long_text);
  static_assert(std::is_nothrow_copy_constructible_v<checkpoint_error>);
  static_assert(std::is_base_of_v<error, checkpoint_error>);
}

}  // namespace error_test
