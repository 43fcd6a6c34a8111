#pragma once

#include "support/tool.hpp"

#include <reshard/checkpoint/weight_files.hpp>

#include <optional>
#include <string>

namespace tools {

/// The flags of tools that write a folder of complete weights.
struct weight_output_flags {
  std::string form;                         // mindspore or hf
  std::optional<std::uint64_t> most_bytes;  // else the form's own limit
  bool flat_map = false;

  void add_to(CLI::App& app);
  /// What all files of the form say besides tensors.
  [[nodiscard]] reshard::text_pairs metadata() const;
  /// Gives a plan the files for all its tensors, the index last.
  void plan_files(reshard::conversion_plan& plan, std::string const& folder,
                  reshard::image_options const& image,
                  reshard::hyper_rule const& is_hyper = {}) const;
};

/// A folder that is to be filled has no files yet, but for those of a job that was stopped.
///   throws: checkpoint_error destination_exists
void require_empty_folder(std::string const& folder);

}  // namespace tools
