#include <reshard/checkpoint/shard_folder.hpp>

#include "weights_by_hand.hpp"

#include <reshard/codec/dcp_info_json.hpp>

namespace shard_folder_test {

using namespace by_hand;

namespace {
constexpr shard_reader read_shards = [](file_index const& index, std::string const& path) {
  return dcp_info_of(index, path);
};

struct shard {
  stored part;
  std::vector<index_t> offsets;
};

/// A file as torch writes it: the offsets are a JSON text in the metadata.
void write_shards(std::string const& path, std::vector<shard> const& shards) {
  std::string info = "{";
  std::vector<stored> parts;
  for (shard const& s : shards) {
    info += (info.size() > 1 ? ", " : "") + ("\\\"" + s.part.name + "\\\": ") +
            R"({\"saved_offsets\": [)";
    for (std::size_t d = 0; d < s.offsets.size(); ++d)
      info += (d == 0 ? "" : ", ") + std::to_string(s.offsets[d]);
    info += "]}";
    parts.push_back(s.part);
  }
  write_weights(path, parts, R"({"DCP_VERSION":"1.0","DCP_SHARDING_INFO":")" + info + R"(}"})");
}

struct shards_on_disk : folder {
  void add(int number, std::vector<shard> const& shards) const {
    write_shards(path + "/shard-" + std::to_string(number) + ".safetensors", shards);
  }
  [[nodiscard]] std::map<std::string, numbers> merged() const {
    shard_folder const source{path, all_formats(), read_shards};
    conversion_plan plan{source.tensors(), {}};
    folder const out;
    plan.files =
        plan_huggingface_files(plan.tensors, {out.path, safetensors_format, {}, 1000}).files;
    conversion work{std::move(plan), {}};
    work.run();
    CHECK(work.verify_written().empty());
    return values_of(opened_weights(out.path));
  }
  [[nodiscard]] checkpoint_error refusal() const {
    return error_of([&] { shard_folder const source{path, all_formats(), read_shards}; });
  }
};
}  // namespace

TEST_CASE("shards of any size make up their tensors", "[shard_folder]") {
  shards_on_disk const work;
  work.add(1, {{{"w", {2, 2}, {0, 1, 4, 5}}, {0, 0}}, {{"n", {}, {7}}, {}}});
  work.add(2, {{{"w", {2, 2}, {2, 3, 6, 7}}, {0, 2}}, {{"e", {0, 3}, {}}, {0, 0}}});
  work.add(3, {{{"w", {1, 4}, {8, 9, 10, 11}}, {2, 0}}, {{"v", {0}, {}}, {3}}});
  work.add(4, {{{"w", {1, 4}, {8, 9, 10, 11}}, {2, 0}}, {{"v", {3}, {5, 6, 7}}, {0}}});  // a copy
  CHECK(work.merged() == std::map<std::string, numbers>{
                             {"w", counted(12)}, {"n", {7}}, {"e", {}}, {"v", {5, 6, 7}}});
}

TEST_CASE("shards that leave elements out, overlap or differ are errors", "[shard_folder]") {
  shards_on_disk const work;
  CHECK(work.refusal().code() == errc::checkpoint_is_incomplete);
  work.add(1, {{{"w", {2}, {0, 1}}, {0}}});
  work.add(2, {{{"w", {2}, {4, 5}}, {4}}});
  CHECK_THAT(work.refusal().what(), Catch::Contains("w: the shards have 4 elements of 6"));
  work.add(3, {{{"w", {3}, {1, 2, 3}}, {1}}});
  CHECK(work.refusal().code() == errc::layouts_disagree);
  CHECK_THAT(work.refusal().what(), Catch::Contains("overlap"));
  work.add(3, {{{"w", {2, 1}, {2, 3}}, {2, 0}}});
  CHECK_THAT(work.refusal().what(), Catch::Contains("number of dims"));
  write_weights(work.path + "/shard-3.safetensors", {{"w", {2}, {2, 3}}});
  CHECK_THAT(work.refusal().what(), Catch::Contains("DCP_SHARDING_INFO"));
}

}  // namespace shard_folder_test
