#pragma once

#include <catch2/catch.hpp>

/// In a body of TEST_BOTH: a false claim stops the constant evaluation at this line, or fails at
/// run time.
#define EXPECT(...)                                                 \
  do {                                                              \
    if (!(__VA_ARGS__)) return both::fails(#__VA_ARGS__, __LINE__); \
  } while (false)

/// Evaluates a constexpr bool function as a constant and at run time: a compiler that sees a plain
/// call evaluates that as a constant too, and clang does so once for every warning that asks.
#define TEST_BOTH(tag, body)                \
  static_assert(body(), #body);             \
  TEST_CASE(#body, tag) {                   \
    bool (*volatile at_run_time)() = &body; \
    REQUIRE(at_run_time());                 \
  }

namespace both {
/// A value that no compiler knows: with optimization, g++ would evaluate a call with constants, and
/// be it a long search.
template <class T> T unknown(T value) {
  return value;
}

inline bool fails(char const* claim,
                  int line) {  // not constexpr: its name is the compiler's message
  UNSCOPED_INFO("line " << line << ": " << claim);
  return false;
}
}  // namespace both
