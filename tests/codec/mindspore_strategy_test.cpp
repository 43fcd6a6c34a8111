#include "strategies.hpp"

#include <random>

namespace mindspore_strategy_test {

using namespace strategies;

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

}  // namespace mindspore_strategy_test
