#include <reshard/checkpoint/remap.hpp>

#include "remapped.hpp"

namespace remap_test {

using namespace reshard;
using namespace remapped;

namespace {

numbers counted(index_t n, index_t first = 0) {
  numbers out;
  for (index_t i = 0; i < n; ++i) out.push_back(first + i);
  return out;
}

rule_table table_of(std::initializer_list<std::string> rules,
                    std::initializer_list<std::pair<char const*, index_t>> sizes = {}) {
  rule_table out;
  out.add(rules);
  for (auto const& [name, size] : sizes) out.size(name, config_number{size, name});
  return out;
}

/// Forward gives these elements, and reverse the source again.
void check(rule_table const& table, tensors const& source,
           std::map<std::string, numbers> const& expected) {
  tensors const made = remapped_tensors(source, table, remap_direction::forward);
  CHECK(made.values == expected);
  CHECK(remapped_tensors(made, table, remap_direction::reverse).values == source.values);
}

checkpoint_error error_of(tensors const& source, rule_table const& table,
                          remap_direction direction = remap_direction::forward) {
  try {
    (void)remap(source.listed, table, direction);
  } catch (checkpoint_error const& e) {
    return e;
  }
  FAIL("no error");
  throw 0;
}
}  // namespace

// Numbers of the specification: rows of the result by rows of the sources.
TEST_CASE("grouped q, k, v", "[remap]") {
  tensors source;
  source.add("q", {8}, counted(8));
  source.add("k", {4}, counted(4, 100));
  source.add("v", {4}, counted(4, 200));
  check(table_of({"q [(m g d)], k [(m K d)], v [(m V d)] = w [(m (g + K + V) d)]"},
                 {{"m", 2}, {"g", 2}, {"d", 2}}),
        source, {{"w", {0, 1, 2, 3, 100, 101, 200, 201, 4, 5, 6, 7, 102, 103, 202, 203}}});
}

TEST_CASE("interleaved, concatenated, transposed, permuted heads", "[remap]") {
  tensors gate;
  gate.add("gate", {3}, counted(3));
  gate.add("up", {3}, counted(3, 100));
  check(table_of({"gate [(i G)], up [(i U)] = w [(i (G + U))]"}), gate,
        {{"w", {0, 100, 1, 101, 2, 102}}});
  check(table_of({"gate [(G i)], up [(U i)] = w [(G i + U i)]"}), gate,
        {{"w", {0, 1, 2, 100, 101, 102}}});
  tensors matrix;
  matrix.add("a", {2, 3}, counted(6));
  check(table_of({"a [x y] = b [y x]"}), matrix, {{"b", {0, 3, 1, 4, 2, 5}}});
  tensors rows;
  rows.add("q", {16}, counted(16));
  check(table_of({"q [(n r 2)] = w [(n 2 r)]"}, {{"n", 2}}), rows,
        {{"w", {0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15}}});
}

TEST_CASE("heads are split where the cut is no multiple of a pair", "[remap]") {
  rule_table const q =
      table_of({"q [(n (no + r 2))] = nope [(n no)], pe [(n 2 r)]"}, {{"n", 2}, {"no", 2}});
  tensors even;
  even.add("q", {12}, counted(12));
  check(q, even, {{"nope", {0, 1, 6, 7}}, {"pe", {2, 4, 3, 5, 8, 10, 9, 11}}});
  tensors odd;
  odd.add("q", {14}, counted(14));
  rule_table const three =
      table_of({"q [(n (no + r 2))] = nope [(n no)], pe [(n 2 r)]"}, {{"n", 2}, {"no", 3}});
  check(three, odd, {{"nope", {0, 1, 2, 7, 8, 9}}, {"pe", {3, 5, 4, 6, 10, 12, 11, 13}}});
}

TEST_CASE("experts are stacked by number, not in the order of text", "[remap]") {
  tensors source;
  numbers stacked;
  for (int e : {0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9})  // as a sorted file has them
    source.add("x." + std::to_string(e) + ".w", {2, 1}, counted(2, 10 * e));
  for (index_t e = 0; e < 12; ++e) stacked.insert(stacked.end(), {10 * e, 10 * e + 1});
  check(table_of({"x.{e}.w [i h] = w [e h i]"}), source, {{"w", stacked}});
  check(table_of({"x.{e}.w [i h] = w [(e i) h]"}, {{"e", 12}}), source, {{"w", stacked}});
  check(table_of({"x.{e}.w [i h] = y.{e}.w"}), source, [&] {
    std::map<std::string, numbers> out;
    for (auto const& [name, values] : source.values) out["y" + name.substr(1)] = values;
    return out;
  }());
}

TEST_CASE("packed experts have the bytes of the second generation", "[remap]") {
  tensors source;
  for (index_t e = 0; e < 2; ++e) {
    source.add("x." + std::to_string(e) + ".gate", {1, 2}, counted(2, 2 * e));
    source.add("x." + std::to_string(e) + ".up", {1, 2}, counted(2, 100 + 2 * e));
  }
  check(table_of({"x.{e}.gate [(G j) h], x.{e}.up [(U j) h] = w [(e h) (G j + U j)]"}, {{"e", 2}}),
        source, {{"w", {0, 100, 1, 101, 2, 102, 3, 103}}});
}

TEST_CASE("names count from another size on, optional tensors come and go together", "[remap]") {
  rule_table table =
      table_of({"l.{m+layers}.a [x] = fuser.{m}.a", "? l.{m+layers}.b [x] = f.{m}.b"},
               {{"layers", 3}, {"m", 2}});
  tensors source;
  source.add("l.3.a", {2});
  source.add("l.4.a", {3});
  source.add("l.4.b", {3});
  check(table, source,
        {{"fuser.0.a", source.values["l.3.a"]},
         {"fuser.1.a", source.values["l.4.a"]},
         {"f.1.b", source.values["l.4.b"]}});
  tensors outside;
  outside.add("l.2.a", {2});
  CHECK_THAT(error_of(outside, table).what(),
             Catch::Contains("2 tensors are missing: l.3.a, l.4.a") &&
                 Catch::Contains("unknown to the family: l.2.a"));
}

TEST_CASE("copies are left out one way and written the other way", "[remap]") {
  rule_table table = table_of({"a [x] = b"}, {{"m", 2}});
  table.copy_left("l.{m}.a", "a");
  table.drop("inv_freq");
  tensors source;
  source.add("a", {2}, {7, 8});
  source.add("l.0.a", {2}, {7, 8});
  source.add("inv_freq", {2});
  remapping const forward = remap(source.listed, table, remap_direction::forward);
  CHECK(forward.tensors.size() == 1);
  CHECK(forward.left_out.at(0).of == "a");
  CHECK(forward.dropped == std::vector<std::string>{"inv_freq"});
  tensors right;
  right.add("b", {2}, {7, 8});
  CHECK(remapped_tensors(right, table, remap_direction::reverse).values ==
        std::map<std::string, numbers>{{"a", {7, 8}}, {"l.0.a", {7, 8}}, {"l.1.a", {7, 8}}});
}

TEST_CASE("what is missing, unknown or contradicts the sizes is listed", "[remap]") {
  rule_table const table =
      table_of({"x.{e}.w [i h] = w [e i h]", "q [(n d) h] = wq"}, {{"h", 4}, {"n", 3}, {"d", 2}});
  tensors source;
  source.add("q", {6, 4});
  source.add("x.0.w", {5, 4});
  source.add("x.2.w", {5, 4});
  CHECK(error_of(source, table).code() == errc::names_do_not_match);
  CHECK_THAT(error_of(source, table).what(), Catch::Contains("1 tensors are missing: x.1.w"));
  source.add("x.1.w", {5, 3});
  CHECK(error_of(source, table).code() == errc::layouts_disagree);
  CHECK_THAT(error_of(source, table).what(),
             Catch::Contains("'x.1.w' has shape (5, 3); dim 1 must be h 4 = 4"));
  tensors wide;
  wide.add("q", {8, 4});
  wide.add("x.0.w", {5, 4});
  CHECK_THAT(error_of(wide, table).what(),
             Catch::Contains("'q' has shape (8, 4); dim 0 must be n 3 * d 2 = 6"));
  wide.add("y", {1});
  CHECK_THAT(error_of(wide, table).what(), Catch::Contains("unknown to the family: y"));
  CHECK(remap(source.listed, table_of({}), remap_direction::forward, {true}).passed.size() == 4);
  tensors fused;
  fused.add("q", {6});
  CHECK(error_of(fused, table_of({"q [(n r 2)] = w [(n 2 r)]"})).code() == errc::sizes_are_unknown);
}

TEST_CASE("a rule that is no bijection is refused with its text", "[remap]") {
  for (char const* rule :
       {"a [x] = b [y]", "a [x x] = b [x]", "a [x], b [x] = c [x]", "a [(x + x)] = b [x]", "a [x",
        "a [(x] = b", "a [x] b", "a [x] = b c", "[x] = b", "a.{e [x] = b", "a [(x + )] = b",
        "a.{l} [x], b [y] = c.{l} [(x + y)]"}) {
    INFO(rule);
    try {
      (void)parse_rule(rule);
      CHECK(false);
    } catch (checkpoint_error const& e) {
      CHECK(e.code() == errc::remap_rule_is_malformed);
      CHECK_THAT(e.what(), Catch::Contains(rule));
    }
  }
}

}  // namespace remap_test
