#include <reshard/plan/mindspore_ranks.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

using namespace reshard;

namespace {

std::string printed(factor_list const& list) {
  std::string out;
  for (index_t const value : list) out += (out.empty() ? "" : ",") + std::to_string(value);
  return out;
}

/// reshape[2,8]; concat[0,1|2]; slice[0,0|4,8]
std::string printed(operator_list const& operators) {
  std::string out;
  for (mindspore_operator const& op : operators) {
    out += out.empty() ? "" : "; ";
    if (op.kind == operator_kind::reshape) out += "reshape[" + printed(op.shape) + "]";
    if (op.kind == operator_kind::strided_slice)
      out += "slice[" + printed(op.begin) + "|" + printed(op.end) + "]";
    if (op.kind != operator_kind::all_concat) continue;
    factor_list group;
    for (index_t k = 0; k < op.group.count; ++k) group.push_back(op.group[k]);
    out += "concat[" + printed(group) + "|" + std::to_string(op.dim) + "]";
  }
  return out;
}

std::set<index_t> devices_in(operator_list const& operators, index_t device) {
  std::set<index_t> all;
  for_each_device_in(operators, device, [&](index_t d) { all.insert(d); });
  return all;
}

struct worked_list {
  plain_layout from;
  plain_layout to;
  index_t device;
  std::string operators;
  std::set<index_t> needed;
};

std::set<index_t> up_to(index_t count) {
  std::set<index_t> all;
  for (index_t d = 0; d < count; ++d) all.insert(d);
  return all;
}

worked_list const worked_lists[] = {
    {{{1, 8}, {1, 0}, {32, 256}},
     {{1, 4, 2}, {2, 1}, {32, 256}},
     0,
     "reshape[32,1,32]; concat[0,1|2]; reshape[32,64]",
     {0, 1}},
    {{{1, 8}, {1, 0}, {32, 256}},
     {{1, 4, 2}, {2, 1}, {32, 256}},
     5,
     "reshape[32,1,32]; concat[4,5|2]; reshape[32,64]",
     {4, 5}},
    {{{8}, {0, -1}, {32, 256}},
     {{4, 2}, {1, -1}, {32, 256}},
     0,
     "reshape[1,4,256]; concat[0,1|1]; reshape[8,256]",
     {0, 1}},
    {{{4, 2}, {1, 0}, {32, 256}},
     {{1, 8}, {-1, -1}, {32, 256}},
     0,
     "concat[0,2,4,6|0]; concat[0,1|1]",
     up_to(8)},
    {{{4, 2}, {1, 0}, {32, 256}},
     {{1, 8}, {-1, -1}, {32, 256}},
     3,
     "concat[1,3,5,7|0]; concat[2,3|1]",
     up_to(8)},
    {{{8, 1}, {1, 0}, {32, 256}},
     {{2, 1, 4}, {2, 1}, {32, 256}},
     0,
     "reshape[1,4,256]; concat[0,1,2,3|1]; reshape[16,256]",
     up_to(4)},
    {{{8, 1}, {1, -1}, {32, 64}},
     {{1, 8}, {-1, 0}, {32, 64}},
     0,
     "concat[0,1,2,3,4,5,6,7|0]; slice[0,0|32,8]",
     up_to(8)},
    {{{8, 1}, {1, -1}, {32, 64}},
     {{1, 8}, {-1, 0}, {32, 64}},
     3,
     "concat[0,1,2,3,4,5,6,7|0]; slice[0,24|32,32]",
     up_to(8)},
    {{{2, 2, 2}, {2, 1, 0}, {32, 64, 128}},
     {{8, 1, 1}, {2, 1, 0}, {32, 64, 128}},
     1,
     "reshape[1,2,8,32,64]; concat[1,3|3]; slice[0,0,0,0,0|1,1,8,64,64]; concat[0,1|4]; "
     "slice[0,0,4,0,0|1,1,8,64,128]; reshape[4,64,128]",
     up_to(4)},
    {{{8, 1, 8}, {2, 1, -1}, {32, 64, 128}},
     {{8, 8, 1}, {2, 1, 0}, {32, 64, 128}},
     0,
     "slice[0,0,0|4,8,128]",
     {0}},
    {{{2, 4, 2}, {2, 0}, {512, 1024}},
     {{4, 2, 2}, {2, 1}, {512, 1024}},
     7,
     "reshape[1,256,512]; slice[0,128,0|1,256,512]; concat[6,7|2]; slice[0,0,512|1,128,1024]; "
     "reshape[128,512]",
     {6, 7}},
    {{{2, 2}, {1, 0}, {8, 8}},
     {{2, 2}, {0, 1}, {8, 8}},
     0,
     "concat[0,2|0]; concat[0,1|1]; slice[0,0|4,8]; slice[0,0|4,4]",
     up_to(4)},
    {{{2, 2}, {1, 0}, {8, 8}},
     {{2, 2}, {0, 1}, {8, 8}},
     1,
     "concat[1,3|0]; concat[0,1|1]; slice[4,0|8,8]; slice[0,0|4,4]",
     up_to(4)},
    {{{2, 2, 2}, {2, 1, 0}, {8, 8, 8}},
     {{2, 2, 2}, {0, 2, 1}, {8, 8, 8}},
     0,
     "concat[0,4|0]; concat[0,1|2]; slice[0,0,0|4,4,8]; concat[0,2|1]; slice[0,0,0|4,8,4]; "
     "slice[0,0,0|4,4,4]",
     up_to(8)},
    {{{2, 3}, {1, 0}, {12, 12}},
     {{3, 2}, {1, 0}, {12, 12}},
     4,
     "concat[1,4|0]; concat[3,4,5|1]; slice[8,0|12,12]; slice[0,0|4,6]",
     up_to(6)},
    {{{2, 3}, {1, 0}, {12, 12}},
     {{3, 2}, {1, 0}, {12, 12}},
     0,
     "concat[0,3|0]; concat[0,1,2|1]; slice[0,0|4,12]; slice[0,0|4,6]",
     up_to(6)},
    {{{1, 2}, {-1, 0}, {8, 8}}, {{4, 2}, {1, 0}, {8, 8}}, 5, "slice[4,0|6,4]", {5}},
    {{{4, 2}, {1, 0}, {8, 8}}, {{4, 2}, {1, 0}, {8, 8}}, 5, "", {5}},
    {{{4}, {}, {}}, {{2, 2}, {}, {}}, 3, "", {3}},
    {{{4}, {-1}, {1}}, {{4}, {-1, -1}, {1, 1}}, 3, "reshape[1,1]", {3}},
};

struct worked_refinement {
  plain_layout from;
  plain_layout to;
  plain_layout refined_from;
  plain_layout refined_to;
};

worked_refinement const worked_refinements[] = {
    {{{8, 4}, {1, 0}, {512, 1024}},
     {{2, 16}, {1, 0}, {512, 1024}},
     {{2, 4, 4}, {2, 1, 0, -1}, {2, 256, 4, 256}},
     {{2, 4, 4}, {2, -1, 1, 0}, {2, 256, 4, 256}}},
    {{{8, 4}, {1, 0}, {512, 1024}},
     {{2, 16}, {0, 1}, {512, 1024}},
     {{2, 2, 2, 4}, {3, 2, 1, 0}, {2, 2, 128, 1024}},
     {{2, 2, 2, 4}, {2, 1, 0, 3}, {2, 2, 128, 1024}}},
    {{{8}, {0, -1}, {512, 1024}},
     {{2, 2, 2}, {2, 1}, {512, 1024}},
     {{2, 2, 2}, {2, 1, 0, -1}, {2, 2, 128, 1024}},
     {{2, 2, 2}, {2, -1, -1, 1}, {2, 2, 128, 1024}}},
    {{{16}, {0, -1}, {512, 1024}},
     {{16}, {-1, 0}, {512, 1024}},
     {{16}, {0, -1}, {512, 1024}},
     {{16}, {-1, 0}, {512, 1024}}},
};

/// With an optimizer shard or several axes per dim.
mindspore_layout sharded(factor_list devices, inplace_vector<factor_list, 16> map, index_t step,
                         index_t size, map_form form = map_form::plain) {
  return {devices, map, form, step, size};
}

constexpr plain_layout on_eight(factor_list const& devices, factor_list const& map) {
  return {devices, map, {32, 256}};
}

}  // namespace

