#pragma once

#include "support/lora_flags.hpp"

#include <reshard/codec/adapter_rules.hpp>

namespace tools {

/// The factor of every module's B x A: a number, or what an adapter_config.json says.
class lora_scalings {
 public:
  /// Looks for adapter_config.json beside the source if neither --lora_scaling nor --lora_alpha
  /// says what the factor is. Warnings go to stderr.
  ///   throws: codec_error of the configuration
  explicit lora_scalings(lora_flags const& flags);

  ///   rank:   rows of A
  ///   throws: checkpoint_error adapter_does_not_fit if the configuration states another rank
  [[nodiscard]] double of(std::string const& module, reshard::index_t rank) const;

 private:
  std::optional<double> fixed_, alpha_;
  bool by_rows_;  // whatever rank the configuration states, as MindFormers' script for safetensors
  std::optional<reshard::adapter> config_;
  std::optional<reshard::adapter_rules> rules_;
};

}  // namespace tools
