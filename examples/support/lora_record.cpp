#include "support/lora_record.hpp"

#include "support/hashes.hpp"

#include <reshard/checkpoint/in_parallel.hpp>
#include <reshard/checkpoint/tensor_pieces.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace tools {
namespace {

void add_word(std::string& list, std::string const& word) {
  if ((',' + list + ',').find(',' + word + ',') == std::string::npos)
    list += (list.empty() ? "" : ",") + word;
}

/// The hash of whole tensors, however they are stored: of their names, types, shapes, and hashes of
/// their elements.
std::string hash_of(reshard::catalog const& in, std::vector<reshard::catalog_tensor> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](auto const& a, auto const& b) { return a.name < b.name; });
  auto const line = [&](std::size_t i, reshard::tensor_reader& reader) {
    reshard::catalog_tensor const& t = tensors[i];
    std::vector<std::byte> bytes(reshard::bytes_of(t.type, t.shape.elements()));
    reshard::box const all{t.shape};
    reshard::tensor_pieces{in, t}.fill(all, {bytes.data(), all}, reader);
    sha256 elements;
    elements.add(bytes);
    return fmt::format("{} {} {} {}\n", t.name, reshard::name_of(t.type), shape_text(t.shape),
                       elements.hex());
  };
  sha256 hash;
  for (std::string const& text : reshard::in_parallel(tensors.size(), 0, line)) hash.add(text);
  return hash.hex();
}

/// What stands beside a .ckpt, or above the rank folders that it is in.
std::string hashes_beside(std::string const& path) {
  namespace fs = std::filesystem;
  fs::path folder = fs::absolute(path).parent_path();
  for (int level = 0; level < 2; ++level, folder = folder.parent_path()) {
    std::ifstream in{folder / lora_record::file_name};
    auto const json = nlohmann::json::parse(in, nullptr, false);
    if (json.is_object()) return json.value("lora_merged", "");
  }
  return {};
}
}  // namespace

lora_record::lora_record(reshard::catalog const& base) {
  auto const add_all = [](std::string& list, std::string const& words) {
    for (std::size_t at = 0; at < words.size();) {
      std::size_t const end = std::min(words.find(',', at), words.size());
      add_word(list, words.substr(at, end - at));
      at = end + 1;
    }
  };
  for (auto const& [number, file] : base.files) {
    for (auto const& [name, value] : file.index->index().metadata) {
      if (name == "lora_merged") add_all(hashes_, value);
      if (name == "lora_scaling") add_all(scalings_, value);
    }
    if (file.path.ends_with(".ckpt")) add_all(hashes_, hashes_beside(file.path));
  }
}

void lora_record::add(std::string const& path, reshard::catalog const& in,
                      std::vector<reshard::catalog_tensor> tensors, bool force) {
  std::string const hash = hash_of(in, std::move(tensors));
  if (!force && (',' + hashes_ + ',').find(',' + hash + ',') != std::string::npos)
    reshard::detail::adapter_was_merged_before(path);
  add_word(hashes_, hash);
  json_["adapters"].push_back({{"path", path}, {"sha256", hash}});
}

void lora_record::add_uses(std::vector<reshard::adapter_use> const& uses) {
  for (reshard::adapter_use const& use : uses) {
    nlohmann::ordered_json row{{"tensor", use.tensor}, {"how", use.how}, {"base", use.base}};
    if (use.how == "merged") {
      row["scaling"] = use.scale;
      add_word(scalings_, fmt::format("{}", use.scale));
    }
    json_["adapter_tensors"].push_back(std::move(row));
  }
  json_["lora_merged"] = hashes_;
  json_["lora_scaling"] = scalings_;
}

reshard::text_pairs lora_record::metadata() const {
  return {{"lora_merged", hashes_}, {"lora_scaling", scalings_}};
}

}  // namespace tools
