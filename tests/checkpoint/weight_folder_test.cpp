#include <reshard/checkpoint/weight_folder.hpp>

#include "weights_by_hand.hpp"

namespace weight_folder_test {

using namespace by_hand;
namespace fs = std::filesystem;

namespace {
stored const a{"a", {2, 2}, counted(4)};
stored const b{"b", {3}, counted(3, 100)};
stored const c{"c", {}, {7}};
std::map<std::string, numbers> const all{{"a", a.values}, {"b", b.values}, {"c", c.values}};

/// {"metadata":{},"weight_map":{...}}, or {...} alone.
std::string index_text(std::map<std::string, std::string> const& files, bool nested = true) {
  std::string out = nested ? R"({"metadata":{},"weight_map":{)" : "{";
  for (auto const& [name, file] : files)
    out += (out.back() == '{' ? "\"" : ",\"") + name + "\":\"" + file + '"';
  return out + (nested ? "}}" : "}");
}

/// Two shards and the index of Hugging Face.
struct sharded_folder : folder {
  sharded_folder() {
    write_weights(path + "/model-00001-of-00002.safetensors", {b, a});
    write_weights(path + "/model-00002-of-00002.safetensors", {c});
    index({{"a", "model-00001-of-00002.safetensors"},
           {"b", "model-00001-of-00002.safetensors"},
           {"c", "model-00002-of-00002.safetensors"}});
  }
  void index(std::map<std::string, std::string> const& files) const {
    write(path + "/model.safetensors.index.json", index_text(files));
  }
  [[nodiscard]] checkpoint_error refusal() const {
    return error_of([&] { (void)opened_weights(path); });
  }
};
}  // namespace

TEST_CASE("shards and their index are complete weights", "[weight_folder]") {
  sharded_folder const work;
  catalog const found = opened_weights(work.path);
  CHECK(found.complete_weights);
  CHECK_FALSE(found.is_distributed());
  CHECK(found.files.size() == 2);
  CHECK(found.tensors[0].name == "b");  // the order of the files
  CHECK(found.warnings.empty());
  CHECK(values_of(found) == all);
}

TEST_CASE("weights of several files are cut over ranks like those of one", "[weight_folder]") {
  sharded_folder const work;
  strategy const halves = strategy_of({parameter("a", {2}, {{0}, {}}), parameter("b", {2}, {{}})});
  catalog const source = opened_weights(work.path);
  for (compatibility const compat : {compatibility::none, compatibility::mindspore}) {
    folder const out;
    layout_options options;
    options.compat = compat;
    convert(source, &halves, out.path, options);
    for (index_t rank = 0; rank < 2; ++rank)
      CHECK(read(rank_file(out.path, rank)) ==
            std::map<std::string, numbers>{
                {"a", counted(2, 2 * static_cast<int>(rank))}, {"b", b.values}, {"c", c.values}});
  }
}

TEST_CASE("MindSpore's map may be flat or nested, hyper parameters are beside it",
          "[weight_folder]") {
  for (bool const nested : {false, true}) {
    folder const work;
    write_weights(work.path + "/part0.safetensors", {a});
    write_weights(work.path + "/part1.safetensors", {b});
    write(work.path + "/param_name_map.json",
          index_text({{"a", "part0.safetensors"}, {"b", "part1.safetensors"}}, nested));
    CHECK(values_of(opened_weights(work.path)).size() == 2);
    write_weights(work.path + "/hyper_param.safetensors", {c});
    catalog const found = opened_weights(work.path);
    CHECK(values_of(found) == all);
    CHECK(found.warnings.empty());
    write_weights(work.path + "/hyper_param.safetensors", {c, b});
    checkpoint_error const e = error_of([&] { (void)opened_weights(work.path); });
    CHECK(e.code() == errc::names_do_not_match);
    CHECK_THAT(e.what(), Catch::Contains("hyper_param") && Catch::EndsWith(": b"));
  }
}

TEST_CASE("all that an index promises and no file has is one error", "[weight_folder]") {
  sharded_folder const work;
  work.index({{"a", "model-00002-of-00002.safetensors"},
              {"c", "model-00002-of-00002.safetensors"},
              {"d", "model-00001-of-00002.safetensors"},
              {"e", "model-00003-of-00003.safetensors"}});
  checkpoint_error const e = work.refusal();
  CHECK(e.code() == errc::checkpoint_is_incomplete);
  CHECK_THAT(e.what(), Catch::Contains("model-00003-of-00003.safetensors: the file is missing") &&
                           Catch::Contains("'d': the file does not hold") &&
                           Catch::Contains("'a': the file does not hold the tensor, "
                                           "model-00001-of-00002.safetensors does"));
}

TEST_CASE("names that lead out of the folder are refused", "[weight_folder]") {
  sharded_folder const work;
  for (std::string const& file : {std::string{"../x.safetensors"}, std::string{"/x.safetensors"}}) {
    work.index({{"a", file}});
    CHECK_THROWS_WITH(opened_weights(work.path), Catch::Contains("plain name"));
  }
  folder const elsewhere;
  write_weights(elsewhere.path + "/x", {a});
  fs::create_symlink(elsewhere.path + "/x", work.path + "/link.safetensors");
  work.index({{"a", "link.safetensors"}});
  CHECK_THROWS_WITH(opened_weights(work.path), Catch::Contains("outside of its folder"));
}

TEST_CASE("stale shards and tensors are named and not taken", "[weight_folder]") {
  sharded_folder const work;
  write_weights(work.path + "/consolidated.safetensors", {b});
  work.index(
      {{"a", "model-00001-of-00002.safetensors"}, {"c", "model-00002-of-00002.safetensors"}});
  catalog const found = opened_weights(work.path);
  CHECK(found.tensors.size() == 2);
  CHECK(warns_of(found, "consolidated.safetensors: the index does not name this file"));
  CHECK(warns_of(found, "'b': the index does not name this tensor"));
}

TEST_CASE("a tensor in two shards must have the same bytes in both", "[weight_folder]") {
  sharded_folder const work;
  write_weights(work.path + "/model-00002-of-00002.safetensors", {c, a});
  catalog const found = opened_weights(work.path);
  CHECK(warns_of(found, "'a': the tensor is also in model-00001-of-00002.safetensors"));
  CHECK(values_of(found) == all);
  stored other = a;
  ++other.values.back();
  write_weights(work.path + "/model-00002-of-00002.safetensors", {c, other});
  CHECK_THAT(work.refusal().what(), Catch::Contains("'a': the tensor is also in"));
}

TEST_CASE("without an index there is one file, or model.safetensors", "[weight_folder]") {
  folder const work;
  CHECK_THROWS_WITH(opened_weights(work.path), Catch::Contains("0 checkpoint files"));
  write_weights(work.path + "/x.safetensors", {a, b, c});
  CHECK(values_of(opened_weights(work.path)) == all);
  write_weights(work.path + "/y.safetensors", {a});
  CHECK_THROWS_WITH(opened_weights(work.path), Catch::Contains("2 checkpoint files"));
  write_weights(work.path + "/model.safetensors", {c});
  catalog const found = opened_weights(work.path);
  CHECK(values_of(found).size() == 1);
  CHECK(warns_of(found, "ignored: x.safetensors, y.safetensors"));
}

TEST_CASE("without a reader of indexes such a folder is refused", "[weight_folder]") {
  sharded_folder const work;
  checkpoint_error const e = error_of([&] { (void)open_weights(work.path, all_formats()); });
  CHECK(e.code() == errc::arguments_disagree);
}

}  // namespace weight_folder_test