TEST_CASE("worked operator lists come out in MindSpore's order", "[plan]") {
  for (worked_list const& c : worked_lists) {
    operator_list const operators = mindspore_operators(c.from, c.to, c.device);
    CHECK(printed(operators) == c.operators);
    CHECK(devices_in(operators, c.device) == c.needed);
  }
}

TEST_CASE("worked common refinements", "[plan]") {
  for (worked_refinement const& c : worked_refinements) {
    common_refinement const both = refined(c.from, c.to);
    CHECK(both.exists);
    CHECK(both.from == c.refined_from);
    CHECK(both.to == c.refined_to);
  }
}

TEST_CASE("operators are constant expressions", "[plan]") {
  constexpr operator_list operators =
      mindspore_operators(on_eight({8}, {0, -1}), on_eight({4, 2}, {1, -1}), 0);
  static_assert(operators.size() == 3);
  static_assert(operators[1].group == device_run{0, 1, 2});
}

TEST_CASE("an optimizer shard becomes axes and dims", "[plan]") {
  auto const check = [](mindspore_layout const& l, factor_list const& shape,
                        plain_layout const& expected) { CHECK(expanded(l, shape) == expected); };
  auto const n = map_form::nested;
  check(sharded({4, 2}, {{0}, {}}, 2, 2), {16, 8}, {{2, 2, 2, 1}, {1, 2, -1}, {2, 8, 8}});
  check(sharded({2, 2, 2}, {{2}, {1}, {}}, 1, -1), {16, 16, 16},
        {{2, 2, 2}, {2, 0, 1, -1}, {2, 8, 16, 16}});
  check(sharded({2, 2, 2}, {{2}, {1}, {}}, 1, 2), {16, 16, 16},
        {{2, 2, 2}, {2, 0, 1, -1}, {2, 8, 16, 16}});
  check(sharded({8, 4, 2}, {{1}, {}, {}}, 1, 4), {16, 6144, 4096},
        {{4, 2, 4, 2}, {1, 2, 0, -1, -1}, {4, 2, 2, 6144, 4096}});
  check(sharded({8, 4, 2}, {{1}, {}, {}}, 1, 2), {16, 6144, 4096},
        {{8, 4, 2}, {1, 0, -1, -1}, {4, 4, 6144, 4096}});
  check(sharded({4, 2, 4, 2}, {{2, 3}, {}}, 1, 4, n), {32, 8},
        {{4, 2, 2, 2, 2}, {3, 4, 1, 0, -1}, {2, 4, 2, 2, 8}});
  check(sharded({8, 2, 4}, {{}, {0, 1}}, 1, 8, n), {16, 16},
        {{8, 2, 4}, {-1, 2, 0, 1}, {1, 16, 4, 4}});
  // the outermost way orders axes like dims: rank 1 is taken for rows 0-1, columns 8-15
  check(sharded({2, 2, 2}, {{0}, {1}}, 4, 2), {8, 16}, {{2, 2, 2}, {1, 2, 0}, {2, 4, 16}});
}

