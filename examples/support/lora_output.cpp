#include "support/lora_output.hpp"

#include "support/checkpoints.hpp"

#include <reshard/checkpoint/weight_files.hpp>

namespace tools {

reshard::conversion_plan plan_output(reshard::catalog const& source, lora_flags const& flags,
                                     lora_record const& record) {
  auto const to = strategy_of(flags.destination_strategy);
  reshard::destination_layout destination =
      reshard::lay_out(source, to ? &*to : nullptr, flags.layout);
  print_warnings(destination.warnings);
  reshard::rank_file_options files;
  files.path_of = [&](reshard::index_t rank) {
    return to ? flags.rank_file(rank) : flags.merged_file();
  };
  files.format = format_named(flags.format);
  files.image = mindspore_image(files.format);
  if (flags.format == "safetensors")
    for (auto& pair : record.metadata()) files.image.metadata.push_back(std::move(pair));
  reshard::conversion_plan plan = reshard::plan_rank_files(source, std::move(destination), files);
  if (flags.format == "ckpt")
    plan.files.push_back(reshard::text_file(flags.destination + '/' + lora_record::file_name,
                                            record.json().dump(2) + '\n'));
  if (flags.type) reshard::set_real_type(plan, *flags.type);
  return plan;
}

}  // namespace tools
