#include "strategies.hpp"

namespace strategy_stages_test {

using namespace strategies;

TEST_CASE("a name is split at its first hyphen if a number stands before it", "[strategy_stages]") {
  strategy merged = one_stage(0, {"a-b"});
  merged.merged = true;
  merged.parameters.push_back(layout_named("7-x", 1));
  strategy const back = read_bytes(strategy_bytes(merged));
  CHECK(back.merged);
  CHECK(back.parameters[0].name == "a-b");
  CHECK(back.parameters[1].name == "7-x");
  CHECK(back.parameters[1].stage == 1);
  for (char const* const name : {"a-b", "-1", "1a-b", "99999999999999999999-x", "12"}) {
    strategy const plain = read_bytes(strategy_bytes(one_stage(0, {name})));
    CHECK_FALSE(plain.merged);
    CHECK(plain.parameters[0].name == name);
  }
  CHECK(read_error(strategy_bytes(one_stage(0, {"0-a", "b"}))).tensor() == "b");
  CHECK(read_error(strategy_bytes(one_stage(0, {"b", "0-a"}))).tensor() == "0-a");
  CHECK(read_error(strategy_bytes(one_stage(0, {"0-"}))).code() == errc::strategy_is_malformed);
}

TEST_CASE("a name may come twice in a stage only with equal layouts", "[strategy_stages]") {
  strategy s = one_stage(0, {"w", "v", "w"});
  CHECK(read_bytes(strategy_bytes(s)).parameters.size() == 2);
  s.parameters[2].opt_weight_shard_size = 1;
  CHECK(read_error(strategy_bytes(s)).tensor() == "w");
  s.merged = true;
  s.parameters[2].stage = 1;
  CHECK(read_bytes(strategy_bytes(s)).parameters.size() == 3);
}

TEST_CASE("a stage is the decimal number before the first hyphen", "[strategy_stages]") {
  auto const split = [](char const* text) {
    auto const found = detail::split_stage(text);
    return found ? std::to_string(found->stage) + "|" + found->name : std::string{"plain"};
  };
  CHECK(split("0-w") == "0|w");
  CHECK(split("12-layer.0-norm-w") == "12|layer.0-norm-w");
  CHECK(split("007-w") == "7|w");
  CHECK(split("3-") == "3|");
  CHECK(split("2147483647-w") == "2147483647|w");
  for (char const* const text : {"", "-", "-w", "w", "12", "w-1", "1a-w", " 1-w", "+1-w",
                                 "2147483648-w", "99999999999999999999-w"})
    CHECK(split(text) == "plain");
}

TEST_CASE("a plain file is of the stage of its first operator", "[strategy_stages]") {
  strategy s = one_stage(3, {"w"});
  s.operators.push_back({"Add", 5, {}});
  CHECK(detail::stage_of_file(s) == 3);
  CHECK(detail::stage_of_file({}) == 0);
  s.parameters[0].stage = 0;  // a file does not say it
  s = detail::checked_strategy("f", std::move(s));
  CHECK(s.parameters[0].stage == 3);
  CHECK_FALSE(s.merged);
}

TEST_CASE("names of a merged file carry the stage there and back", "[strategy_stages]") {
  strategy s = one_stage(0, {"2-w", "0-w", "1-v"});
  s = detail::checked_strategy("f", std::move(s));
  CHECK(s.merged);
  REQUIRE(s.parameters.size() == 3);
  CHECK(s.parameters[0] == layout_named("w", 2));
  CHECK(s.parameters[1] == layout_named("w", 0));
  CHECK(s.parameters[2] == layout_named("v", 1));
  CHECK(detail::name_in_file(s, s.parameters[0]) == "2-w");
  s.merged = false;
  CHECK(detail::name_in_file(s, s.parameters[1]) == "w");
  auto const e = error_of([&] { (void)detail::name_in_file(s, s.parameters[0]); });
  CHECK(e.tensor() == "w");
  CHECK(files::contains(e.what(), "only merged files hold several stages"));
}

TEST_CASE("stages have no gap", "[strategy_stages]") {
  auto const check = [](std::vector<index_t> const& stages) {
    strategy s;
    for (index_t const stage : stages)
      s.parameters.push_back(layout_named("w" + std::to_string(s.parameters.size()), stage));
    detail::require_all_stages("f", s);
  };
  CHECK_NOTHROW(check({0}));
  CHECK_NOTHROW(check({2, 0, 1, 0}));
  CHECK(files::contains(error_of([&] { check({0, 2}); }).what(), "none of stage 1"));
  CHECK(files::contains(error_of([&] { check({1}); }).what(), "none of stage 0"));
}

TEST_CASE("a map is plain if one axis at most cuts a dim", "[strategy_stages]") {
  parameter_layout p;
  p.tensor_map = {{1}, {}, {0}};
  CHECK(detail::plain_map(p) == std::vector<index_t>{1, -1, 0});
  p.tensor_map = {{1, 0}};
  CHECK_FALSE(detail::plain_map(p).has_value());
  p.tensor_map.clear();
  CHECK(detail::plain_map(p)->empty());
  CHECK(detail::axes_of("f", "w", -1).empty());
  CHECK(detail::axes_of("f", "w", 3) == std::vector<index_t>{3});
  CHECK(error_of([] { (void)detail::axes_of("f", "w", -2); }).tensor() == "w");
}

TEST_CASE("nameless parameters, layouts without devices and empty files are refused",
          "[strategy_stages]") {
  auto const error = [](strategy s) {
    return std::string{error_of([&] { (void)detail::checked_strategy("f", std::move(s)); }).what()};
  };
  CHECK(files::contains(error({}), "no parameter layouts"));
  strategy s = one_stage(0, {"w"});
  s.parameters[0].name.clear();
  CHECK(files::contains(error(s), "without name"));
  s = one_stage(0, {"w"});
  s.parameters[0].device_matrix.clear();
  CHECK(files::contains(error(s), "the device matrix is empty"));
}

}  // namespace strategy_stages_test
