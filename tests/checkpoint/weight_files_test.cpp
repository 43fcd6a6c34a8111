#include <reshard/checkpoint/weight_files.hpp>

#include "weights_by_hand.hpp"

namespace weight_files_test {

using namespace by_hand;

namespace {
std::vector<stored> const weights{{"large", {6}, counted(6)},
                                  {"a", {2}, counted(2, 10)},
                                  {"b", {1}, counted(1, 20)},
                                  {"c", {3}, counted(3, 30)},
                                  {"step", {}, {7}}};

/// A conversion of `weights` from one file into a folder, and what comes out.
struct weights_job {
  folder work;
  catalog source;
  conversion_plan plan;
  weight_file_options options;

  weights_job() {
    source = opened_weights(write_weights(work.path + "/in.safetensors", weights));
    for (tensor_route& route : lay_out(source, nullptr).routes)
      plan.tensors.push_back(planned(source, std::move(route)));
    options = {work.path + "/out", safetensors_format, {}, 16};
    options.image.metadata = {{"format", "ms"}, {"remove_redundancy", "False"}};
  }

  void write(weight_files files, weight_index_style const& style) {
    plan.files = std::move(files.files);
    if (files.index)
      plan.files.push_back(text_file(files.index_path, weight_index_json(*files.index, style)));
    conversion{plan, {}}.run();
  }
  [[nodiscard]] std::map<std::string, std::string> index() const {
    for (char const* const name : {"/model.safetensors.index.json", "/param_name_map.json"})
      if (std::filesystem::exists(options.folder + name)) {
        weight_index const read = read_weight_index(options.folder + name);
        CHECK(read.total_size() == (name[1] == 'm' ? 52 : 48));
        return {read.weight_map.begin(), read.weight_map.end()};
      }
    return {};
  }
};

std::map<std::string, numbers> const all{{"large", counted(6)},
                                         {"a", counted(2, 10)},
                                         {"b", counted(1, 20)},
                                         {"c", counted(3, 30)},
                                         {"step", {7}}};
}  // namespace

TEST_CASE("Hugging Face's shards take the tensors in their order", "[weight_files]") {
  weights_job job;
  job.write(plan_huggingface_files(job.plan.tensors, job.options), huggingface_style);
  std::string const first = "model-00001-of-00003.safetensors";  // too large for any
  std::string const second = "model-00002-of-00003.safetensors";
  std::string const third = "model-00003-of-00003.safetensors";
  CHECK(job.index() ==
        std::map<std::string, std::string>{
            {"large", first}, {"a", second}, {"b", second}, {"c", third}, {"step", third}});
  CHECK(values_of(opened_weights(job.options.folder)) == all);
}

TEST_CASE("weights below the limit are one file without an index", "[weight_files]") {
  weights_job job;
  job.options.max_bytes = 52;
  job.write(plan_huggingface_files(job.plan.tensors, job.options), huggingface_style);
  CHECK(files_in(job.options.folder, {".json"}).empty());
  CHECK(values_of(opened_weights(job.options.folder + "/model.safetensors")) == all);
}

TEST_CASE("MindSpore's parts are dealt out, the largest tensor first", "[weight_files]") {
  weights_job job;
  auto const is_hyper = [](catalog_tensor const& t) { return t.name == "step"; };
  job.write(plan_unified_files(job.plan.tensors, job.options, is_hyper), mindspore_style);
  // 48 bytes / 16: three parts; 24 | 12 | 8 + 4
  CHECK(job.index() == std::map<std::string, std::string>{{"large", "part0.safetensors"},
                                                          {"c", "part1.safetensors"},
                                                          {"a", "part2.safetensors"},
                                                          {"b", "part2.safetensors"}});
  CHECK(values_of(opened_weights(job.options.folder)) == all);
  auto const metadata = [&](char const* file) {
    return safetensors_index(random_access_file{job.options.folder + file}).metadata;
  };
  CHECK(metadata("/part1.safetensors") == job.options.image.metadata);
  CHECK(metadata("/hyper_param.safetensors") == text_pairs{{"format", "ms"}});
}

TEST_CASE("there are no more parts than tensors, and none without bytes to spread",
          "[weight_files]") {
  weights_job job;
  job.options.max_bytes = 1;
  CHECK(plan_unified_files(job.plan.tensors, job.options).files.size() == 5);
  job.options.max_bytes = 100;
  CHECK(plan_unified_files(job.plan.tensors, job.options).files.size() == 1);
  job.options.max_bytes = 0;
  CHECK_THROWS_AS(plan_unified_files(job.plan.tensors, job.options), checkpoint_error);
}

TEST_CASE("an index is published with its files or not at all", "[weight_files]") {
  weights_job job;
  weight_files files = plan_huggingface_files(job.plan.tensors, job.options);
  job.plan.files = files.files;
  job.plan.files.push_back(text_file(files.index_path, "{}"));
  std::filesystem::create_directories(files.index_path + "/in the way");
  CHECK_THROWS(conversion(job.plan, {}).run());
  CHECK(files_in(job.options.folder, {".safetensors", ".json"}).empty());
}

}  // namespace weight_files_test
