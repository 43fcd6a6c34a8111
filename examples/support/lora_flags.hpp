#pragma once

#include "support/mover_flags.hpp"

#include <reshard/checkpoint/lay_out.hpp>
#include <reshard/checkpoint/lora_update.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tools {

/// The flags of merge_lora: those of MindFormers' two scripts, then ours.
struct lora_flags {
  std::string source, source_strategy, destination, destination_file, destination_strategy;
  std::string prefix = "checkpoint_", scaling = "auto", format = "ckpt";
  std::string base, output;           // of adapters of PEFT
  std::string model, config;          // of a base with MindSpore's names
  std::vector<std::string> adapters;  // DIR or DIR:weight
  std::optional<double> alpha;
  std::optional<reshard::dtype> type;
  reshard::lora_arithmetic arithmetic;
  reshard::layout_options layout;
  mover_flags mover;

  void add_to(CLI::App& app);
  [[nodiscard]] bool has_adapters() const noexcept { return !adapters.empty(); }

  /// The factor of --lora_scaling; nothing for auto.
  [[nodiscard]] std::optional<double> fixed_scaling() const {
    return scaling == "auto" ? std::nullopt : std::optional{std::stod(scaling)};
  }
  /// Where the one file of complete weights goes.
  [[nodiscard]] std::string merged_file() const;
  /// Where the file of a rank goes.
  [[nodiscard]] std::string rank_file(reshard::index_t rank) const {
    return fmt::format("{}/rank_{}/{}{}.{}", destination, rank, prefix, rank, format);
  }

 private:
  void add_peft_to(CLI::App& app);
  void settle();
};

}  // namespace tools
