#include <reshard/checkpoint/rank_list.hpp>
#include <reshard/codec/mindspore_strategy.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>

namespace rank_list_test {

using namespace reshard;

namespace {

std::string const folder = std::string{RESHARD_TEST_DATA} + "/mindspore/rank_list/";

std::unique_ptr<strategy const> strategy_at(nlohmann::json const& file) {
  if (file.is_null()) return nullptr;
  return std::make_unique<strategy const>(
      detail::strategy_file_at(folder + file.get<std::string>()).value);
}

parameter_layout parameter(std::string name, index_t stage, std::vector<index_t> devices,
                           std::vector<std::vector<index_t>> map) {
  parameter_layout p;
  p.name = std::move(name);
  p.stage = stage;
  p.device_matrix = std::move(devices);
  p.tensor_map = std::move(map);
  return p;
}

strategy strategy_of(std::vector<parameter_layout> parameters) {
  strategy out;
  out.parameters = std::move(parameters);
  return out;
}

std::vector<index_t> by_mindspore(index_t rank, strategy const& from, strategy const& to) {
  return rank_list(rank, &from, &to, rank_list_rule::mindspore);
}

}  // namespace

TEST_CASE("rank lists are those of MindSpore", "[checkpoint]") {
  nlohmann::json const oracle = nlohmann::json::parse(std::ifstream{folder + "case.json"});
  REQUIRE(oracle["queries"].size() > 30);
  for (auto const& query : oracle["queries"]) {
    auto const from = strategy_at(query["src_strategy_file"]);
    auto const to = strategy_at(query["dst_strategy_file"]);
    auto const rank = query["rank_id"].get<index_t>();
    INFO(query.dump());
    auto const answer = [&](rank_list_rule rule) {
      return rank_list(rank, from.get(), to.get(), rule);
    };
    if (query.contains("error")) {
      CHECK_THROWS_AS(answer(rank_list_rule::mindspore), error);
      CHECK_THROWS_AS(answer(rank_list_rule::minimal), error);
      continue;
    }
    CHECK(answer(rank_list_rule::mindspore) == query["result"].get<std::vector<index_t>>());
    CHECK(answer(rank_list_rule::minimal).size() <= query["result"].size());
  }
}

TEST_CASE("MindSpore asks for more than the parts that meet the destination", "[checkpoint]") {
  strategy const from =
      strategy_of({parameter("a", 0, {2}, {{0}, {}}), parameter("b", 1, {2}, {{0}, {}})});
  strategy const to =
      strategy_of({parameter("a", 0, {4}, {{0}, {}}), parameter("b", 0, {4}, {{0}, {}})});
  for (index_t rank = 0; rank < 4; ++rank) {
    CHECK(by_mindspore(rank, from, to) == std::vector<index_t>{3, 2, 1, 0});
    CHECK(rank_list(rank, &from, &to) == std::vector<index_t>{rank / 2, 2 + rank / 2});
  }
}

TEST_CASE("a missing source is one file, a missing destination takes every part", "[checkpoint]") {
  strategy const rows = strategy_of({parameter("w", 0, {2, 2}, {{0}, {}})});
  CHECK(rank_list(7, nullptr, &rows, rank_list_rule::mindspore) == std::vector<index_t>{0});
  CHECK(rank_list(0, &rows, nullptr) == std::vector<index_t>{0, 1});
  CHECK(rank_list(0, &rows, nullptr, rank_list_rule::mindspore) == std::vector<index_t>{1, 0});
}

TEST_CASE("only parameters of the destination's stage count", "[checkpoint]") {
  strategy const from = strategy_of({parameter("a", 0, {2}, {{0}}), parameter("b", 1, {2}, {{0}})});
  strategy const to = strategy_of({parameter("a", 0, {2}, {{0}}), parameter("b", 1, {2}, {{}})});
  CHECK(by_mindspore(1, from, to) == std::vector<index_t>{1});
  CHECK(by_mindspore(3, from, to) == std::vector<index_t>{3, 2});
  CHECK_THROWS_AS(by_mindspore(4, from, to), layout_error);
  CHECK_THROWS_AS(by_mindspore(-1, from, to), layout_error);
  CHECK_THROWS_AS(by_mindspore(2, strategy_of({parameter("a", 0, {2}, {{0}})}), to),
                  checkpoint_error);
}

TEST_CASE("stages of one device keep the global rank", "[checkpoint]") {
  auto const one = [](index_t stage, char const* name) {
    return parameter(name, stage, {1}, {{}});
  };
  strategy const from = strategy_of({parameter("a", 0, {2}, {{0}}), parameter("b", 0, {2}, {{0}}),
                                     parameter("c", 0, {2}, {{0}})});
  strategy const to = strategy_of({one(0, "a"), one(1, "b"), one(2, "c")});
  CHECK(by_mindspore(1, from, to) == std::vector<index_t>{1, 0});
  CHECK_THROWS_AS(by_mindspore(2, from, to), layout_error);
  CHECK(rank_list(2, &from, &to) == std::vector<index_t>{0, 1});
}

}  // namespace rank_list_test
