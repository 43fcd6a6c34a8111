#pragma once

#include "support/tool.hpp"

#include <reshard/checkpoint/removed_redundancy.hpp>

#include <string>

namespace tools {

/// What a user says of removed redundancy, and whether the files agree.
struct redundancy_flags {
  std::string rule = "auto";   // auto, removed, kept
  std::string has_redundancy;  // documented meaning: True = redundancy was removed

  void add_to(CLI::App& app);
  /// Says how the files are read. What they hold decides; whatever contradicts it is warned of.
  ///   throws: checkpoint_error checkpoint_is_incomplete  for --redundancy kept, when a rank lacks
  ///           what it should hold
  void judge(reshard::redundancy_facts const& facts, bool quiet) const;

 private:
  void warn_of(std::string const& who, bool removed, reshard::redundancy_facts const& facts) const;
};

inline void redundancy_flags::add_to(CLI::App& app) {
  app.add_option("--has_redundancy", has_redundancy,
                 "True: redundancy was removed when the files were saved, False: it was not; the "
                 "files themselves decide")
      ->check(CLI::IsMember({"True", "False"}, CLI::ignore_case))
      ->option_text("True|False");
  app.add_option("--redundancy", rule,
                 "auto: the files decide; removed: as auto, with a warning if they disagree; kept: "
                 "every rank must have all that it holds")
      ->check(CLI::IsMember({"auto", "removed", "kept"}))
      ->option_text("auto|removed|kept");
}

inline void redundancy_flags::judge(reshard::redundancy_facts const& facts, bool quiet) const {
  if (rule == "kept" && facts.was_removed()) {
    auto const& [rank, tensor] = *facts.lacking.begin();
    reshard::detail::checkpoint_is_incomplete(
        fmt::format("--redundancy kept: rank {} lacks '{}'; {} of the ranks lack something", rank,
                    tensor, facts.lacking.size()));
  }
  if (rule != "auto") warn_of("--redundancy " + rule, rule == "removed", facts);
  if (!has_redundancy.empty())
    warn_of("--has_redundancy " + has_redundancy, CLI::detail::to_lower(has_redundancy) == "true",
            facts);
  if (facts.says_kept() && facts.was_removed())
    fmt::print(stderr,
               "warning: files say that redundancy was kept, but rank {} lacks '{}': it is taken "
               "from another rank\n",
               facts.lacking.begin()->first, facts.lacking.begin()->second);
  if (!quiet)
    fmt::print("redundancy: {}\n",
               facts.was_removed()    ? "removed, each part is taken from a rank that has it"
               : facts.says_removed() ? "removed by what the files say, but every rank has all"
                                      : "kept, each part is taken from its first rank");
}

/// The metadata of files counts first, then what is in them.
inline void redundancy_flags::warn_of(std::string const& who, bool removed,
                                      reshard::redundancy_facts const& facts) const {
  bool const marked = facts.says_removed() || facts.says_kept();
  bool const found = marked ? facts.says_removed() : facts.was_removed();
  if (found != removed)
    fmt::print(stderr, "warning: {}, but {} redundancy was {}: the files decide\n", who,
               marked ? "the files say that" : "by what the files hold,",
               found ? "removed" : "kept");
}

}  // namespace tools
