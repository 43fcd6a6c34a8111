#include <reshard/checkpoint/same_files.hpp>

#include "weights_by_hand.hpp"

namespace same_files_test {

using namespace by_hand;

TEST_CASE("files that stand each on its own may have a name in common", "[same_files]") {
  folder work;
  std::vector<std::string> const files{
      write_weights(work.path + "/rank_0/a.safetensors", {{"w", {2}, {1, 2}}, {"only", {}, {7}}}),
      write_weights(work.path + "/rank_1/a.safetensors", {{"w", {3}, {3, 4, 5}}})};
  catalog const source = open_separately(files, all_formats());
  CHECK(source.ranks == 2);
  REQUIRE(source.tensors.size() == 3);

  std::vector<std::string> const results{work.path + "/x.ckpt", work.path + "/y.ckpt"};
  conversion_plan plan = plan_rank_files(
      source, lay_out_alike(source),
      {[&](index_t n) { return results[static_cast<std::size_t>(n)]; }, {}, ckpt_format, {}});

  SECTION("each becomes one file of one job") {
    conversion{std::move(plan), {}}.run();
    CHECK(read(results[0]) == std::map<std::string, numbers>{{"w", {1, 2}}, {"only", {7}}});
    CHECK(read(results[1]) == std::map<std::string, numbers>{{"w", {3, 4, 5}}});
  }
  SECTION("a new name holds in every file; old names that none has are told") {
    CHECK(rename_in_files(plan, {{"w", "v"}, {"other", "o"}}) == std::set<std::string>{"other"});
    conversion{std::move(plan), {}}.run();
    CHECK(read(results[0]).contains("v"));
    CHECK(read(results[1]) == std::map<std::string, numbers>{{"v", {3, 4, 5}}});
  }
  SECTION("one name twice in a file is an error with both") {
    CHECK_THROWS_WITH(rename_in_files(plan, {{"w", "only"}}), Catch::Contains("x.ckpt") &&
                                                                  Catch::Contains("only") &&
                                                                  !Catch::Contains("y.ckpt"));
  }
}

TEST_CASE("raw files are bytes", "[same_files]") {
  folder work;
  std::vector<std::string> const files{write(work.path + "/readme", std::string{"hello"}),
                                       write(work.path + "/empty", std::string{})};
  catalog const raw = open_raw(files);
  REQUIRE(raw.tensors.size() == 2);
  CHECK(raw.tensors[0].shape == extents{5});
  CHECK(raw.tensors[1].shape == extents{0});
}

TEST_CASE("files without a changed tensor stay byte for byte", "[same_files]") {
  folder work;
  std::vector<std::string> const files{
      write_weights(work.path + "/in/model-00001-of-00002.safetensors", {{"a", {2}, {1, 2}}},
                    R"({"format":"pt"})"),
      write_weights(work.path + "/in/model-00002-of-00002.safetensors",
                    {{"c", {1}, {5}}, {"b", {2}, {3, 4}}}, R"({"format":"pt"})")};
  catalog const weights = open_separately(files, all_formats());
  catalog const raw = open_raw(files);
  conversion_plan plan = plan_same_files(weights, raw, {"b"},
                                         {work.path + "/out", safetensors_format, {{"by", "us"}}});
  conversion{std::move(plan), {}}.run();
  CHECK(synthetic::bytes_of(work.path + "/out/model-00001-of-00002.safetensors") ==
        synthetic::bytes_of(files[0]));
  std::string const other = work.path + "/out/model-00002-of-00002.safetensors";
  CHECK(values_of(opened_weights(other)) ==
        std::map<std::string, numbers>{{"c", {5}}, {"b", {3, 4}}});
  CHECK_THAT(synthetic::bytes_of(other),
             Catch::Contains(R"("format":"pt")") && Catch::Contains(R"("by":"us")"));
  CHECK_THROWS_AS(
      plan_same_files(weights, raw, {"none"}, {work.path + "/other", safetensors_format, {}}),
      checkpoint_error);
}

}  // namespace same_files_test
