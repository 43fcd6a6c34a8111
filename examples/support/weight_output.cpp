#include "support/weight_output.hpp"

#include "support/checkpoints.hpp"

#include <reshard/codec/weight_index_json.hpp>

namespace tools {

void weight_output_flags::add_to(CLI::App& app) {
  app.add_option("--format", form,
                 "mindspore: part<k>.safetensors and param_name_map.json; hf: model.safetensors or "
                 "its shards and their index")
      ->check(CLI::IsMember({"mindspore", "hf"}))
      ->option_text("mindspore|hf");
  app.add_option("--max_shard_size", most_bytes,
                 "most bytes of a file, such as 5GB; default: 3 GiB (mindspore), 5 GB (hf)")
      ->transform(CLI::AsSizeValue(true))
      ->option_text("SIZE");
  app.add_flag("--flat_map", flat_map, "param_name_map.json as {name: file} alone");
}

reshard::text_pairs weight_output_flags::metadata() const {
  if (form == "hf") return {{"format", "pt"}};
  return {{"format", "ms"}, {"remove_redundancy", "False"}};
}

void weight_output_flags::plan_files(reshard::conversion_plan& plan, std::string const& folder,
                                     reshard::image_options const& image,
                                     reshard::hyper_rule const& is_hyper) const {
  bool const hf = form == "hf";
  if (hf && flat_map) reshard::detail::arguments_disagree("--flat_map is of --format mindspore");
  std::uint64_t const usual = hf ? reshard::huggingface_shard_bytes : reshard::mindspore_part_bytes;
  reshard::weight_file_options const options{folder, format_named("safetensors"), image,
                                             most_bytes.value_or(usual)};
  reshard::weight_files files = hf ? plan_huggingface_files(plan.tensors, options, is_hyper)
                                   : plan_unified_files(plan.tensors, options, is_hyper);
  plan.files = std::move(files.files);
  if (!files.index) return;
  if (flat_map) files.index->metadata.clear();
  reshard::weight_index_style const style = hf         ? reshard::huggingface_style
                                            : flat_map ? reshard::flat_style
                                                       : reshard::mindspore_style;
  plan.files.push_back(
      reshard::text_file(files.index_path, weight_index_json(*files.index, style)));
}

void require_empty_folder(std::string const& folder) {
  namespace fs = std::filesystem;
  if (!fs::exists(folder)) return;
  bool any = false;
  for (auto const& entry : fs::directory_iterator{folder}) {
    std::string const name = entry.path().filename().string();
    if (name.starts_with(".reshard-") && name.ends_with(".journal")) return;  // it goes on
    any = true;
  }
  if (any) reshard::detail::destination_exists(folder + " is not empty (--force writes into it)");
}

}  // namespace tools
