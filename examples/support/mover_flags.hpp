#pragma once

#include "support/tool.hpp"

#include <reshard/checkpoint/convert.hpp>

#include <string>
#include <vector>

namespace tools {

/// The flags of every tool that moves tensors.
struct mover_flags {
  std::size_t workers = 0;     // 0 = one per processor
  std::size_t memory = 0;      // 0 = reshard::default_memory_bytes()
  std::size_t sync_every = 0;  // 0 = as the library does
  bool dry_run = false, verify = false, checksum = false, force = false, fresh = false;
  bool no_sync = false, quiet = false, progress = false;
  std::vector<std::string> explain;
  std::string report, mode;
  reshard::replica_rule replicas = reshard::replica_rule::agree;

  void add_to(CLI::App& app);
  /// Files are written, not only a plan shown.
  [[nodiscard]] bool moves() const noexcept { return !dry_run && explain.empty(); }
  /// The options of the library that they stand for.
  [[nodiscard]] reshard::convert_options options() const;
};

}  // namespace tools
