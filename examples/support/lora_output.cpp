#include "support/lora_output.hpp"

#include "support/checkpoints.hpp"
#include "support/move_tensors.hpp"
#include "support/report.hpp"

#include <reshard/checkpoint/lora_effects.hpp>
#include <reshard/checkpoint/weight_files.hpp>

namespace tools {
namespace {

/// One line for all merges; a warning for those that nothing comes of.
void print_effects(std::vector<reshard::lora_effect> const& effects, bool quiet) {
  std::uint64_t sampled = 0, changed = 0;
  reshard::lora_effect const* most = nullptr;
  double error = 0, update_error = 0;
  std::vector<std::string> idle;
  for (reshard::lora_effect const& e : effects) {
    sampled += e.sampled;
    changed += e.changed;
    if (most == nullptr || e.largest_change > most->largest_change) most = &e;
    error = std::max(error, e.relative_error);
    update_error = std::max(update_error, e.update_error);
    if (e.changed == 0 && e.sampled > 0) idle.push_back(e.tensor);
  }
  if (!quiet && sampled > 0)
    fmt::print(
        "of {} sampled elements {:.1f} % change, at most by {:.3g} ({}); rounding errors are at "
        "most {:.2g} of a tensor, {:.2g} of its update\n",
        sampled, 100.0 * static_cast<double>(changed) / static_cast<double>(sampled),
        most->largest_change, most->tensor, error, update_error);
  if (!idle.empty())
    print_warnings(
        std::array{"no sampled element changes, the update is zero or below the type's "
                   "precision: " +
                   reshard::grouped(idle)});
}

nlohmann::ordered_json effects_json(std::vector<reshard::lora_effect> const& effects) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (reshard::lora_effect const& e : effects)
    list.push_back({{"tensor", e.tensor},
                    {"sampled", e.sampled},
                    {"changed", e.changed},
                    {"largest_change", e.largest_change},
                    {"relative_error", e.relative_error},
                    {"update_error", e.update_error}});
  return list;
}
}  // namespace

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

int run_merges(reshard::conversion_plan plan, std::vector<reshard::lora_merge> merges,
               lora_flags const& flags, lora_record const& record, std::string const& where,
               job_report& report) {
  std::vector<reshard::lora_effect> const effects =
      reshard::effects_of(plan, merges, flags.arithmetic, flags.mover.workers);
  print_effects(effects, flags.mover.quiet || !flags.mover.explain.empty());
  for (auto const& [field, value] : record.json().items()) report.set(field, value);
  report.set("effects", effects_json(effects));
  reshard::add_lora(plan, std::move(merges), flags.arithmetic);
  return move_tensors(std::move(plan), flags.mover, where, report);
}

}  // namespace tools
