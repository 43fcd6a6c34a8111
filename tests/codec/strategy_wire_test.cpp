#include "strategies.hpp"

namespace strategy_wire_test {

using namespace strategies;

TEST_CASE("the golden strategy is read and written", "[strategy_wire]") {
  strategy const s = read_bytes(golden);
  CHECK(s.current_stage == 1);
  CHECK_FALSE(s.merged);
  REQUIRE(s.operators.size() == 1);
  CHECK(s.operators[0] == operator_strategy{"MatMul_w", 0, {{1, 1}, {1, 2}}});
  REQUIRE(s.parameters.size() == 1);
  CHECK(s.parameters[0] == layout_named("w"));
  CHECK(strategy_bytes(s) == golden);
}

TEST_CASE("the golden nested layout is read and written", "[strategy_wire]") {
  std::string const body = from_hex("0a06080208020802120208021204080108001a002200280030003800");
  std::string const item = from_hex("0a0177121c") + body;
  std::string const bytes = from_hex("08011a21") + item;
  strategy const s = read_bytes(bytes);
  CHECK(s.parameters[0].nested_map);
  CHECK(s.parameters[0].tensor_map == std::vector<std::vector<index_t>>{{2}, {1, 0}});
  CHECK(strategy_bytes(s) == bytes);
}

TEST_CASE("random strategies: protobuf writes the same bytes, and reading reverses",
          "[strategy_wire]") {
  std::mt19937_64 random{4711};
  for (int round = 0; round < 500; ++round) {
    strategy const s = random_strategy(random);
    std::string const bytes = strategy_bytes(s);
    REQUIRE(bytes == message_of(s).SerializeAsString());
    strategy const back = read_bytes(bytes);
    CHECK(back.current_stage == s.current_stage);
    CHECK(back.merged == s.merged);
    CHECK(back.operators == s.operators);
    CHECK(back.parameters == s.parameters);
  }
}

TEST_CASE("a nested map of one dim is told by an empty message", "[strategy_wire]") {
  strategy s = one_stage(0, {"v"});
  s.parameters[0].nested_map = true;
  s.parameters[0].tensor_map = {{1, 0}};
  CHECK(message_of(s).parallel_layout_item(0).parallel_layouts().tensor_map_size() == 2);
  CHECK(read_bytes(strategy_bytes(s)).parameters[0] == s.parameters[0]);
  s.parameters[0].nested_map = false;  // several axes need the nested form anyway
  CHECK(read_bytes(strategy_bytes(s)).parameters[0].nested_map);
}

TEST_CASE("packed numbers are read", "[strategy_wire]") {
  // dev_matrix [4, 2] and tensor_map [-1, 0] packed
  std::string const body = from_hex(
      "0a040a0204021"
      "20d0a0bffffffffffffffffff01001a0022002800300238ffffffffffffffffff01");
  std::string item = from_hex("0a017712") + static_cast<char>(body.size()) + body;
  std::string const bytes = from_hex("08011a") + static_cast<char>(item.size()) + item;
  CHECK(read_bytes(bytes).parameters[0] == layout_named("w"));
}

TEST_CASE("numbers out of range are errors in both directions", "[strategy_wire]") {
  strategy s = one_stage(0, {"w"});
  s.parameters[0].device_matrix = {-1};
  CHECK(error_of([&] { (void)strategy_bytes(s); }).tensor() == "w");
  s = one_stage(0, {"w"});
  s.parameters[0].field = std::int64_t{1} << 31;
  CHECK(error_of([&] { (void)strategy_bytes(s); }).tensor() == "w");
  s = one_stage(0, {"w"});
  s.parameters[0].stage = 1;
  CHECK(error_of([&] { (void)strategy_bytes(s); }).tensor() == "w");
  s = one_stage(0, {"w"});
  s.parameters[0].tensor_map = {{-2}};
  CHECK(read_error(strategy_bytes(s)).tensor() == "w");
  // device_matrix [2^32]
  CHECK(read_error(from_hex("08011a190a0177121"
                            "40a060880808080101200"
                            "1a002200280030003800"))
            .code() == errc::strategy_is_malformed);
}

TEST_CASE("items come in any order, unknown fields are skipped, the last number counts",
          "[strategy_wire]") {
  strategy const s = one_stage(0, {"w", "v"});
  pb::ParallelStrategyMap message = message_of(s);
  message.mutable_parallel_layout_item()->SwapElements(0, 1);
  std::string const items = message.SerializeAsString().substr(2);  // without the counter
  std::string const unknown = from_hex("7a03616263") + from_hex("780e");
  strategy const back = read_bytes(unknown + items + from_hex("0805") + from_hex("0807"));
  CHECK(back.current_stage == 7);
  CHECK(back.operators == s.operators);
  REQUIRE(back.parameters.size() == 2);
  CHECK(back.parameters[0] == s.parameters[1]);
  CHECK(back.parameters[1] == s.parameters[0]);
}

TEST_CASE("a layout without tensor map belongs to a scalar", "[strategy_wire]") {
  strategy s = one_stage(0, {"scale"});
  s.parameters[0].tensor_map.clear();
  CHECK(read_bytes(strategy_bytes(s)).parameters[0] == s.parameters[0]);
  pb::ParallelStrategyMap message = message_of(s);
  message.mutable_parallel_layout_item(0)->mutable_parallel_layouts()->clear_tensor_map();
  CHECK(read_bytes(message.SerializeAsString()).parameters[0] == s.parameters[0]);
}

TEST_CASE("every field that a message must have is named when it is missing", "[strategy_wire]") {
  auto const without = [](auto&& remove) {
    pb::ParallelStrategyMap message = message_of(one_stage(0, {"w"}));
    remove(message, *message.mutable_parallel_strategy_item(0),
           *message.mutable_parallel_layout_item(0));
    return std::string{read_error(message.SerializePartialAsString()).what()};
  };
  using root = pb::ParallelStrategyMap;
  using op = pb::ParallelStrategyItem;
  using item = pb::ParallelLayoutItem;
  auto const has = [](std::string const& text, char const* field) {
    return files::contains(text, "no field '" + std::string{field} + "'");
  };
  CHECK(has(without([](root& r, op&, item&) { r.clear_current_stage(); }), "current_stage"));
  CHECK(has(without([](root&, op& o, item&) { o.clear_node_name(); }), "node_name"));
  CHECK(has(without([](root&, op& o, item&) { o.clear_parallel_strategys(); }),
            "parallel_strategys"));
  CHECK(has(without([](root&, op& o, item&) { o.mutable_parallel_strategys()->clear_stage(); }),
            "stage"));
  CHECK(has(without([](root&, op&, item& i) { i.clear_param_name(); }), "param_name"));
  CHECK(has(without([](root&, op&, item& i) { i.clear_parallel_layouts(); }), "parallel_layouts"));
  CHECK(has(without([](root&, op&, item& i) { i.mutable_parallel_layouts()->clear_field(); }),
            "field"));
  CHECK(has(without([](root&, op&, item& i) {
              i.mutable_parallel_layouts()->clear_opt_weight_shard_step();
            }),
            "opt_weight_shard_step"));
}

TEST_CASE("what must come once is an error the second time", "[strategy_wire]") {
  auto const twice = [](auto&& add) {
    pb::ParallelStrategyMap message = message_of(one_stage(0, {"w"}));
    add(*message.mutable_parallel_layout_item(0)->mutable_parallel_layouts());
    return read_error(message.SerializeAsString());
  };
  CHECK(
      files::contains(twice([](pb::ParallelLayouts& l) { l.add_dev_matrix()->add_dim(2); }).what(),
                      "field 1 occurs twice"));
  CHECK(files::contains(twice([](pb::ParallelLayouts& l) { l.add_param_split_shape(); }).what(),
                        "field 3 occurs twice"));
  CHECK(files::contains(twice([](pb::ParallelLayouts& l) { l.add_indices_offset(); }).what(),
                        "field 4 occurs twice"));
}

TEST_CASE("a field of another type is named with its byte", "[strategy_wire]") {
  // the counter as a text; a parameter name as a number
  auto const counter = read_error(from_hex("0a0161") + golden.substr(2));
  CHECK(counter.code() == errc::file_is_malformed);
  CHECK(counter.byte() == 0);
  CHECK(read_error(golden.substr(0, 2) + from_hex("1a020801")).byte() == 4);
}

}  // namespace strategy_wire_test
