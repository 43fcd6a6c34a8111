#pragma once

#include "support/mover_flags.hpp"

#include <reshard/model/families.hpp>

namespace tools {

/// The flags of convert_weight: those of MindFormers' script, then ours.
struct weight_flags {
  std::string model, input, output, type, config, save_format, source_strategy,
      destination_strategy;
  std::string prefix = "checkpoint_";
  bool reversed = false, allow_unknown = false, strict_copies = false, strict_overflow = false;
  std::uint64_t max_shard_bytes = 5'000'000'000;
  std::optional<reshard::qkv_order> qkv;
  std::optional<reshard::gate_order> gate;
  reshard::family_flags variant;
  std::string meta_rope = "hf";
  std::map<std::string, reshard::index_t> sizes;  // by axis, of flags
  mover_flags mover;

  void add_to(CLI::App& app);

  [[nodiscard]] reshard::weight_family const& family() const {
    return reshard::family_named(model);
  }
  [[nodiscard]] reshard::remap_direction direction() const noexcept {
    return reversed ? reshard::remap_direction::reverse : reshard::remap_direction::forward;
  }
  /// The type of the result: what is asked for, or the family's default.
  [[nodiscard]] std::optional<reshard::dtype> result_type() const;
};

}  // namespace tools
