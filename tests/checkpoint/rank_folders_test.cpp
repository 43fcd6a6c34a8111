#include <reshard/checkpoint/rank_folders.hpp>

#include "support/synthetic.hpp"

#include <catch2/catch.hpp>

namespace rank_folders_test {

using namespace reshard;

namespace {

/// A folder with empty files at these places.
struct tree : synthetic::folder {
  explicit tree(std::vector<std::string> const& files) {
    for (std::string const& file : files) add(file);
  }
  void add(std::string const& file) const {
    std::filesystem::create_directories(std::filesystem::path{path + "/" + file}.parent_path());
    std::ofstream{path + "/" + file};
  }
  /// What is chosen for a rank, relative to the folder.
  [[nodiscard]] std::string chosen(index_t rank, file_choice choice) const {
    std::string const file = find_rank_files(path, {choice}).paths.at(rank);
    return file.substr(path.size() + 1);
  }
};

bool warns_of(rank_files const& found, std::string const& words) {
  return std::any_of(found.warnings.begin(), found.warnings.end(),
                     [&](std::string const& w) { return w.find(words) != std::string::npos; });
}

errc code_of(std::string const& dir) {
  try {
    (void)find_rank_files(dir);
  } catch (checkpoint_error const& e) {
    return e.code();
  }
  return errc::none;
}
}  // namespace

TEST_CASE("a rank is the digits after rank_", "[rank_folders]") {
  tree const t{{"rank_0/a.ckpt", "rank_01/a.ckpt", "rank_10/a.ckpt", "other/a.ckpt"}};
  rank_files const found = find_rank_files(t.path);
  REQUIRE(found.paths.size() == 3);
  CHECK(found.paths.at(0) == t.path + "/rank_0/a.ckpt");
  CHECK(found.paths.at(1) == t.path + "/rank_01/a.ckpt");
  CHECK(found.paths.at(10) == t.path + "/rank_10/a.ckpt");
  CHECK(found.warnings.empty());
}

TEST_CASE("what is no rank folder is ignored with a warning", "[rank_folders]") {
  tree const t{{"rank_0/a.ckpt", "rank_0_old/a.ckpt", "rank_x/a.ckpt", "rank_-1/a.ckpt", "rank_5",
                "rank_/a.ckpt", "rank_99999999999999999999/a.ckpt", "rank_7/notes.txt"}};
  rank_files const found = find_rank_files(t.path);
  CHECK(found.paths.size() == 1);
  CHECK(found.warnings.size() == 7);
  for (char const* const name : {"rank_0_old", "rank_x", "rank_-1", "rank_5", "rank_/", "rank_999"})
    CHECK((warns_of(found, name) || std::string{name} == "rank_/"));
  CHECK(warns_of(found, "rank_7 has no checkpoint file"));
}

// spec of transform_checkpoints: the .ckpt path takes the last name, so -9_1 beats -10_1
TEST_CASE("the last name is taken, and a newer step is pointed out", "[rank_folders]") {
  tree const t{{"rank_0/m-10_1.ckpt", "rank_0/m-9_1.ckpt", "rank_0/m-1_10.ckpt",
                "rank_1/m-1_1.ckpt", "rank_1/m-1_2.ckpt"}};
  for (file_choice const choice : {file_choice::name, file_choice::usual})
    CHECK(t.chosen(0, choice) == "rank_0/m-9_1.ckpt");
  CHECK_THROWS_WITH(t.chosen(0, file_choice::step), Catch::Contains("differ in their newest step"));
  tree const alike{{"rank_0/m-10_1.ckpt", "rank_0/m-9_1.ckpt", "rank_1/m-10_1.ckpt"}};
  CHECK(alike.chosen(0, file_choice::step) == "rank_0/m-10_1.ckpt");
  rank_files const by_name = find_rank_files(t.path);
  REQUIRE(by_name.warnings.size() == 1);  // rank 1: both choices agree
  CHECK(warns_of(by_name, "m-10_1.ckpt"));
  CHECK(warns_of(by_name, "--pick step"));
}

TEST_CASE("of safetensors files the newest is taken, the same step in all ranks",
          "[rank_folders]") {
  tree const t{
      {"rank_0/m-10_1.safetensors", "rank_0/m-9_9.safetensors", "rank_1/m-10_1.safetensors"}};
  CHECK(t.chosen(0, file_choice::usual) == "rank_0/m-10_1.safetensors");
  CHECK(warns_of(find_rank_files(t.path), "the newest, epoch 10 step 1"));
  t.add("rank_1/m-11_1.safetensors");
  CHECK(code_of(t.path) == errc::arguments_disagree);
  t.add("rank_0/m-11_1.safetensors");
  CHECK(t.chosen(1, file_choice::usual) == "rank_1/m-11_1.safetensors");
  t.add("rank_0/n-11_1.safetensors");  // which of the two?
  CHECK(code_of(t.path) == errc::arguments_disagree);
}

TEST_CASE("a suffix is anchored where the numbers before it begin", "[rank_folders]") {
  tree const t{{"rank_2/m_rank_2-1_1.safetensors", "rank_2/m_rank_2-11_1.safetensors",
                "rank_2/m_rank_2_3-1_1.safetensors", "rank_2/m_rank_2_2-1_1.safetensors",
                "rank_2/last.safetensors"}};
  auto const chosen = [&](std::string const& suffix) {
    try {
      std::string const path = find_rank_files(t.path, {.suffix = suffix}).paths.at(2);
      return path.substr(path.rfind('/') + 1);
    } catch (checkpoint_error const& e) {
      return std::string{e.code() == errc::checkpoint_is_incomplete ? "none" : "several"};
    }
  };
  CHECK(chosen("1_1") == "m_rank_2-1_1.safetensors");
  CHECK(chosen("-1_1") == "m_rank_2-1_1.safetensors");
  CHECK(chosen("11_1") == "m_rank_2-11_1.safetensors");
  CHECK(chosen("3-1_1") == "m_rank_2_3-1_1.safetensors");
  CHECK(chosen("2-1_1") == "m_rank_2_2-1_1.safetensors");  // a task, not the rank
  CHECK(chosen("_1") == "m_rank_2-1_1.safetensors");       // the shortest
  CHECK(chosen("1") == "m_rank_2-1_1.safetensors");
  CHECK(chosen("last") == "last.safetensors");
  CHECK(chosen("1_2") == "none");
  CHECK(chosen("4-1_1") == "none");
  t.add("rank_2/n_rank_2-1_1.safetensors");
  CHECK(chosen("1_1") == "several");
}

TEST_CASE("a step is the two numbers at the end of a name", "[rank_folders]") {
  auto const step = [](std::string const& path) { return detail::step_of(path); };
  using pair = std::pair<index_t, index_t>;
  CHECK(step("a/b-3/m-10_2.ckpt") == pair{10, 2});
  CHECK(step("llama_rank_3-12_400.ckpt") == pair{12, 400});
  CHECK(step("llama_rank_3_1-12_400.ckpt") == pair{12, 400});
  for (char const* const path :
       {"m.ckpt", "m-10.ckpt", "m_10.ckpt", "m-a_1.ckpt", "m-1_b.ckpt", "m-1_.ckpt", "m-_1.ckpt",
        "m_1-2.ckpt", "m-99999999999999999999_1.ckpt"})
    CHECK(step(path) == pair{-1, -1});
}

TEST_CASE("files without a step lose against those with one", "[rank_folders]") {
  tree const t{{"rank_0/a-1_1.ckpt", "rank_0/z.ckpt"}};
  CHECK(t.chosen(0, file_choice::step) == "rank_0/a-1_1.ckpt");
  CHECK(t.chosen(0, file_choice::name) == "rank_0/z.ckpt");
}

TEST_CASE("only files of the two kinds count, and not both", "[rank_folders]") {
  tree const t{{"rank_0/a.ckpt", "rank_0/z.txt", "rank_0/graph.meta", "rank_0/sub/z.ckpt"}};
  CHECK(t.chosen(0, file_choice::name) == "rank_0/a.ckpt");
  CHECK(files_in(t.path + "/rank_0", {".txt", ".meta"}).size() == 2);
  t.add("rank_1/a.safetensors");
  CHECK(code_of(t.path) == errc::arguments_disagree);
  tree const one_folder{{"rank_0/a.ckpt", "rank_0/a.safetensors"}};
  CHECK(code_of(one_folder.path) == errc::arguments_disagree);
}

TEST_CASE("a pattern names the files of ranks in one folder", "[rank_folders]") {
  tree const t{
      {"m-tp0-of-2.st", "m-tp01-of-2.st", "m-tp-of-2.st", "m-tpx-of-2.st", "rank_5/a.ckpt"}};
  auto const found = [&](std::string const& pattern) {
    return find_rank_files(t.path, {{}, {}, pattern}).paths;
  };
  CHECK(found("m-tp{rank}-of-2.st") ==
        std::map<index_t, std::string>{{0, t.path + "/m-tp0-of-2.st"},
                                       {1, t.path + "/m-tp01-of-2.st"}});
  CHECK_THROWS_WITH(found("other{rank}"), Catch::Contains("has no file 'other{rank}'"));
  CHECK_THROWS_WITH(found("m-tp0"), Catch::Contains("is no file name with {rank} in it"));
  t.add("m-tp00-of-2.st");
  CHECK_THROWS_WITH(found("m-tp{rank}-of-2.st"), Catch::Contains("two files are rank 0"));
}

TEST_CASE("one rank in two folders, or no folder at all", "[rank_folders]") {
  tree const t{{"rank_1/a.ckpt", "rank_01/a.ckpt"}};
  CHECK(code_of(t.path) == errc::checkpoint_is_incomplete);
  CHECK(code_of(t.path + "/none") == errc::checkpoint_is_incomplete);
  CHECK(code_of(t.path + "/rank_1/a.ckpt") == errc::checkpoint_is_incomplete);
  tree const empty{{}};
  CHECK(find_rank_files(empty.path).paths.empty());
}

}  // namespace rank_folders_test
