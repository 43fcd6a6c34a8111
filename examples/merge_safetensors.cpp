// Merges the files of ranks into complete weights, with or without removed redundancy.

#include "support/merge_flags.hpp"
#include "support/move_tensors.hpp"

#include <reshard/checkpoint/planned_names.hpp>
#include <reshard/checkpoint/shard_folder.hpp>
#include <reshard/codec/dcp_info_json.hpp>

using namespace reshard;

namespace {

/// MindSpore's buffers of gradient accumulation: no weights, and stale in every checkpoint.
constexpr std::string_view accumulated = "accu_grads";

/// What all sources say besides tensors, but for what is told of each file anew.
image_options image_of(catalog const& source, tools::merge_flags const& flags) {
  image_options image;
  image.metadata = flags.output.metadata();
  std::map<std::string, std::string> known{image.metadata.begin(), image.metadata.end()};
  for (char const* const key : {"remove_redundancy", "crc_num", "DCP_VERSION", "DCP_SHARDING_INFO"})
    known.emplace(key, "");
  std::set<std::string> own;
  for (auto const& [key, value] : known) own.insert(key);
  for (auto const& [rank, file] : source.files) {
    image.crc = image.crc || file.index->index().crc.has_value();
    for (auto const& [key, value] : file.index->index().metadata) {
      auto const [at, fresh] = known.emplace(key, value);
      if (fresh) image.metadata.emplace_back(key, value);
      if (!fresh && at->second != value && !own.contains(key))
        fmt::print(stderr, "warning: metadata '{}' is '{}' in one file and '{}' in {}\n", key,
                   at->second, value, file.path);
    }
  }
  return image;
}

/// MindSpore puts whatever else rank 0 stores among the hyper parameters, slices as they are.
void add_rest_of_rank_0(std::vector<planned_tensor>& tensors, catalog const& source) {
  std::set<std::string> merged;
  for (planned_tensor const& t : tensors) merged.insert(t.to.name);
  auto const first = source.files.find(0);
  if (first == source.files.end()) return;
  for (indexed_tensor const& stored : first->second.index->index().tensors) {
    if (merged.contains(stored.name)) continue;
    extents const shape = detail::shape_of(stored);
    catalog_tensor const slice{
        stored.name, stored.type, shape, false, {detail::everywhere(shape, 1)}};
    tensors.push_back(planned(source, {slice, slice}));
  }
}

/// The tensors of a destination without a strategy: each is whole.
std::vector<planned_tensor> merged_tensors(catalog const& source, tools::merge_flags const& flags) {
  layout_options options;
  options.names = flags.names;
  options.names.drop_prefixes.emplace_back(accumulated);
  destination_layout whole = lay_out(source, nullptr, options);
  std::vector<planned_tensor> tensors;
  for (tensor_route& route : whole.routes) tensors.push_back(planned(source, std::move(route)));
  if (flags.compat == compatibility::mindspore) add_rest_of_rank_0(tensors, source);
  return tensors;
}

void say_what_is_left_out(catalog const& source) {
  std::vector<std::string> names;
  for (catalog_tensor const& t : source.tensors)
    if (t.name.starts_with(accumulated)) names.push_back(t.name);
  if (!names.empty()) fmt::print("left out, accumulated gradients: {}\n", grouped(names));
}

/// Gives the tensors their names and files, and moves them.
int write(catalog const& source, conversion_plan plan, tools::merge_flags const& flags,
          tools::job_report& report) {
  rename(plan.tensors, flags.renames());
  flags.output.plan_files(plan, flags.destination, image_of(source, flags),
                          [](catalog_tensor const& t) { return !t.listed; });
  return tools::move_tensors(std::move(plan), flags.mover, flags.destination, report);
}

int merge_ranks(tools::merge_flags const& flags, tools::job_report& report) {
  strategy const from = tools::read_strategy(flags.strategy);
  catalog const source = tools::open_checkpoint(flags.source, from, flags.source_files);
  flags.redundancy.judge(redundancy_of(source), flags.mover.quiet);
  if (!flags.allow_missing) require_parameters(source, from);
  if (!flags.mover.quiet) say_what_is_left_out(source);
  return write(source, {merged_tensors(source, flags), {}}, flags, report);
}

/// The shards of torch's distributed checkpoint.
int merge_shards(tools::merge_flags const& flags, tools::job_report& report) {
  constexpr shard_reader read = [](file_index const& index, std::string const& path) {
    return dcp_info_of(index, path);
  };
  shard_folder const source{flags.shards, flags.source_files.formats(), read};
  tools::print_warnings(source.files().warnings);
  conversion_plan plan{source.tensors(), {}};
  keep_wanted(plan.tensors, flags.names);
  return write(source.files(), std::move(plan), flags, report);
}

int merge(tools::merge_flags const& flags, tools::job_report& report) {
  if (!flags.mover.force) tools::require_empty_folder(flags.destination);
  return flags.shards.empty() ? merge_ranks(flags, report) : merge_shards(flags, report);
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{
      "Merges the files of ranks, .safetensors or .ckpt, or the shards of torch's distributed "
      "checkpoint into complete weights. Parts that some ranks left out (removed redundancy) are "
      "taken from those that have them."};
  app.footer(
      "example: merge_safetensors --mindspore_ckpt_dir checkpoint --src_strategy_dirs strategy "
      "--output_dir merged --verify\n"
      "example: merge_safetensors --mindspore_ckpt_dir checkpoint --src_strategy_dirs strategy "
      "--output_dir merged --filter_out_param_prefix adam_ --format hf --max_shard_size 5GB\n"
      "example: merge_safetensors --dcp_dir torch_checkpoint --output_dir merged");
  tools::merge_flags flags;
  flags.add_to(app);
  return tools::run_reported(app, argc, argv, flags.mover,
                             [&](tools::job_report& report) { return merge(flags, report); });
}
