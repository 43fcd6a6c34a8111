#pragma once

#include "support/tool.hpp"

#include <reshard/checkpoint/peft_merge.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The files of a folder of weights that adapters are merged into.
namespace tools {

/// The files of the base's folder that go along: all but weights that are not merged.
std::vector<std::string> other_files(std::string const& base, bool with_index);

/// The tensors that change, and by how many bytes all of them grow.
///   rows: the new number of rows of a matrix that had so many
struct changes {
  std::set<std::string> names;
  std::int64_t growth = 0;
  std::map<reshard::index_t, reshard::index_t> rows{};
};
changes changes_of(reshard::catalog const& base, reshard::peft_merges const& merges,
                   std::optional<reshard::dtype> const& type);

/// The base's index with another total size.
reshard::planned_file grown_index(std::string const& base, std::string const& output,
                                  std::int64_t growth);
/// The base's config.json with the number of tokens that its embedding has now, so that the result
/// can be loaded; nothing if it says nothing of them.
std::optional<reshard::planned_file> grown_config(
    std::string const& base, std::string const& output,
    std::map<reshard::index_t, reshard::index_t> const& rows);

/// A plan that writes weights of another format, all of them, as safetensors in Hugging Face's
/// form, and other files as they are.
reshard::conversion_plan plan_new_files(reshard::catalog const& base,
                                        reshard::catalog const& others, std::string const& folder,
                                        reshard::text_pairs const& metadata);

}  // namespace tools
