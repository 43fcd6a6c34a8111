// Cuts complete weights into the files of ranks.

#include "support/checkpoints.hpp"
#include "support/move_tensors.hpp"

#include <reshard/checkpoint/keepers.hpp>

using namespace reshard;

namespace {

struct split_flags {
  std::string source, strategy, destination, prefix = "checkpoint_", format = "safetensors";
  std::optional<keeper_rule> remove;
  tail_rule tail = tail_rule::exact;
  tools::source_flags source_files;
  name_filter names;
  tools::mover_flags mover;
};

void add_flags(CLI::App& app, split_flags& flags) {
  std::map<std::string, keeper_rule> const rules{{"bytes", keeper_rule::bytes},
                                                 {"mindspore", keeper_rule::mindspore}};
  std::map<std::string, tail_rule> const tails{{"ceil", tail_rule::ceil},
                                               {"balanced", tail_rule::balanced}};
  app.add_option("--src_checkpoint", flags.source,
                 "a file, or a folder of weights with an index or with one file")
      ->required();
  app.add_option("--dst_strategy", flags.strategy, "file or folder")->required();
  app.add_option("--dst_checkpoint_dir", flags.destination, "where the rank_N folders go")
      ->required();
  app.add_option("--prefix", flags.prefix, "of the file names")->capture_default_str();
  app.add_option("--output_format", flags.format, "of the files")
      ->check(CLI::IsMember({"ckpt", "safetensors"}))
      ->option_text("ckpt|safetensors");
  app.add_option("--remove_redundancy", flags.remove,
                 "leave one copy of each part, in the rank with the fewest bytes, or as MindSpore "
                 "deals them out")
      ->expected(0, 1)
      ->default_str("bytes")
      ->transform(CLI::CheckedTransformer(rules))
      ->option_text("[bytes|mindspore]");
  app.add_option("--uneven", flags.tail, "how to cut what does not divide")
      ->transform(CLI::CheckedTransformer(tails))
      ->option_text("ceil|balanced");
  tools::add_name_flags(app, flags.names);
  flags.source_files.add_to(app);
  flags.mover.add_to(app);
}

int split_weights(split_flags const& flags, tools::job_report& report) {
  strategy const to = tools::read_strategy(flags.strategy);
  catalog const source = tools::open_checkpoint(flags.source, std::nullopt, flags.source_files);
  destination_layout destination = lay_out(source, &to, {flags.names, {}, flags.tail, {}});
  tools::print_warnings(destination.warnings);
  file_format const& format = tools::format_named(flags.format);
  image_options image = tools::mindspore_image(format);
  if (format.name == "safetensors")
    image.metadata.emplace_back("remove_redundancy", flags.remove ? "True" : "False");
  conversion_plan plan =
      plan_rank_files(source, std::move(destination),
                      {[&](index_t rank) {
                         return fmt::format("{}/rank_{}/{}{}{}", flags.destination, rank,
                                            flags.prefix, rank, format.extension);
                       },
                       {},
                       format,
                       image});
  if (flags.remove) remove_redundancy(plan, *flags.remove);
  return tools::move_tensors(std::move(plan), flags.mover, flags.destination, report);
}
}  // namespace

int main(int argc, char** argv) {
  tools::tool app{"Cuts complete weights into the files of ranks under a strategy."};
  app.footer(
      "example: split_safetensors --src_checkpoint merged --dst_strategy strategy "
      "--dst_checkpoint_dir ranks --verify\n"
      "example: split_safetensors --src_checkpoint model.safetensors --dst_strategy strategy "
      "--dst_checkpoint_dir ranks --remove_redundancy mindspore");
  split_flags flags;
  add_flags(app, flags);
  return tools::run_reported(app, argc, argv, flags.mover, [&](tools::job_report& report) {
    return split_weights(flags, report);
  });
}
