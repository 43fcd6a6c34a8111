#include "files.hpp"
#include "node_strategy.pb.h"

#include <reshard/codec/mindspore_strategy.hpp>

#include <random>

using namespace reshard;
using files::error_of;
using files::from_hex;
using files::temporary_folder;
namespace pb = mindspore::straspb;

namespace {
std::string const golden = from_hex(
    "0801121a0a084d61744d756c5f77120e08001204080108011204080108021a2d0a017712280a0408040802120d08ff"
    "ffffffffffffffff0108001a0022002800300238ffffffffffffffffff01");

parameter_layout layout_named(std::string name, index_t stage = 0) {
  return {std::move(name), stage, {4, 2}, {{}, {0}}, false, {}, {}, 0, 2, -1, {}};
}

strategy one_stage(index_t stage, std::vector<std::string> const& names) {
  strategy s;
  s.operators.push_back({"MatMul_" + names.front(), stage, {{1, 1}, {1, 2}}});
  for (std::string const& name : names) s.parameters.push_back(layout_named(name, stage));
  return s;
}

strategy read_bytes(std::string const& bytes) {
  temporary_folder const folder;
  return read_strategy(folder.write("s.ckpt", bytes));
}

codec_error read_error(std::string const& bytes) {
  return error_of([&] { (void)read_bytes(bytes); });
}

/// The same strategy as a protobuf message.
pb::ParallelStrategyMap message_of(strategy const& s) {
  pb::ParallelStrategyMap map;
  map.set_current_stage(static_cast<std::uint32_t>(s.current_stage));
  for (operator_strategy const& op : s.operators) {
    auto& item = *map.add_parallel_strategy_item();
    item.set_node_name(op.node_name);
    item.mutable_parallel_strategys()->set_stage(static_cast<std::uint32_t>(op.stage));
    for (auto const& input : op.inputs) {
      auto& dims = *item.mutable_parallel_strategys()->add_parallel_strategy();
      for (index_t const dim : input) dims.add_dim(static_cast<std::uint32_t>(dim));
    }
  }
  for (parameter_layout const& p : s.parameters) {
    auto& item = *map.add_parallel_layout_item();
    item.set_param_name(s.merged ? std::to_string(p.stage) + "-" + p.name : p.name);
    auto& out = *item.mutable_parallel_layouts();
    auto& devices = *out.add_dev_matrix();
    for (index_t const n : p.device_matrix) devices.add_dim(static_cast<std::uint32_t>(n));
    pb::TensorMap* map_message = p.nested_map ? nullptr : out.add_tensor_map();
    for (auto const& axes : p.tensor_map) {
      if (p.nested_map) map_message = out.add_tensor_map();
      for (index_t const axis : axes) map_message->add_dim(static_cast<std::int32_t>(axis));
      if (axes.empty()) map_message->add_dim(-1);
    }
    if (p.nested_map && p.tensor_map.size() < 2) out.add_tensor_map();
    auto& split = *out.add_param_split_shape();
    for (index_t const n : p.param_split_shape) split.add_dim(n);
    auto& offsets = *out.add_indices_offset();
    for (index_t const n : p.indices_offset) offsets.add_dim(n);
    out.set_field(static_cast<std::int32_t>(p.field));
    out.set_opt_weight_shard_step(static_cast<std::int32_t>(p.opt_weight_shard_step));
    out.set_opt_weight_shard_size(static_cast<std::int32_t>(p.opt_weight_shard_size));
  }
  return map;
}

strategy random_strategy(std::mt19937_64& random) {
  auto const below = [&](std::uint64_t n) { return static_cast<index_t>(random() % n); };
  strategy s;
  s.current_stage = below(300);
  s.merged = below(2) == 0;
  index_t const stages = s.merged ? 1 + below(3) : 1;
  for (index_t i = 0; i < below(3); ++i)
    s.operators.push_back({"Op_" + std::to_string(i), 0, {{below(200), 1}, {}}});
  for (index_t i = 0; i < 1 + stages + below(4); ++i) {
    parameter_layout p = layout_named("model.a-b." + std::to_string(i), i % stages);
    p.device_matrix.assign(1 + random() % 3, 1 + below(300));
    p.nested_map = below(2) == 0;
    p.tensor_map.clear();
    for (index_t d = 0; d < 1 + below(3); ++d) {
      p.tensor_map.emplace_back();
      if (below(3) != 0) p.tensor_map.back().push_back(below(4));
      if (p.nested_map && below(3) == 0) p.tensor_map.back().assign({2, 0});
    }
    if (below(4) == 0) p.param_split_shape = {1 + below(1000), INT64_MAX};
    if (below(4) == 0) p.indices_offset = {0, -below(1000)};
    p.field = below(3) - 1;
    p.opt_weight_shard_step = below(1000);
    p.opt_weight_shard_size = below(10) - 1;
    s.parameters.push_back(std::move(p));
  }
  return s;
}
}  // namespace

