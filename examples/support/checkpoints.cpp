#include "support/checkpoints.hpp"

#include "support/tool.hpp"

#include <reshard/codec/mindspore_strategy.hpp>
#include <reshard/codec/torch_zip.hpp>
#include <reshard/codec/weight_index_json.hpp>
#include <reshard/formats.hpp>

#include <stdexcept>

namespace tools {

reshard::strategy read_strategy(std::string const& path) {
  reshard::strategy_with_warnings read = reshard::read_strategy_with_warnings(path);
  print_warnings(read.warnings);
  return std::move(read.value);
}

std::optional<reshard::strategy> strategy_of(std::string const& path) {
  if (path.empty() || path == "None") return std::nullopt;
  return read_strategy(path);
}

void source_flags::add_to(CLI::App& app) {
  using reshard::file_choice;
  std::map<std::string, file_choice> const choices{{"name", file_choice::name},
                                                   {"step", file_choice::step}};
  CLI::Option* const choice =
      app.add_option("--pick", pick.choice,
                     "which of several files in a rank folder; default: .ckpt by name, "
                     ".safetensors by step")
          ->transform(CLI::CheckedTransformer(choices))
          ->option_text("name|step");
  CLI::Option* const suffix = app.add_option(
      "--file_suffix", pick.suffix, "instead: the one whose name ends so; 2_1 = epoch 2 step 1");
  app.add_option("--rank_files", pick.pattern,
                 "files of the ranks in one folder, in place of rank_N folders, such as "
                 "model-tp{rank}-of-4.safetensors")
      ->excludes(choice)
      ->excludes(suffix);
  app.add_flag("--lenient", lenient,
               "take safetensors files that break the rules in ways that others accept");
}

void add_name_flags(CLI::App& app, reshard::name_filter& names) {
  app.add_option("--select", names.select,
                 "only tensors that match (anchored regular expression, repeatable)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--drop", names.drop,
                 "no tensors that match (anchored regular expression, repeatable)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--filter_out_param_prefix", names.drop_prefixes,
                 "no tensors whose names begin so");
}

reshard::open_options source_flags::options() const {
  return {pick, reshard::read_weight_index};
}

std::span<reshard::file_format const> source_flags::formats() const {
  return lenient ? reshard::lenient_formats() : tools::formats();
}

reshard::catalog open_checkpoint(std::string const& path,
                                 std::optional<reshard::strategy> const& strategy,
                                 source_flags const& flags) {
  reshard::catalog opened =
      strategy ? reshard::open_ranks(path, *strategy, flags.formats(), flags.options())
               : reshard::open_weights(path, flags.formats(), flags.options());
  print_warnings(opened.warnings);
  return opened;
}

std::span<reshard::file_format const> formats() {
  static std::vector<reshard::file_format> const known = [] {
    std::span<reshard::file_format const> const all = reshard::all_formats();
    std::vector<reshard::file_format> out{all.begin(), all.end()};
    out.push_back(reshard::torch_format);
    return out;
  }();
  return known;
}

reshard::file_format const& format_named(std::string_view name) {
  std::string known;
  for (reshard::file_format const& format : formats()) {
    if (format.name == name) return format;
    known += fmt::format(" {}", format.name);
  }
  throw std::invalid_argument(fmt::format("no format '{}'; known:{}", name, known));
}

reshard::image_options mindspore_image(reshard::file_format const& format) {
  reshard::image_options image;
  if (format.name == "safetensors") image.metadata = {{"format", "ms"}};
  return image;
}

}  // namespace tools