TEST_CASE("parameters with an optimizer shard or nested maps get outer reshapes", "[plan]") {
  mindspore_layout const two = sharded({4, 2}, {{0}, {}}, 2, 2);
  mindspore_layout const four = sharded({4, 2}, {{0}, {}}, 2, 4);
  mindspore_layout const copies = sharded({8}, {{}, {}}, 0, 0);
  CHECK(printed(mindspore_operators(two, copies, {16, 8}, 3)) ==
        "reshape[1,4,8]; concat[2,3|0]; concat[1,3|1]; reshape[16,8]");
  CHECK(devices_in(mindspore_operators(two, copies, {16, 8}, 3), 3) == up_to(4));
  CHECK(printed(mindspore_operators(copies, four, {16, 8}, 3)) ==
        "reshape[2,8,8]; slice[1,0,0|2,8,8]; slice[0,2,0|1,4,8]; reshape[2,8]");
  auto const n = map_form::nested;
  CHECK(printed(mindspore_operators(sharded({2, 4}, {{1, 0}, {}}, 0, 0, n),
                                    sharded({4, 2}, {{}, {0, 1}}, 0, 0, n), {16, 8}, 3)) ==
        "reshape[1,2,8]; reshape[1,1,2,2,2,2]; concat[3,7|0]; slice[0,0,0,0,0,0|2,1,2,2,1,2]; "
        "concat[1,3|1]; slice[0,0,0,0,0,1|2,2,2,2,1,2]; concat[2,3|2]; "
        "slice[0,0,0,1,0,0|2,2,4,2,1,1]; reshape[16,1,1]; reshape[16,1]");
  CHECK(printed(mindspore_operators(sharded({2}, {{0}, {}}, 0, 0), sharded({4}, {{0}, {}}, 0, 0),
                                    {16, 4}, 1)) ==
        "reshape[1,8,4]; concat[0,1|0]; slice[0,4,0|2,8,4]; slice[0,0,0|1,4,4]; reshape[4,4]");
}