TEST_CASE("the golden strategy is read and written", "[strategy]") {
  strategy const s = read_bytes(golden);
  CHECK(s.current_stage == 1);
  CHECK_FALSE(s.merged);
  REQUIRE(s.operators.size() == 1);
  CHECK(s.operators[0] == operator_strategy{"MatMul_w", 0, {{1, 1}, {1, 2}}});
  REQUIRE(s.parameters.size() == 1);
  CHECK(s.parameters[0] == layout_named("w"));
  CHECK(strategy_bytes(s) == golden);
}

TEST_CASE("the golden nested layout is read and written", "[strategy]") {
  std::string const body = from_hex("0a06080208020802120208021204080108001a002200280030003800");
  std::string const item = from_hex("0a0177121c") + body;
  std::string const bytes = from_hex("08011a21") + item;
  strategy const s = read_bytes(bytes);
  CHECK(s.parameters[0].nested_map);
  CHECK(s.parameters[0].tensor_map == std::vector<std::vector<index_t>>{{2}, {1, 0}});
  CHECK(strategy_bytes(s) == bytes);
}

TEST_CASE("random strategies: protobuf writes the same bytes, and reading reverses", "[strategy]") {
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

TEST_CASE("a nested map of one dim is told by an empty message", "[strategy]") {
  strategy s = one_stage(0, {"v"});
  s.parameters[0].nested_map = true;
  s.parameters[0].tensor_map = {{1, 0}};
  CHECK(message_of(s).parallel_layout_item(0).parallel_layouts().tensor_map_size() == 2);
  CHECK(read_bytes(strategy_bytes(s)).parameters[0] == s.parameters[0]);
  s.parameters[0].nested_map = false;  // several axes need the nested form anyway
  CHECK(read_bytes(strategy_bytes(s)).parameters[0].nested_map);
}

TEST_CASE("packed numbers are read", "[strategy]") {
  // dev_matrix [4, 2] and tensor_map [-1, 0] packed
  std::string const body = from_hex(
      "0a040a0204021"
      "20d0a0bffffffffffffffffff01001a0022002800300238ffffffffffffffffff01");
  std::string item = from_hex("0a017712") + static_cast<char>(body.size()) + body;
  std::string const bytes = from_hex("08011a") + static_cast<char>(item.size()) + item;
  CHECK(read_bytes(bytes).parameters[0] == layout_named("w"));
}

TEST_CASE("a name is split at its first hyphen if a number stands before it", "[strategy]") {
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

TEST_CASE("what a strategy must have", "[strategy]") {
  strategy s = one_stage(0, {"w"});
  s.parameters[0].device_matrix.clear();
  CHECK(read_error(strategy_bytes(s)).tensor() == "w");
  s.parameters.clear();
  CHECK(read_error(strategy_bytes(s)).code() == errc::strategy_is_malformed);
  CHECK(read_error("").code() == errc::strategy_is_malformed);
  CHECK(read_error(from_hex("1a00")).code() == errc::strategy_is_malformed);
  auto const no_counter = read_error(golden.substr(2));
  CHECK(files::contains(no_counter.what(), "current_stage"));
  pb::ParallelStrategyMap message = message_of(one_stage(0, {"w"}));
  message.mutable_parallel_layout_item(0)
      ->mutable_parallel_layouts()
      ->clear_opt_weight_shard_size();
  auto const no_size = read_error(message.SerializePartialAsString());
  CHECK(no_size.tensor() == "w");
  CHECK(files::contains(no_size.what(), "opt_weight_shard_size"));
  CHECK(read_error(strategy_bytes(one_stage(1, {"w"}))).code() == errc::strategy_is_malformed);
}

TEST_CASE("a name may come twice in a stage only with equal layouts", "[strategy]") {
  strategy s = one_stage(0, {"w", "v", "w"});
  CHECK(read_bytes(strategy_bytes(s)).parameters.size() == 2);
  s.parameters[2].opt_weight_shard_size = 1;
  CHECK(read_error(strategy_bytes(s)).tensor() == "w");
  s.merged = true;
  s.parameters[2].stage = 1;
  CHECK(read_bytes(strategy_bytes(s)).parameters.size() == 3);
}

TEST_CASE("numbers out of range are errors in both directions", "[strategy]") {
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

TEST_CASE("every truncation of a strategy is an error or a shorter one", "[strategy]") {
  temporary_folder const folder;
  for (std::size_t n = 0; n < golden.size(); ++n) {
    INFO(n);
    CHECK(error_of([&] {
            (void)read_strategy(folder.write("s.ckpt", golden.substr(0, n)));
          }).path() == folder / "s.ckpt");
  }
  std::string const real =
      files::content(files::data("mindspore/merge_strategys/src/ckpt_strategy_rank_0.ckpt"));
  for (std::size_t n = 0; n < real.size(); ++n) {
    try {
      (void)read_strategy(folder.write("s.ckpt", real.substr(0, n)));
      pb::ParallelStrategyMap message;
      REQUIRE(message.ParseFromString(real.substr(0, n)));
    } catch (codec_error const& e) {
      REQUIRE(e.path() == folder / "s.ckpt");
    }
  }
}

TEST_CASE("damaged strategies are errors or strategies", "[strategy]") {
  temporary_folder const folder;
  std::mt19937_64 random{5};
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = golden;
    for (std::size_t flips = 1 + random() % 3; flips > 0; --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      (void)read_strategy(folder.write("s.ckpt", bytes));
    } catch (codec_error const& e) {
      REQUIRE(e.path() == folder / "s.ckpt");
    }
  }
}

TEST_CASE("all real strategies are written back byte for byte", "[strategy]") {
  std::size_t compared = 0;
  for (std::string const& path : files::below(RESHARD_TEST_DATA, ".ckpt")) {
    bool const is_strategy =
        files::contains(std::filesystem::path{path}.filename().string(), "strategy") ||
        files::contains(path, "redundancy/src/") || files::contains(path, "rank_list/src/");
    if (!is_strategy) continue;
    INFO(path);
    strategy const s = detail::strategy_file_at(path).value;
    CHECK(strategy_bytes(s) == files::content(path));
    pb::ParallelStrategyMap message;
    REQUIRE(message.ParseFromString(files::content(path)));
    CHECK(message_of(s).SerializeAsString() == files::content(path));
    ++compared;
  }
  CHECK(compared > 25);
}

TEST_CASE("merging is what MindSpore does", "[strategy]") {
  std::vector<std::string> warnings;
  strategy const s =
      merge_pipeline_strategies(files::data("mindspore/merge_strategys/src"), &warnings);
  strategy const expected =
      read_strategy(files::data("mindspore/merge_strategys/expected/merged_ckpt_strategy.ckpt"));
  CHECK(warnings.empty());
  CHECK(s.merged);
  CHECK(s.current_stage == 1);
  auto const sorted = [](std::vector<parameter_layout> list) {
    std::sort(list.begin(), list.end(), [](auto const& a, auto const& b) {
      return std::pair{a.stage, a.name} < std::pair{b.stage, b.name};
    });
    return list;
  };
  CHECK(sorted(s.parameters) == sorted(expected.parameters));
  CHECK(s.operators.size() == expected.operators.size());
}

TEST_CASE("a folder is merged on the fly", "[strategy]") {
  temporary_folder const folder;
  folder.write("b.ckpt", strategy_bytes(one_stage(0, {"w", "tied"})));
  folder.write("a.ckpt", strategy_bytes(one_stage(1, {"v", "tied"})));
  folder.write("sub/c.json", "no strategy");
  folder.write(".hidden.ckpt", "no strategy");
  folder.write("notes.txt", "no strategy");
  strategy const s = read_strategy(folder.path());
  CHECK(s.merged);
  CHECK(s.parameters.size() == 4);
  CHECK(s.parameters[0] == layout_named("w", 0));
  CHECK(s.parameters[3] == layout_named("tied", 1));
}

TEST_CASE("files of one stage must agree, whatever their order", "[strategy]") {
  temporary_folder const folder;
  folder.write("r0.ckpt", strategy_bytes(one_stage(0, {"w", "v"})));
  folder.write("r1.ckpt", strategy_bytes(one_stage(0, {"v", "w"})));
  CHECK(merge_pipeline_strategies(folder.path()).parameters.size() == 2);
  strategy other = one_stage(0, {"v", "w"});
  other.parameters[1].opt_weight_shard_size = 2;
  folder.write("r2.ckpt", strategy_bytes(other));
  auto const e = error_of([&] { (void)merge_pipeline_strategies(folder.path()); });
  CHECK(e.tensor() == "w");
  CHECK(e.path() == folder.path() + "/r2.ckpt");
  folder.write("r2.ckpt", strategy_bytes(one_stage(0, {"v"})));
  CHECK(error_of([&] { (void)merge_pipeline_strategies(folder.path()); }).code() ==
        errc::strategy_is_malformed);
}

TEST_CASE("an old merged file is used alone, and ignored beside others", "[strategy]") {
  temporary_folder const folder;
  strategy old = one_stage(0, {"old"});
  old.merged = true;
  folder.write("merged.ckpt", strategy_bytes(old));
  auto const alone = read_strategy_with_warnings(folder.path());
  CHECK(alone.value.parameters[0].name == "old");
  CHECK(alone.warnings.empty());
  folder.write("rank_0.ckpt", strategy_bytes(one_stage(0, {"new"})));
  auto const beside = read_strategy_with_warnings(folder.path());
  REQUIRE(beside.value.parameters.size() == 1);
  CHECK(beside.value.parameters[0].name == "new");
  REQUIRE(beside.warnings.size() == 1);
  CHECK(files::contains(beside.warnings[0], "merged.ckpt"));
}

TEST_CASE("folders that cannot be read as a strategy", "[strategy]") {
  temporary_folder const folder;
  auto const error = [&] { return error_of([&] { (void)read_strategy(folder.path()); }).code(); };
  CHECK(error() == errc::strategy_is_malformed);  // empty
  folder.write("r4.ckpt", strategy_bytes(one_stage(1, {"w"})));
  CHECK(error() == errc::strategy_is_malformed);  // no stage 0
  CHECK_NOTHROW(merge_pipeline_strategies(folder.path()));
  folder.write("r0.json", strategy_json(one_stage(0, {"w"})));
  CHECK(error() == errc::strategy_is_malformed);  // both kinds
  CHECK(error_of([&] { (void)read_strategy(folder / "none"); }).code() ==
        errc::file_cannot_be_read);
  CHECK(error_of([&] { (void)merge_pipeline_strategies(folder / "none"); }).code() ==
        errc::file_cannot_be_read);
}

TEST_CASE("a strategy is written in one step, into folders that are missing", "[strategy]") {
  temporary_folder const folder;
  strategy const s = one_stage(0, {"w"});
  write_strategy(s, folder / "a/b/s.ckpt");
  CHECK(files::content(folder / "a/b/s.ckpt") == strategy_bytes(s));
  write_strategy(s, folder / "a/b/s.json");
  CHECK(files::content(folder / "a/b/s.json") == strategy_json(s));
  CHECK(files::below(folder.path(), "").size() == 2);
  write_strategy(one_stage(0, {"v"}), folder / "a/b/s.ckpt");
  CHECK(read_strategy(folder / "a/b/s.ckpt").parameters[0].name == "v");
  folder.write("file", "");
  CHECK(error_of([&] { write_strategy(s, folder / "file/s.ckpt"); }).code() ==
        errc::file_cannot_be_written);
  CHECK(error_of([&] { write_strategy(s, folder / "a"); }).code() == errc::file_cannot_be_written);
  CHECK(files::below(folder.path(), "").size() == 3);
}
