#include "support/weight_outputs.hpp"

#include "support/checkpoints.hpp"

#include <reshard/checkpoint/weight_files.hpp>
#include <reshard/codec/weight_index_json.hpp>

namespace fs = std::filesystem;

namespace tools {
namespace {

/// MindSpore's names of shards and of their index: MindFormers writes and reads these.
void take_mindspore_names(reshard::weight_files& planned, std::string const& folder) {
  std::size_t const count = planned.files.size();
  std::map<std::string, std::string> renamed;
  for (std::size_t i = 0; i < count; ++i) {
    std::string const before = fs::path{planned.files[i].path}.filename().string();
    std::string const after = fmt::format("ms-model-{:05}-of-{:05}.safetensors", i + 1, count);
    renamed[before] = after;
    planned.files[i].path = (fs::path{folder} / after).string();
  }
  if (!planned.index) return;
  for (auto& [tensor, file] : planned.index->weight_map) file = renamed.at(file);
  planned.index->metadata.clear();
  planned.index_path = (fs::path{folder} / reshard::mindspore_index_name).string();
}

void plan_shards(reshard::conversion_plan& plan, weight_flags const& flags,
                 weight_outputs const& outputs, reshard::image_options const& image) {
  reshard::weight_files planned = reshard::plan_huggingface_files(
      plan.tensors, {outputs.path, outputs.format, image, flags.max_shard_bytes});
  if (!flags.reversed) take_mindspore_names(planned, outputs.path);
  if (planned.index)
    planned.files.push_back(reshard::text_file(
        planned.index_path,
        weight_index_json(*planned.index,
                          flags.reversed ? reshard::huggingface_style : reshard::flat_style)));
  plan.files = std::move(planned.files);
}
}  // namespace

weight_outputs outputs_of(weight_flags const& flags) {
  fs::path path = flags.output;
  std::string const extension = path.extension().string();
  bool const ranks = !flags.destination_strategy.empty();
  if (extension == ".bin" && flags.reversed) {
    path.replace_filename("model.safetensors");
    fmt::print(stderr, "warning: files of torch.save are not written: the result is {}\n",
               path.string());
    return {path.string(), format_named("safetensors"), true};
  }
  for (char const* format : {"ckpt", "safetensors"}) {
    if (extension != std::string{"."} + format) continue;
    if (ranks)
      reshard::detail::arguments_disagree("--dst_strategy writes rank folders: --output_path '" +
                                          flags.output + "' must be a folder");
    if (!flags.save_format.empty() && flags.save_format != format)
      reshard::detail::arguments_disagree("--save_format " + flags.save_format +
                                          ", but --output_path ends in " + extension);
    return {path.string(), format_named(format), true};
  }
  std::string const format = !flags.save_format.empty() ? flags.save_format
                             : ranks                    ? "ckpt"
                                                        : "safetensors";
  if (format == "ckpt" && !ranks)
    return {(path / "checkpoints.ckpt").string(), format_named(format), true};
  return {path.string(), format_named(format), false};
}

reshard::conversion_plan plan_weights(reshard::catalog const& targets, weight_flags const& flags,
                                      weight_outputs const& outputs,
                                      reshard::text_pairs const& metadata) {
  auto const to = strategy_of(flags.destination_strategy);
  reshard::destination_layout destination = lay_out(targets, to ? &*to : nullptr);
  reshard::image_options image;
  if (outputs.format.name == "safetensors") image.metadata = metadata;
  reshard::rank_file_options const files{[&](reshard::index_t rank) {
                                           return to ? fmt::format("{}/rank_{}/{}{}{}",
                                                                   outputs.path, rank, flags.prefix,
                                                                   rank, outputs.format.extension)
                                                     : outputs.path;
                                         },
                                         {},
                                         outputs.format,
                                         image};
  if (to && flags.reversed)
    reshard::detail::arguments_disagree(
        "--dst_strategy is of MindSpore's names, not of --reversed");
  // tensors that a strategy does not list are whole on every rank: said by lay_out
  if (to) print_warnings(destination.warnings);
  reshard::conversion_plan plan = plan_rank_files(targets, std::move(destination), files);
  if (!to && !outputs.is_file) plan_shards(plan, flags, outputs, image);
  return plan;
}

}  // namespace tools
