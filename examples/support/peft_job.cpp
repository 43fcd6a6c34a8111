#include "support/peft_job.hpp"

#include "support/checkpoints.hpp"
#include "support/lora_output.hpp"
#include "support/lora_source.hpp"

#include <reshard/checkpoint/renamed_base.hpp>
#include <reshard/checkpoint/same_files.hpp>
#include <reshard/checkpoint/weight_files.hpp>
#include <reshard/codec/adapter_config.hpp>
#include <reshard/codec/model_config.hpp>
#include <reshard/codec/torch_zip.hpp>
#include <reshard/codec/weight_index_json.hpp>
#include <reshard/model/families.hpp>

#include <deque>
#include <filesystem>

namespace fs = std::filesystem;
using namespace reshard;

namespace tools {
namespace {

/// "DIR" or "DIR:weight".
std::pair<std::string, double> folder_and_weight(std::string const& text) {
  std::size_t const colon = text.rfind(':');
  if (fs::exists(text) || colon == text.npos) return {text, 1};
  try {
    std::size_t used = 0;
    double const weight = std::stod(text.substr(colon + 1), &used);
    if (colon + 1 + used == text.size()) return {text.substr(0, colon), weight};
  } catch (std::exception const&) {  // a path with a colon that is not there
  }
  return {text, 1};
}

/// The tensors of an adapter: adapter_model.safetensors, else adapter_model.bin.
catalog open_tensors(std::string const& folder) {
  file_format const kinds[] = {format_named("safetensors"), torch_format};
  for (char const* const name : {"adapter_model.safetensors", "adapter_model.bin"}) {
    std::string const path = (fs::path{folder} / name).string();
    if (!fs::exists(path)) continue;
    return open_weights(path, kinds);
  }
  detail::checkpoint_is_incomplete(folder +
                                   " has no adapter_model.safetensors and no adapter_model.bin");
}

peft_adapter open_adapter(std::string const& text) {
  auto const [folder, weight] = folder_and_weight(text);
  peft_adapter out{
      folder, read_adapter((fs::path{folder} / "adapter_config.json").string()), {}, weight};
  print_warnings(out.config.warnings);
  out.tensors = open_tensors(folder);
  print_warnings(out.tensors.warnings);
  return out;
}

/// The files of the base's folder that go along: all but weights that are not merged.
std::vector<std::string> other_files(std::string const& base, bool with_index) {
  std::vector<std::string> out;
  if (!fs::is_directory(base)) return out;
  for (auto const& entry : fs::directory_iterator{base}) {
    std::string const name = entry.path().filename().string();
    bool is_weights = !with_index && name == huggingface_index_name;
    for (char const* const kind : {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".gguf",
                                   ".msgpack", ".bin.index.json"})
      is_weights = is_weights || name.ends_with(kind);
    if (entry.is_regular_file() && !is_weights) out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The tensors that change, and by how many bytes all of them grow.
struct changes {
  std::set<std::string> names;
  std::int64_t growth = 0;
};
changes changes_of(catalog const& base, peft_merges const& merges,
                   std::optional<dtype> const& type) {
  changes out;
  for (catalog_tensor const& t : base.tensors) {
    auto const replaced = merges.replaced.find(t.name);
    bool const is_replaced = replaced != merges.replaced.end();
    bool const is_cast = type && is_real(t.type) && *type != t.type;
    if (!is_replaced && !is_cast && !merges.merges.contains(t.name)) continue;
    out.names.insert(t.name);
    extents const& shape = is_replaced ? replaced->second.shape : t.shape;
    out.growth += static_cast<std::int64_t>(bytes_of(is_cast ? *type : t.type, shape.elements())) -
                  static_cast<std::int64_t>(bytes_of(t.type, t.shape.elements()));
  }
  return out;
}

/// The base's index with another total size.
planned_file grown_index(std::string const& base, std::string const& output, std::int64_t growth) {
  weight_index index = read_weight_index((fs::path{base} / huggingface_index_name).string());
  auto const total = static_cast<std::int64_t>(index.total_size().value_or(0));
  for (auto& [key, value] : index.metadata)
    if (key == "total_size") value = std::to_string(total + growth);
  return text_file((fs::path{output} / huggingface_index_name).string(),
                   weight_index_json(index, huggingface_style));
}

/// Says what a merged embedding means for a head that is the same tensor.
void warn_of_tied_head(catalog const& base, changes const& changed) {
  for (std::string const& name : changed.names) {
    bool const is_embedding = name.ends_with("embed_tokens.weight") || name.ends_with("wte.weight");
    bool const has_head = std::any_of(base.tensors.begin(), base.tensors.end(), [](auto const& t) {
      return t.name.ends_with("lm_head.weight");
    });
    if (is_embedding)
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

/// What all adapters of the command line do to a base.
///   adapters: theirs; outlive the plan
peft_merges merges_of(catalog const& base, lora_flags const& flags,
                      std::deque<peft_adapter>& adapters, lora_record& record) {
  peft_merger merger{base};
  for (std::string const& text : flags.adapters) {
    peft_adapter const& a = adapters.emplace_back(open_adapter(text));
    merger.add(a);
    record.add(a.path, a.tensors, a.tensors.tensors, flags.mover.force);
  }
  peft_merges merges = std::move(merger).take();
  print_warnings(merges.warnings);
  return merges;
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
  bool const has_index = fs::exists(fs::path{flags.base} / huggingface_index_name);
  for (std::string& path : other_files(flags.base, changed.growth == 0))
    files.push_back(std::move(path));
  catalog const raw = open_raw(files);
  conversion_plan plan = plan_same_files(
      base, raw, changed.names, {flags.output, format_named("safetensors"), record.metadata()});
  if (has_index && changed.growth != 0)
    plan.files.push_back(grown_index(flags.base, flags.output, changed.growth));
  if (!flags.mover.quiet)
    fmt::print("{} adapter tensors change {} tensors\n", merges.uses.size(), changed.names.size());
  if (flags.type) set_real_type(plan, *flags.type);
  std::vector<lora_merge> list = add_replacements(plan, std::move(merges));
  return run_merges(std::move(plan), std::move(list), flags, record, flags.output, report);
}

}  // namespace tools
