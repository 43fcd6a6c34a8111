#include "files.hpp"

#include <reshard/codec/mindspore_strategy.hpp>

namespace strategy_json_test {

using namespace reshard;
using files::error_of;
using nlohmann::json;

namespace {
std::string const compact =
    R"({"current_stage":1,"parallel_layout_item":{"w":{"dev_matrix":[4,2],"field":0,)"
    R"("opt_weight_shard_size":-1,"opt_weight_shard_step":2,"tensor_map":[-1,0],)"
    R"("tensor_shape":[8,4]}},)"
    R"("parallel_strategy_item":{"MatMul_w":{"parallel_strategy":[[1,1],[1,2]],"stage":0}}})";

strategy read_text(std::string const& text) {
  files::temporary_folder const folder;
  return read_strategy(folder.write("s.ckpt", text));  // the content tells, not the name
}

codec_error read_error(std::string const& text) {
  return error_of([&] { (void)read_text(text); });
}
}  // namespace

TEST_CASE("a JSON strategy is read and written back", "[strategy_json]") {
  strategy const s = read_text(compact);
  REQUIRE(s.parameters.size() == 1);
  CHECK(s.parameters[0] ==
        parameter_layout{"w", 0, {4, 2}, {{}, {0}}, false, {}, {}, 0, 2, -1, {8, 4}});
  REQUIRE(s.operators.size() == 1);
  CHECK(s.operators[0] == operator_strategy{"MatMul_w", 0, {{1, 1}, {1, 2}}});
  CHECK(strategy_json(s) == compact);
}

TEST_CASE("sections are written in JSON only", "[strategy_json]") {
  std::string text = compact;
  text.insert(text.find("\"tensor_map\""), R"("sections":[[4,2,2]],)");
  strategy const s = read_text(text);
  CHECK(s.parameters.at(0).sections == std::vector<std::vector<index_t>>{{4, 2, 2}});
  CHECK(strategy_json(s) == text);
  CHECK(error_of([&] { (void)strategy_bytes(s); }).code() == errc::strategy_is_malformed);
  text.replace(text.find("[[4,2,2]]"), 9, "[[4,\"x\"]]");
  CHECK(read_error(text).code() == errc::strategy_is_malformed);
}

TEST_CASE("a number that no type holds is an error of the file", "[strategy_json]") {
  std::string text = compact;
  text.replace(text.find("\"current_stage\":1"), 17, "\"current_stage\":1e999");
  CHECK(read_error(text).code() == errc::strategy_is_malformed);
}

TEST_CASE("real JSON strategies are written back byte for byte", "[strategy_json]") {
  std::size_t compared = 0;
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".json")) {
    if (!files::contains(std::filesystem::path{path}.filename().string(), "strategy")) continue;
    INFO(path);
    strategy const s = detail::strategy_file_at(path).value;
    CHECK(json::parse(strategy_json(s)) == json::parse(files::content(path)));
    if (!s.merged) CHECK(strategy_json(s) == files::content(path));
    ++compared;
  }
  CHECK(compared >= 5);
}

TEST_CASE("merging JSON is what MindSpore does", "[strategy_json]") {
  strategy const s = merge_pipeline_strategies(files::data("mindspore/merge_strategys_json/src"));
  CHECK(json::parse(strategy_json(s)) ==
        json::parse(files::content(
            files::data("mindspore/merge_strategys_json/expected/merged_ckpt_strategy.json"))));
  CHECK_NOTHROW(read_strategy(files::data("mindspore/merge_strategys_json/src")));
}

TEST_CASE("every missing key is named with its parameter", "[strategy_json]") {
  for (char const* const key :
       {"dev_matrix", "tensor_map", "field", "opt_weight_shard_step", "opt_weight_shard_size"}) {
    json root = json::parse(compact);
    root["parallel_layout_item"]["w"].erase(key);
    auto const e = read_error(root.dump());
    CHECK(e.code() == errc::strategy_is_malformed);
    CHECK(e.tensor() == "w");
    CHECK(files::contains(e.what(), key));
  }
  for (char const* const key : {"current_stage", "parallel_layout_item"}) {
    json root = json::parse(compact);
    root.erase(key);
    CHECK(files::contains(read_error(root.dump()).what(), key));
  }
  json root = json::parse(compact);
  root["parallel_strategy_item"]["MatMul_w"].erase("stage");
  CHECK(read_error(root.dump()).tensor() == "MatMul_w");
}

