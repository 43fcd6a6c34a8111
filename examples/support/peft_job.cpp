#include "support/peft_job.hpp"

#include "support/checkpoints.hpp"
#include "support/lora_output.hpp"
#include "support/lora_source.hpp"
#include "support/peft_source.hpp"
#include "support/weight_output.hpp"

#include <reshard/checkpoint/renamed_base.hpp>
#include <reshard/checkpoint/same_files.hpp>
#include <reshard/checkpoint/weight_files.hpp>
#include <reshard/codec/model_config.hpp>
#include <reshard/codec/weight_index_json.hpp>
#include <reshard/model/families.hpp>

#include <deque>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using namespace reshard;

namespace tools {
namespace {

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
    bool const is_adapters = name == "adapter_config.json";  // whose weights are merged or left out
    if (entry.is_regular_file() && !is_weights && !is_adapters)
      out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The tensors that change, and by how many bytes all of them grow.
///   rows: the new number of rows of a matrix that had so many
struct changes {
  std::set<std::string> names;
  std::int64_t growth = 0;
  std::map<index_t, index_t> rows{};
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
    if (shape != t.shape) out.rows.emplace(t.shape[0], shape[0]);
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

/// The base's config.json with the number of tokens that its embedding has now, so that the result
/// can be loaded; nothing if it says nothing of them.
std::optional<planned_file> grown_config(std::string const& base, std::string const& output,
                                         std::map<index_t, index_t> const& rows) {
  std::ifstream in{fs::path{base} / "config.json"};
  auto config = nlohmann::ordered_json::parse(in, nullptr, false);
  bool changed = false;
  auto const grow = [&](nlohmann::ordered_json& of) {
    auto const size = of.is_object() ? of.find("vocab_size") : of.end();
    if (size == of.end() || !size->is_number_integer()) return;
    auto const now = rows.find(size->get<index_t>());
    if (now == rows.end()) return;
    print_warnings(std::array{
        fmt::format("config.json: vocab_size becomes {}, it was {}", now->second, now->first)});
    *size = now->second;
    changed = true;
  };
  grow(config);
  if (config.is_object() && config.contains("text_config")) grow(config["text_config"]);
  if (!changed) return std::nullopt;
  return text_file((fs::path{output} / "config.json").string(), config.dump(2) + "\n");
}

/// A plan that writes weights of another format, all of them, as safetensors in Hugging Face's
/// form, and other files as they are.
conversion_plan plan_new_files(catalog const& base, catalog const& others,
                               std::string const& folder, text_pairs const& metadata) {
  conversion_plan plan;
  for (catalog_tensor const& t : base.tensors) plan.tensors.push_back(detail::on_one_file(base, t));
  weight_output_flags form;
  form.form = "hf";
  image_options image;
  image.metadata = detail::with_added(form.metadata(), metadata);
  form.plan_files(plan, folder, image);
  for (catalog_tensor const& t : others.tensors) {
    std::string const& path = others.files.at(t.placements.front().first_rank).path;
    plan.files.push_back(
        {detail::path_in(folder, path), {{plan.tensors.size(), 0, 0}}, raw_format, {}});
    plan.tensors.push_back(detail::on_one_file(others, t));
  }
  return plan;
}

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