TEST_CASE("the slices of replicas are taken modulo the source devices", "[plan]") {
  std::set<index_t> ranks;
  for_each_mindspore_rank(sharded({1, 2}, {{}, {0}}, 0, 0), sharded({4, 2}, {{1}, {0}}, 0, 0), 5,
                          [&](index_t r) { ranks.insert(r); });
  CHECK(ranks == std::set<index_t>{1});
}

TEST_CASE("broken arguments of operators are named", "[plan]") {
  auto const rule = [](plain_layout const& from, plain_layout const& to, index_t device) {
    try {
      static_cast<void>(mindspore_operators(from, to, device));
    } catch (error const& e) {
      return std::string{e.rule()};
    }
    return std::string{"none"};
  };
  plain_layout const rows{{4}, {0, -1}, {8, 8}};
  CHECK(rule(rows, {{3}, {-1, -1}, {8, 8}}, 0) == "device_counts_do_not_divide");
  CHECK(rule(rows, {{4}, {-1, -1}, {8, 4}}, 0) == "element_counts_differ");
  CHECK(rule(rows, {{2, 2}, {0, 0}, {8, 8}}, 0) == "device_axis_is_used_twice");
  CHECK(rule(rows, {{2, 2}, {2, 0}, {8, 8}}, 0) == "device_axis_does_not_exist");
  CHECK(rule(rows, {{2, 2}, {0}, {8, 8}}, 0) == "map_length_differs_from_rank");
  CHECK(rule(rows, {{0}, {-1, -1}, {8, 8}}, 0) == "device_axis_size_is_not_positive");
  CHECK(rule(rows, {{4}, {-1, -1}, {8, 8}}, 4) == "device_does_not_exist");
  CHECK(rule(rows, rows, 4) == "none");
  CHECK(rule({{3}, {0}, {8}}, {{3}, {-1}, {8}}, 0) == "dim_does_not_divide_over_its_device_axes");
  CHECK(rule({{4}, {0}, {0}}, {{4}, {-1}, {0}}, 0) == "none");
  CHECK_THROWS_AS(expanded(sharded({4, 2}, {{0}, {}}, 1, 2), {16, 8}), layout_error);
  CHECK_THROWS_AS(expanded(sharded({4, 2}, {{1}, {0}}, 1, 2), {16, 8}), layout_error);
  CHECK_THROWS_AS(expanded(sharded({6, 2}, {{0}, {}}, 2, 4), {48, 8}), layout_error);
}