TEST_CASE("what may be absent", "[strategy_json]") {
  json root = json::parse(compact);
  root.erase("parallel_strategy_item");
  root["parallel_layout_item"]["w"].erase("tensor_shape");
  root["parallel_layout_value_item"] = {{"debug", 1}};
  strategy const s = read_text(root.dump());
  CHECK(s.operators.empty());
  CHECK(s.parameters[0].tensor_shape.empty());
  CHECK(s.parameters[0].stage == 0);
}

TEST_CASE("table splits are kept", "[strategy_json]") {
  json root = json::parse(compact);
  root["parallel_layout_item"]["w"]["param_split_shape"] = {3, 5};
  root["parallel_layout_item"]["w"]["indices_offset"] = {0, 3};
  root["parallel_layout_item"]["w"]["field"] = 7;
  strategy const s = read_text(root.dump());
  CHECK(s.parameters[0].param_split_shape == std::vector<index_t>{3, 5});
  CHECK(s.parameters[0].indices_offset == std::vector<index_t>{0, 3});
  CHECK(s.parameters[0].field == 7);
  CHECK(json::parse(strategy_json(s)) == root);
  strategy const wire = detail::checked_strategy({}, s);
  CHECK(json::parse(strategy_json(wire)) == root);
}

TEST_CASE("values of another type are errors", "[strategy_json]") {
  auto const with = [](char const* key, json const& value) {
    json root = json::parse(compact);
    root["parallel_layout_item"]["w"][key] = value;
    return read_error(root.dump());
  };
  CHECK(with("dev_matrix", 4).tensor() == "w");
  CHECK(with("dev_matrix", {1.5}).tensor() == "w");
  CHECK(with("dev_matrix", json::array()).tensor() == "w");
  CHECK(with("tensor_map", {-2}).tensor() == "w");
  CHECK(with("tensor_map", {UINT64_MAX}).tensor() == "w");
  CHECK(with("tensor_map", json::array({json::array({1, 0})})).tensor() == "w");
  CHECK(with("field", "0").tensor() == "w");
  CHECK(with("field", UINT64_MAX).tensor() == "w");
  CHECK(read_error(R"({"current_stage":1,"parallel_layout_item":{"w":3}})").tensor() == "w");
  CHECK(read_error(R"({"current_stage":1,"parallel_layout_item":[]})").code() ==
        errc::strategy_is_malformed);
  CHECK(read_error(R"({"current_stage":1,"parallel_layout_item":{}})").code() ==
        errc::strategy_is_malformed);
}

TEST_CASE("a key may not come twice", "[strategy_json]") {
  std::string twice = compact;
  twice.replace(twice.find("\"field\":0"), 9, "\"field\":0,\"field\":1");
  auto const e = read_error(twice);
  CHECK(e.code() == errc::strategy_is_malformed);
  CHECK(files::contains(e.what(), "field"));
}

TEST_CASE("every truncation of JSON is an error", "[strategy_json]") {
  for (std::size_t n = 0; n < compact.size(); ++n) {
    INFO(n);
    CHECK_FALSE(read_error(compact.substr(0, n)).path().empty());
  }
  CHECK(read_error(compact.substr(0, 20)).byte() > 0);
  CHECK(read_error(compact + "x").code() == errc::strategy_is_malformed);
  CHECK(read_error("{\"a\":" + std::string(100'000, '[')).code() == errc::strategy_is_malformed);
  CHECK(read_error("{\"\xff\":1}").code() == errc::strategy_is_malformed);
}

TEST_CASE("JSON cannot hold a dim that several axes cut", "[strategy_json]") {
  strategy s = read_text(compact);
  s.parameters[0].nested_map = true;
  CHECK(strategy_json(s) == compact);  // one axis per dim is plain
  s.parameters[0].tensor_map = {{1, 0}, {}};
  CHECK(error_of([&] { (void)strategy_json(s); }).tensor() == "w");
  s.parameters[0] = {"\xff", 0, {1}, {}, false, {}, {}, 0, 0, 0, {}};
  CHECK(error_of([&] { (void)strategy_json(s); }).code() == errc::strategy_is_malformed);
}

TEST_CASE("stages of merged JSON come from the names", "[strategy_json]") {
  json root = json::parse(compact);
  json const layout = root["parallel_layout_item"]["w"];
  root["parallel_layout_item"] = {{"0-w", layout}, {"1-w", layout}, {"1-a-b", layout}};
  strategy const s = read_text(root.dump());
  CHECK(s.merged);
  CHECK(s.parameters.size() == 3);
  CHECK(json::parse(strategy_json(s)) == root);
  root["parallel_layout_item"]["3-w"] = layout;
  CHECK(read_error(root.dump()).code() == errc::strategy_is_malformed);
}

}  // namespace strategy_json_test
