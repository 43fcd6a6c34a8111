#include <reshard/checkpoint/verify.hpp>

#include "by_hand.hpp"

namespace verify_test {

using namespace by_hand;

namespace {

catalog opened(std::string const& dir, strategy const& s) {
  return open_ranks(dir, s, all_formats());
}

void write_slices(std::string const& dir, stored const& whole, parameter_layout const& p,
                  index_t ranks, index_t first = 0) {
  for (index_t rank = 0; rank < ranks; ++rank)
    write(rank_file(dir, first + rank), {slice_of(whole, p, rank)});
}

stored const cube{"w", {8, 6, 4}, counted(192)};
parameter_layout const by_rows = parameter("w", {2, 2}, {{1}, {}, {}});
parameter_layout const by_columns = parameter("w", {3, 2}, {{}, {1}, {0}});

/// Two checkpoints of `cube` under different layouts.
struct pair {
  folder work;
  strategy first = strategy_of({by_rows});
  strategy second = strategy_of({by_columns});

  pair() {
    write_slices(dir("a"), cube, by_rows, 4);
    write_slices(dir("b"), cube, by_columns, 6);
  }
  [[nodiscard]] std::string dir(char const* name) const { return work.path + "/" + name; }
  [[nodiscard]] std::vector<finding> findings() const {
    return verify(opened(dir("a"), first), opened(dir("b"), second));
  }
  /// Changes the value at a position of what a rank stores.
  void change(char const* name, index_t rank, parameter_layout const& p, std::size_t at) const {
    stored slice = slice_of(cube, p, rank);
    slice.values.at(at) += 1000;
    write(rank_file(dir(name), rank), {slice});
  }
};

bool says(std::vector<finding> const& all, std::string const& words) {
  return std::any_of(all.begin(), all.end(),
                     [&](finding const& f) { return f.what.find(words) != std::string::npos; });
}
}  // namespace

TEST_CASE("equal tensors have no findings, whatever their layouts", "[verify]") {
  pair const p;
  CHECK(p.findings().empty());
  CHECK(verify(opened(p.dir("b"), p.second), opened(p.dir("a"), p.first)).empty());
}

TEST_CASE("one wrong element is found with its index and its file", "[verify]") {
  pair const p;
  // rank 3 of b: columns 2-3, last dim 2-3; its element (5, 1, 0) is (5, 3, 2) of the whole
  p.change("b", 3, by_columns, (5 * 2 + 1) * 2);
  auto const found = p.findings();
  REQUIRE(found.size() == 1);
  CHECK(found[0].tensor == "w");
  CHECK_THAT(found[0].what, Catch::Contains("element (5, 3, 2)"));
  CHECK_THAT(found[0].what, Catch::Contains("rank_3"));
}

TEST_CASE("every wrong copy is found, and each only once", "[verify]") {
  pair const p;
  for (std::size_t const at : {0U, 1U, 7U}) p.change("b", 2, by_columns, at);
  p.change("b", 5, by_columns, 0);
  CHECK(p.findings().size() == 2);
}

TEST_CASE("replicas within the first checkpoint are compared", "[verify]") {
  pair const p;
  p.change("a", 1, by_rows, 0);  // a copy of rank 0's slice
  auto const found = p.findings();
  REQUIRE(found.size() == 1);
  CHECK(says(found, "rank_1"));
  catalog const a = opened(p.dir("a"), p.first);
  CHECK(differing_replicas(a, a.tensors[0]).size() == 1);
  catalog const b = opened(p.dir("b"), p.second);
  CHECK(differing_replicas(b, b.tensors[0]).empty());
}

TEST_CASE("copies in other stages are replicas", "[verify]") {
  folder const work;
  parameter_layout const first = parameter("tied", {2}, {{0}}, 0);
  parameter_layout const second = parameter("tied", {2}, {{0}}, 1);
  stored tied{"tied", {4}, counted(4)};
  strategy const s = strategy_of({first, second});
  write_slices(work.path, tied, first, 2);
  write_slices(work.path, tied, second, 2, 2);
  catalog const same = opened(work.path, s);
  CHECK(differing_replicas(same, same.tensors[0]).empty());
  tied.values[3] = 77;
  write_slices(work.path, tied, second, 2, 2);
  catalog const other = opened(work.path, s);
  auto const found = differing_replicas(other, other.tensors[0]);
  REQUIRE(found.size() == 1);
  CHECK(says(found, "element (3)"));
  CHECK(says(found, "rank_3"));
}

TEST_CASE("stages with missing ranks stand in for one another", "[verify]") {
  // stage 0 has only the upper rows, stage 1 all but the last; together they have everything
  folder const work;
  parameter_layout const first = parameter("tied", {4}, {{0}, {}}, 0);
  parameter_layout const second = parameter("tied", {4}, {{}, {0}}, 1);
  stored const tied{"tied", {8, 8}, counted(64)};
  strategy const s = strategy_of({first, second});
  write_slices(work.path + "/a", tied, first, 4);
  write_slices(work.path + "/a", tied, second, 4, 4);
  write(work.path + "/whole.ckpt", {tied});
  catalog const whole = open_weights(work.path + "/whole.ckpt", all_formats());
  auto const remove = [&](index_t rank) {
    std::filesystem::remove_all(work.path + "/a/rank_" + std::to_string(rank));
  };
  remove(2), remove(3);  // rows 4 to 7 of stage 0
  CHECK(verify(opened(work.path + "/a", s), whole).empty());
  remove(7);  // columns 6 and 7 of stage 1: rows 4 to 7 of them are nowhere
  auto const found = verify(opened(work.path + "/a", s), whole);
  REQUIRE(found.size() == 1);
  CHECK(says(found, "no present rank of the first has elements"));
}

TEST_CASE("types and shapes are compared first", "[verify]") {
  folder const work;
  auto const weights = [&](std::string const& name, std::string const& bytes) {
    return open_weights(write(work.path + "/" + name, bytes), all_formats());
  };
  std::string const bytes = file_bytes({{"w", {2, 3}, counted(6)}});
  catalog const a = weights("a", bytes);
  Checkpoint message;
  REQUIRE(message.ParseFromString(bytes));
  message.mutable_value(0)->mutable_tensor()->set_tensor_type("UInt32");
  auto const type = verify(a, weights("b", message.SerializeAsString()));
  REQUIRE(type.size() == 1);
  CHECK(says(type, "Int32 against UInt32"));
  auto const shape = verify(a, weights("c", file_bytes({{"w", {3, 2}, counted(6)}})));
  REQUIRE(shape.size() == 1);
  CHECK(says(shape, "shape (2, 3) against (3, 2)"));
}

TEST_CASE("names that only one of both has are findings", "[verify]") {
  folder const work;
  auto const weights = [&](std::string const& name, std::vector<stored> const& tensors) {
    return open_weights(write(work.path + "/" + name, tensors), all_formats());
  };
  auto const found = verify(weights("a", {{"x", {}, {1}}, {"y", {}, {2}}}),
                            weights("b", {{"z", {}, {3}}, {"y", {}, {2}}}));
  REQUIRE(found.size() == 2);
  CHECK(found[0].tensor == "x");
  CHECK(found[0].what == "only in the first");
  CHECK(found[1].tensor == "z");
  CHECK(found[1].what == "only in the second");
}

TEST_CASE("elements that the first does not have are said once", "[verify]") {
  folder const work;
  index_t const n = 3 << 19;  // 6 MiB a rank: several slabs
  parameter_layout const p = parameter("w", {2}, {{0}});
  stored const big{"w", {2 * n}, counted(2 * n)};
  write_slices(work.path + "/a", big, p, 2);
  write(work.path + "/whole.ckpt", {big});
  std::filesystem::remove_all(work.path + "/a/rank_1");
  catalog const a = opened(work.path + "/a", strategy_of({p}));
  catalog const whole = open_weights(work.path + "/whole.ckpt", all_formats());
  auto const found = verify(a, whole);
  REQUIRE(found.size() == 1);
  CHECK(says(found, "no present rank"));
  CHECK(verify(whole, a).empty());  // what the second has is there
}

TEST_CASE("slabs of at most some elements make up a box", "[verify]") {
  for (index_t most = 1; most <= 70; ++most) {
    box const where{{2, 0, 5}, {3, 4, 5}};
    std::set<index_t> seen;
    index_t slabs = 0;
    detail::for_each_slab(where, most, [&](box const& slab) {
      ++slabs;
      REQUIRE((slab.elements() <= most || slab.elements() == 1));
      for (index_t i = slab[0].offset; i < slab[0].end(); ++i)
        for (index_t j = slab[1].offset; j < slab[1].end(); ++j)
          for (index_t k = slab[2].offset; k < slab[2].end(); ++k)
            REQUIRE(seen.insert(piece{where}.address({i, j, k})).second);
    });
    REQUIRE(seen.size() == 60);
    if (most >= 60) REQUIRE(slabs == 1);
  }
  index_t scalars = 0;
  detail::for_each_slab(box{}, 5, [&](box const& slab) { scalars += slab.elements(); });
  CHECK(scalars == 1);
}

}  // namespace verify_test
