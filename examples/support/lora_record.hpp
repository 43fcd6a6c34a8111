#pragma once

#include <nlohmann/json.hpp>
#include <reshard/checkpoint/peft_merge.hpp>

#include <string>
#include <vector>

namespace tools {

/// What a merged checkpoint says of the adapters in it: as metadata of safetensors, or beside a
/// .ckpt, which has no room for it.
class lora_record {
 public:
  static constexpr char const* file_name = "merged_lora.json";

  /// What a base says of adapters that were merged into it before.
  explicit lora_record(reshard::catalog const& base);

  /// Adds an adapter.
  ///   tensors: those that it consists of
  ///   throws:  checkpoint_error adapter_was_merged_before if the base has it and force is not
  ///   given
  void add(std::string const& path, reshard::catalog const& in,
           std::vector<reshard::catalog_tensor> tensors, bool force);
  /// Adds what became of its tensors.
  void add_uses(std::vector<reshard::adapter_use> const& uses);

  /// "lora_merged": the hashes, "lora_scaling": the factors.
  [[nodiscard]] reshard::text_pairs metadata() const;
  /// The same and the list of all tensors, for reports.
  [[nodiscard]] nlohmann::ordered_json const& json() const noexcept { return json_; }

 private:
  std::string hashes_;    // separated by commas
  std::string scalings_;  // each once
  nlohmann::ordered_json json_;
};

}  // namespace tools
