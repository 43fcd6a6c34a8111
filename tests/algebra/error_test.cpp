#include <reshard/algebra/error.hpp>

#include "support/both.hpp"

#include <string>
#include <type_traits>

namespace error_test {

using namespace reshard;

namespace {

// What is thrown cannot be a constant; what must hold of the types can be proved.
constexpr bool errors_are_caught_by_their_base_and_copied_without_throwing() {
  EXPECT(std::is_base_of_v<std::exception, error>);
  EXPECT(std::is_base_of_v<error, layout_error> && std::is_base_of_v<error, plan_error>);
  EXPECT(std::is_nothrow_copy_constructible_v<layout_error>);
  EXPECT(noexcept(std::declval<error const&>().code()));
  EXPECT(noexcept(std::declval<error const&>().rule()));
  EXPECT(noexcept(std::declval<error const&>().what()));
  return true;
}
TEST_BOTH("[error]", errors_are_caught_by_their_base_and_copied_without_throwing)

TEST_CASE("an error carries its number, its rule and the facts", "[error]") {
  layout_error const e{
      errc::dim_does_not_exist, "some_rule", {"dim ", index_t{7}, " of ", std::size_t{2}}};
  error const copy = e;
  CHECK(copy.code() == errc::dim_does_not_exist);
  CHECK(std::string{copy.rule()} == "some_rule");
  CHECK(std::string{copy.what()} == "dim 7 of 2");
}

TEST_CASE("the stable numbers stay what they are", "[error]") {
  CHECK(static_cast<int>(errc::none) == 0);
  CHECK(static_cast<int>(errc::too_many_entries) == 1);
  CHECK(static_cast<int>(errc::local_shapes_do_not_join) == 17);
  CHECK(static_cast<int>(errc::global_shapes_differ) == 100);
  CHECK(static_cast<int>(errc::piece_has_no_present_holder) == 102);
  CHECK(static_cast<int>(errc::file_cannot_be_read) == 200);
  CHECK(static_cast<int>(errc::checkpoint_is_incomplete) == 300);
}

}  // namespace

}  // namespace error_test
