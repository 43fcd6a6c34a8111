#include "support/peft_files.hpp"

#include "support/checkpoints.hpp"
#include "support/weight_output.hpp"

#include <nlohmann/json.hpp>
#include <reshard/checkpoint/same_files.hpp>
#include <reshard/checkpoint/weight_files.hpp>
#include <reshard/codec/weight_index_json.hpp>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;
using namespace reshard;

namespace tools {

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

planned_file grown_index(std::string const& base, std::string const& output, std::int64_t growth) {
  weight_index index = read_weight_index((fs::path{base} / huggingface_index_name).string());
  auto const total = static_cast<std::int64_t>(index.total_size().value_or(0));
  for (auto& [key, value] : index.metadata)
    if (key == "total_size") value = std::to_string(total + growth);
  return text_file((fs::path{output} / huggingface_index_name).string(),
                   weight_index_json(index, huggingface_style));
}

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

}  // namespace tools
