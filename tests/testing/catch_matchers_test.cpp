#include <reshard/plan/make_steps.hpp>
#include <reshard/testing/catch_matchers.hpp>

using namespace reshard;
using namespace reshard::testing;

namespace {

device_matrix const two{2};
layout const rows{two, plain_map(two, {0, -1}), {4, 4}};
layout const columns{two, plain_map(two, {-1, 0}), {4, 4}};

/// What Catch2 prints behind the argument of a failed assertion.
template <class Matcher, class Value> std::string refusal(Matcher const& matcher, Value const& v) {
  REQUIRE_FALSE(matcher.match(v));
  return matcher.toString();
}

}  // namespace

TEST_CASE("a plan covers its destination, moves the least, and steps end at the goal",
          "[catch_matchers]") {
  transfer_list const transfers = transfers_between(rows, columns);
  CHECK_THAT(transfers, CoversExactlyOnce(columns));
  CHECK_THAT(transfers, CoversExactlyOnce(rows, columns));
  CHECK_THAT(transfers, MovesNoMoreThan(cost(rows, columns).lower_bound));
  CHECK_THAT(after(rows, make_steps(rows, columns)), SameElements(columns));
  CHECK_THAT(rows, !SameElements(columns));
  CHECK_THAT(transfers, CoversExactlyOnce(columns) && !MovesNoMoreThan(7));
}

TEST_CASE("a list that misses an element shows who fills the device", "[catch_matchers]") {
  transfer_list transfers = transfers_between(rows, columns);
  transfers.pop_back();
  CHECK(refusal(CoversExactlyOnce(rows, columns), transfers) ==
        "covers devices(2) map((), (0)) shape(4, 4) exactly once\n"
        "an element of device 1 is filled by nobody\n"
        "who fills device 1:\n"
        "     | 0..1\n"
        "-----+-----\n"
        "0..1 | 0\n"
        "2..3 | -\n"
        "what should move:\n"
        "from devices(2) map((0), ()) shape(4, 4)\n"
        "to   devices(2) map((), (0)) shape(4, 4)\n"
        "     | 0..1 | 2..3\n"
        "-----+------+-----\n"
        "0..1 | =0   | 0>1\n"
        "2..3 | 1>0  | =1\n");
}

TEST_CASE("each fault is a sentence", "[catch_matchers]") {
  auto const said = [](auto const& change) {
    transfer_list transfers = transfers_between(rows, columns);
    change(transfers);
    std::string const words = refusal(CoversExactlyOnce(rows, columns), transfers);
    std::size_t const begin = words.find('\n') + 1;
    return words.substr(begin, words.find('\n', begin) - begin);
  };
  CHECK(said([](transfer_list& t) { t.push_back(t[0]); }) ==
        "an element of device 0 is filled twice");
  CHECK(said([](transfer_list& t) {
          t[1].source_offset = {1, 2};
        }) == "a transfer to device 0 leaves the storage of its device");
  CHECK(said([](transfer_list& t) {
          t[1].source_offset = {0, 2};
        }) == "a transfer brings device 0 elements that belong elsewhere");
  CHECK(said([](transfer_list& t) { t[1].source = 2; }) ==
        "a transfer names a device that does not exist");
}

TEST_CASE("what moves too much says how much", "[catch_matchers]") {
  CHECK(refusal(MovesNoMoreThan(7), transfers_between(rows, columns)) ==
        "moves no more than 7 elements between devices; it moves 8");
}

TEST_CASE("two layouts that differ are both drawn", "[catch_matchers]") {
  CHECK(refusal(SameElements(columns), rows) ==
        "has the elements of devices(2) map((), (0)) shape(4, 4)\n"
        "     | 0..1 | 2..3\n"
        "-----+------+-----\n"
        "0..3 | 0    | 1\n"
        "but is devices(2) map((0), ()) shape(4, 4)\n"
        "     | 0..3\n"
        "-----+-----\n"
        "0..1 | 0\n"
        "2..3 | 1\n");
}

TEST_CASE("layouts and transfers print in their one form", "[catch_matchers]") {
  CHECK(Catch::Detail::stringify(rows) == "devices(2) map((0), ()) shape(4, 4)");
  CHECK(Catch::Detail::stringify(transfer_list{{0, 1, {2, 0}, {0, 3}, {2, 1}}}) ==
        "1 transfers: 0(2, 0) -> 1(0, 3) x (2, 1)");
  CHECK(Catch::Detail::stringify(transfer_list(9)).ends_with(", ..."));
}
