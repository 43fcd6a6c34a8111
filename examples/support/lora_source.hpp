#pragma once

#include "support/checkpoints.hpp"
#include "support/lora_flags.hpp"

#include <reshard/checkpoint/weight_parts.hpp>

#include <filesystem>

namespace tools {

/// The files of a folder that hold weights, not the state of an optimizer.
inline std::vector<std::string> weight_files_in(std::string const& folder) {
  std::vector<std::string> out = reshard::files_in(folder, {".safetensors"});
  std::erase_if(out, [](std::string const& path) {
    std::string const name = std::filesystem::path{path}.filename().string();
    return name.find("-opt-") != name.npos || name.find("-optimizer-") != name.npos;
  });
  return out;
}

/// The checkpoint that --src_ckpt_path_or_dir names: with a strategy, or complete; as MindFormers'
/// script for safetensors takes it, also several files without an index, and ranks that are copies.
inline reshard::catalog open_source(lora_flags const& flags) {
  auto const strategy = strategy_of(flags.source_strategy);
  bool const is_folder = std::filesystem::is_directory(flags.source);
  if (!strategy && is_folder && !flags.destination_file.empty()) {
    if (reshard::find_rank_files(flags.source).paths.size() > 1)
      return reshard::open_copies(flags.source, formats());
    std::vector<std::string> const files = weight_files_in(flags.source);
    bool const has_index =
        std::filesystem::exists(std::filesystem::path{flags.source} / "param_name_map.json") ||
        std::filesystem::exists(std::filesystem::path{flags.source} /
                                reshard::huggingface_index_name);
    if (!files.empty() && !has_index) return reshard::open_parts(files, formats());
  }
  return open_checkpoint(flags.source, strategy);
}

}  // namespace tools
