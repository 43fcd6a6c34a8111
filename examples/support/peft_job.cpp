#include "support/peft_job.hpp"

#include "support/checkpoints.hpp"
#include "support/lora_output.hpp"
#include "support/lora_source.hpp"
#include "support/peft_files.hpp"
#include "support/peft_source.hpp"

#include <reshard/checkpoint/renamed_base.hpp>
#include <reshard/checkpoint/same_files.hpp>
#include <reshard/codec/model_config.hpp>
#include <reshard/codec/weight_index_json.hpp>
#include <reshard/model/families.hpp>

#include <deque>
#include <filesystem>

namespace fs = std::filesystem;
using namespace reshard;

namespace tools {
namespace {

/// Says what a merged embedding means for a head that is the same tensor.
void warn_of_tied_head(catalog const& base, changes const& changed) {
  for (std::string const& name : changed.names) {
    bool const is_embedding = name.ends_with("embed_tokens.weight") || name.ends_with("wte.weight");
    auto const head = std::find_if(base.tensors.begin(), base.tensors.end(), [](auto const& t) {
      return t.name.ends_with("lm_head.weight");
    });
    bool const has_head = head != base.tensors.end();
    if (is_embedding && !(has_head && changed.names.contains(head->name)))
      print_warnings(std::array{name + (has_head ? " changes, lm_head.weight does not"
                                                 : " is the head too, so the head changes")});
  }
}

/// Which of MindSpore's variants of names a checkpoint has.
family_flags variant_of(catalog const& source) {
  family_flags out;
  out.target = naming::legacy;
  out.qkv_concat = false;
  for (catalog_tensor const& t : source.tensors) {
    if (t.name.starts_with("decoder.")) out.target = naming::mcore;
    if (t.name.find(".w_qkv.") != t.name.npos || t.name.find(".linear_qkv.") != t.name.npos)
      out.qkv_concat = true;
  }
  return out;
}
}  // namespace

int merge_renamed_adapters(lora_flags const& flags, job_report& report) {
  catalog const source = open_source(flags);
  std::optional<model> config;
  if (!flags.config.empty()) config = read_model(flags.config);
  rule_table const table =
      family_named(flags.model).rules({config ? &*config : nullptr, variant_of(source), &source});
  remapping const mapped = remap(source, table, remap_direction::reverse, {true});
  renamed_base const base = renamed(mapped);
  if (!base.rearranged.empty())
    print_warnings(
        std::array{"stored in another order here, so no adapter can be merged into them: " +
                   grouped(base.rearranged)});
  lora_record record{source};
  std::deque<peft_adapter> adapters;
  peft_merges merges = under_stored_names(merges_of(base.named, flags, adapters, record), base);
  record.add_uses(merges.uses);
  conversion_plan plan = plan_output(source, flags, record);
  std::vector<lora_merge> list = add_replacements(plan, std::move(merges));
  return run_merges(std::move(plan), std::move(list), flags, record, flags.destination, report);
}

int merge_adapters(lora_flags const& flags, job_report& report) {
  catalog const base = open_checkpoint(flags.base, std::nullopt);
  lora_record record{base};
  std::deque<peft_adapter> adapters;
  peft_merges merges = merges_of(base, flags, adapters, record);
  record.add_uses(merges.uses);
  changes const changed = changes_of(base, merges, flags.type);
  warn_of_tied_head(base, changed);
  std::vector<std::string> files;
  for (auto const& [number, file] : base.files) files.push_back(file.path);
  bool const is_new = !std::all_of(files.begin(), files.end(), [](std::string const& path) {
    return path.ends_with(".safetensors");
  });
  if (is_new) files.clear();
  bool const has_index = !is_new && fs::exists(fs::path{flags.base} / huggingface_index_name);
  std::optional<planned_file> config = grown_config(flags.base, flags.output, changed.rows);
  for (std::string& path : other_files(flags.base, !is_new && changed.growth == 0))
    if (!config || fs::path{path}.filename() != "config.json") files.push_back(std::move(path));
  catalog const raw = open_raw(files);
  same_file_options const alike{flags.output, format_named("safetensors"), record.metadata()};
  conversion_plan plan = is_new ? plan_new_files(base, raw, flags.output, record.metadata())
                                : plan_same_files(base, raw, changed.names, alike);
  if (has_index && changed.growth != 0)
    plan.files.push_back(grown_index(flags.base, flags.output, changed.growth));
  if (config) plan.files.push_back(std::move(*config));
  if (!flags.mover.quiet)
    fmt::print("{} adapter tensors change {} tensors\n", merges.uses.size(), changed.names.size());
  if (flags.type) set_real_type(plan, *flags.type);
  std::vector<lora_merge> list = add_replacements(plan, std::move(merges));
  return run_merges(std::move(plan), std::move(list), flags, record, flags.output, report);
}

}  // namespace tools
