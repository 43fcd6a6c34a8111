#include <reshard/checkpoint/open.hpp>

#include "by_hand.hpp"

namespace open_test {

using namespace by_hand;

namespace {

catalog opened(std::string const& dir, strategy const& s) {
  return open_ranks(dir, s, all_formats());
}

catalog_tensor const& tensor_of(catalog const& c, std::string const& name) {
  for (catalog_tensor const& t : c.tensors)
    if (t.name == name) return t;
  FAIL("no tensor '" << name << "'");
  throw std::logic_error{"unreachable"};
}

/// Writes the slices of a tensor to the rank files of its stage.
void write_slices(std::string const& dir, stored const& whole, parameter_layout const& p,
                  index_t ranks, index_t first = 0) {
  for (index_t rank = 0; rank < ranks; ++rank)
    write(rank_file(dir, first + rank), {slice_of(whole, p, rank)});
}
}  // namespace

TEST_CASE("a listed tensor has the full shape that its slices have together", "[open]") {
  folder const work;
  parameter_layout const p = sharded(parameter("w", {2, 2, 2}, {{0}, {2}}), 2, -1);
  write_slices(work.path, {"w", {8, 4}, counted(32)}, p, 8);
  catalog const c = opened(work.path, strategy_of({p}));
  CHECK(c.ranks == 8);
  CHECK(c.ranks_per_stage == 8);
  CHECK(c.files.size() == 8);
  CHECK(c.files.at(0).index == c.files.at(7).index);  // equal heads are kept once
  CHECK(c.warnings.empty());
  REQUIRE(c.tensors.size() == 1);
  CHECK(c.tensors[0].listed);
  CHECK(c.tensors[0].shape == extents{8, 4});
  CHECK(c.tensors[0].type == dtype::int32);
  REQUIRE(c.tensors[0].placements.size() == 1);
  CHECK(c.tensors[0].placements[0].where == strategy_layout(p, {8, 4}));
}

TEST_CASE("a name that no strategy lists is whole on every rank", "[open]") {
  folder const work;
  parameter_layout const p = parameter("w", {2}, {{0}});
  for (index_t rank = 0; rank < 2; ++rank)
    write(rank_file(work.path, rank),
          {{"step", {}, {7}}, slice_of({"w", {4}, counted(4)}, p, rank), {"ids", {2}, {1, 2}}});
  catalog const c = opened(work.path, strategy_of({p}));
  REQUIRE(c.tensors.size() == 3);
  CHECK(c.tensors[0].name == "step");  // the order of the file
  CHECK(c.tensors[1].name == "w");
  CHECK_FALSE(tensor_of(c, "step").listed);
  CHECK(tensor_of(c, "step").shape == extents{});
  CHECK(tensor_of(c, "ids").placements[0].where->is_replicated());
  CHECK(tensor_of(c, "ids").placements[0].devices() == 2);
}

TEST_CASE("names come in the order of the lowest rank that has them", "[open]") {
  folder const work;
  parameter_layout const p = parameter("w", {2}, {{}});
  write(rank_file(work.path, 0), {{"b", {1}, {0}}, {"a", {1}, {0}}});
  write(rank_file(work.path, 1), {{"c", {1}, {0}}, {"a", {1}, {0}}, {"w", {1}, {0}}});
  catalog const c = opened(work.path, strategy_of({p}));
  std::vector<std::string> names;
  for (catalog_tensor const& t : c.tensors) names.push_back(t.name);
  CHECK(names == std::vector<std::string>{"b", "a", "c", "w"});
}

TEST_CASE("stages own their ranks and their tensors", "[open]") {
  folder const work;
  parameter_layout const a = parameter("a", {2}, {{0}}, 0);
  parameter_layout const b = parameter("b", {2}, {{0}}, 1);
  write_slices(work.path, {"a", {4}, counted(4)}, a, 2);
  write_slices(work.path, {"b", {6}, counted(6)}, b, 2, 2);
  catalog const c = opened(work.path, strategy_of({a, b}));
  CHECK(c.ranks == 4);
  CHECK(c.ranks_per_stage == 2);
  CHECK(tensor_of(c, "a").placements[0].first_rank == 0);
  CHECK(tensor_of(c, "b").placements[0].first_rank == 2);
  CHECK(tensor_of(c, "b").shape == extents{6});
}

TEST_CASE("a tensor of several stages has alternatives", "[open]") {
  folder const work;
  parameter_layout const first = parameter("tied", {2}, {{0}}, 0);
  parameter_layout const second = parameter("tied", {2}, {{}}, 1);
  write_slices(work.path, {"tied", {4}, counted(4)}, first, 2);
  write_slices(work.path, {"tied", {4}, counted(4)}, second, 2, 2);
  strategy const s = strategy_of({second, first});  // in any order
  catalog const c = opened(work.path, s);
  REQUIRE(tensor_of(c, "tied").placements.size() == 2);
  CHECK(tensor_of(c, "tied").placements[0].first_rank == 0);
  CHECK(tensor_of(c, "tied").placements[1].where->is_replicated());
  // only one of the stages is there: one alternative
  std::filesystem::remove_all(work.path + "/rank_0");
  std::filesystem::remove_all(work.path + "/rank_1");
  CHECK(tensor_of(opened(work.path, s), "tied").placements.size() == 1);
  // another shape in the second stage
  write(rank_file(work.path, 0), {{"tied", {3}, counted(3)}});
  CHECK_THROWS_WITH(opened(work.path, s),
                    Catch::Contains("'tied'") && Catch::Contains("(6)") && Catch::Contains("(4)"));
}

TEST_CASE("ranks may be missing as long as what they hold is not asked for", "[open]") {
  folder const work;
  parameter_layout const p = parameter("w", {2, 2}, {{0}});
  write_slices(work.path, {"w", {4}, counted(4)}, p, 4);
  std::filesystem::remove_all(work.path + "/rank_0");
  std::filesystem::remove_all(work.path + "/rank_3");
  catalog const c = opened(work.path, strategy_of({p}));
  CHECK(c.files.size() == 2);
  CHECK(c.tensors[0].shape == extents{4});
  std::filesystem::remove_all(work.path + "/rank_1");
  std::filesystem::remove_all(work.path + "/rank_2");
  CHECK(error_of([&] { (void)opened(work.path, strategy_of({p})); }).code() ==
        errc::checkpoint_is_incomplete);
}

TEST_CASE("uneven shards are found out from their shapes", "[open]") {
  parameter_layout const p = parameter("w", {4}, {{0}, {}});
  auto const open_rows = [&](std::vector<index_t> const& rows) {
    folder const work;
    for (std::size_t rank = 0; rank < rows.size(); ++rank)
      write(rank_file(work.path, static_cast<index_t>(rank)),
            {{"w", {rows[rank], 3}, counted(rows[rank] * 3)}});
    return layout{*opened(work.path, strategy_of({p})).tensors.at(0).placements.at(0).where};
  };
  layout const even = open_rows({2, 2, 2, 2});
  CHECK(even == strategy_layout(p, {8, 3}));
  layout const ceil = open_rows({3, 3, 3, 1});
  CHECK(ceil == strategy_layout(p, {10, 3}, tail_rule::ceil));
  CHECK(open_rows({2, 2, 1, 0}) == strategy_layout(p, {5, 3}, tail_rule::ceil));
  layout const balanced = open_rows({3, 3, 2, 2});
  CHECK(balanced == strategy_layout(p, {10, 3}, tail_rule::balanced));
  for (auto const& rows : {std::vector<index_t>{2, 3, 2, 3}, {1, 2, 3, 4}, {5, 1, 1, 1}})
    CHECK_THROWS_WITH(open_rows(rows), Catch::Contains("'w'") && Catch::Contains("rank"));
}

TEST_CASE("a missing part of uneven shards is an error with its rank", "[open]") {
  folder const work;
  parameter_layout const p = parameter("w", {2, 4}, {{0}});
  index_t const rows[] = {3, 3, 2, 2, 3, 3, 2, 2};
  for (index_t rank = 0; rank < 8; ++rank)
    write(rank_file(work.path, rank), {{"w", {rows[rank]}, counted(rows[rank])}});
  std::filesystem::remove_all(work.path + "/rank_2");  // rank 6 holds the same
  CHECK(opened(work.path, strategy_of({p})).tensors[0].shape == extents{10});
  std::filesystem::remove_all(work.path + "/rank_6");
  auto const e = error_of([&] { (void)opened(work.path, strategy_of({p})); });
  CHECK(e.code() == errc::checkpoint_is_incomplete);
  CHECK_THAT(e.what(), Catch::Contains("'w'") && Catch::Contains("rank 2"));
}

TEST_CASE("ranks that disagree on type or shape are named", "[open]") {
  folder const work;
  parameter_layout const p = parameter("w", {2}, {{}});
  write(rank_file(work.path, 0), {{"w", {2}, {1, 2}}, {"s", {2}, {1, 2}}});
  write(rank_file(work.path, 1), {{"w", {3}, {1, 2, 3}}, {"s", {2}, {1, 2}}});
  CHECK_THROWS_WITH(opened(work.path, strategy_of({p})),
                    Catch::Contains("'w'") && Catch::Contains("(2)") && Catch::Contains("(3)"));
  write(rank_file(work.path, 1), {{"w", {2}, {1, 2}}, {"s", {1}, {1}}});
  CHECK_THROWS_WITH(opened(work.path, strategy_of({p})),
                    Catch::Contains("'s'") && Catch::Contains("in no strategy"));
  Checkpoint message;
  REQUIRE(message.ParseFromString(file_bytes({{"w", {2}, {1, 2}}, {"s", {2}, {1, 2}}})));
  message.mutable_value(1)->mutable_tensor()->set_tensor_type("UInt32");
  write(rank_file(work.path, 1), message.SerializeAsString());
  CHECK_THROWS_WITH(opened(work.path, strategy_of({p})), Catch::Contains("'s'") &&
                                                             Catch::Contains("UInt32") &&
                                                             Catch::Contains("rank 1"));
}

TEST_CASE("what the files and the strategy do not share is said", "[open]") {
  folder const work;
  parameter_layout const a = parameter("a", {1}, {{}}, 0);
  parameter_layout const b = parameter("b", {1}, {{}}, 1);
  parameter_layout const gone = parameter("gone", {1}, {{}}, 0);
  write(rank_file(work.path, 0), {{"a", {1}, {0}}, {"b", {1}, {0}}});
  write(rank_file(work.path, 1), {{"c", {1}, {0}}});
  write(rank_file(work.path, 5), {{"a", {1}, {0}}});
  catalog const c = opened(work.path, strategy_of({a, b, gone}));
  CHECK(c.tensors.size() == 2);  // a and c; b is in stage 0 only, which does not list it
  CHECK(warns_of(c, "do not list them: ignored: b"));
  CHECK(warns_of(c, "in no file: gone"));
  CHECK(warns_of(c, "rank_5"));
  CHECK(warns_of(c, "beyond the 2 ranks"));
}

TEST_CASE("strategies whose layouts do not fit together are refused with the name", "[open]") {
  folder const work;
  write(rank_file(work.path, 0), {{"a", {2}, {0, 1}}});
  auto const error = [&](std::vector<parameter_layout> const& list) {
    return error_of([&] { (void)opened(work.path, strategy_of(list)); });
  };
  auto const counts = error({parameter("a", {2}, {{0}}), parameter("b", {4}, {{0}})});
  CHECK(counts.code() == errc::layouts_disagree);
  CHECK_THAT(counts.what(), Catch::Contains("'b'") && Catch::Contains("'a'"));
  CHECK_THAT(error({parameter("a", {2, 0}, {{0}})}).what(), Catch::Contains("'a'"));
  CHECK_THAT(error({parameter("a", {2}, {{1}})}).what(), Catch::Contains("'a'"));
  CHECK_THAT(error({parameter("a", {2}, {{0}, {}})}).what(), Catch::Contains("'a'"));
  std::vector<index_t> const many(17, 1);
  CHECK_THAT(error({parameter("a", many, {{0}})}).what(), Catch::Contains("'a'"));
}

TEST_CASE("a strategy of more ranks than there can be is refused at once", "[open]") {
  folder const work;
  write(rank_file(work.path, 0), {{"a", {2}, {0, 1}}});
  index_t const huge = index_t{1} << 31;
  for (auto const& list : {std::vector{parameter("a", {huge, huge}, {{}})},
                           {parameter("a", {huge}, {{}})},
                           {parameter("a", {2}, {{}}, huge)}})
    CHECK(error_of([&] { (void)opened(work.path, strategy_of(list)); }).code() ==
          errc::layouts_disagree);
}

TEST_CASE("a tensor of too many dims is named", "[open]") {
  folder const work;
  std::vector<index_t> const shape(9, 1);
  std::string const path = write(work.path + "/f.ckpt", {{"deep", shape, {1}}});
  CHECK_THROWS_WITH(open_weights(path, all_formats()), Catch::Contains("'deep'"));
  write(rank_file(work.path + "/ranks", 0), {{"deep", shape, {1}}});
  strategy const s = strategy_of({parameter("deep", {1}, std::vector<std::vector<index_t>>(9))});
  CHECK_THROWS_WITH(opened(work.path + "/ranks", s), Catch::Contains("'deep'"));
}

TEST_CASE("complete weights are a file, rank 0, or the only file", "[open]") {
  folder const work;
  stored const w{"w", {4}, counted(4)};
  auto const at = [&](std::string const& name) { return work.path + "/" + name; };
  auto const tensors = [](std::string const& path) {
    return open_weights(path, all_formats()).tensors.size();
  };
  CHECK(tensors(write(at("one/any.name"), {w})) == 1);
  CHECK(tensors(at("one/any.name")) == 1);
  write(at("only/m.ckpt"), {w});
  CHECK(tensors(at("only")) == 1);
  write(rank_file(at("ranked"), 0), {w});
  CHECK(tensors(at("ranked")) == 1);
  catalog const c = open_weights(at("ranked"), all_formats());
  CHECK(c.ranks == 1);
  CHECK_FALSE(c.tensors[0].listed);
  CHECK(c.tensors[0].placements[0].devices() == 1);
}

TEST_CASE("what is no complete checkpoint is not opened as one", "[open]") {
  folder const work;
  stored const w{"w", {4}, counted(4)};
  auto const code = [&](std::string const& name) {
    return error_of([&] { (void)open_weights(work.path + "/" + name, all_formats()); }).code();
  };
  CHECK(code("none") == errc::checkpoint_is_incomplete);
  std::filesystem::create_directories(work.path + "/empty");
  CHECK(code("empty") == errc::checkpoint_is_incomplete);
  write(work.path + "/two/a.ckpt", {w});
  write(work.path + "/two/b.ckpt", {w});
  CHECK(code("two") == errc::checkpoint_is_incomplete);
  write(rank_file(work.path + "/ranks", 0), {w});
  write(rank_file(work.path + "/ranks", 1), {w});
  CHECK(code("ranks") == errc::arguments_disagree);
  write(rank_file(work.path + "/third", 3), {w});  // one rank of a distributed checkpoint
  CHECK(code("third") == errc::checkpoint_is_incomplete);
}

TEST_CASE("a file that is no checkpoint says why", "[open]") {
  folder const work;
  strategy const s = strategy_of({parameter("w", {1}, {{}})});
  write(rank_file(work.path, 0), std::string{"hello, this is text"});
  CHECK_THROWS_WITH(opened(work.path, s), Catch::Contains("rank_0/m.ckpt"));
  CHECK_THROWS_AS(open_weights(write(work.path + "/f.bin", std::string{"hello"}), all_formats()),
                  codec_error);
  std::string const bytes = file_bytes({{"w", {4}, counted(4)}});
  write(rank_file(work.path, 0), bytes.substr(0, bytes.size() - 1));
  CHECK_THROWS_WITH(opened(work.path, s), Catch::Contains("'w'") && Catch::Contains("byte"));
}

}  // namespace open_test
