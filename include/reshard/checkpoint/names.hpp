#pragma once

#include <reshard/checkpoint/error.hpp>

#include <map>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reshard {
inline namespace v1 {

/// Which tensors of a checkpoint are wanted. Patterns are ECMAScript regular expressions, anchored
/// at both ends: "adam_m\..*". A pattern that matches nothing is an error.
struct name_filter {
  std::vector<std::string> select;         ///< if any: only what matches one of them
  std::vector<std::string> drop;           ///< never what matches one of them
  std::vector<std::string> drop_prefixes;  ///< MindFormers' filter_out_param_prefix
};

/// Compiled patterns that remember which of them matched.
class pattern_list {
 public:
  explicit pattern_list(std::span<std::string const> patterns) {
    for (std::string const& text : patterns) {
      try {
        entries_.push_back({text, std::regex{text, std::regex::ECMAScript | std::regex::optimize}});
      } catch (std::regex_error const& e) {
        detail::arguments_disagree("pattern '" + text + "' is no regular expression: " + e.what());
      }
    }
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] bool matches(std::string const& name) {
    bool any = false;
    for (entry& e : entries_) {
      if (!std::regex_match(name, e.pattern)) continue;
      e.used = true;
      any = true;
    }
    return any;
  }
  /// Throws names_do_not_match if a pattern never matched.
  void require_all_used() const {
    for (entry const& e : entries_)
      if (!e.used)
        detail::names_do_not_match(
            "pattern '" + e.text +
            "' matches no tensor (patterns are anchored regular expressions)");
  }

 private:
  struct entry {
    std::string text;
    std::regex pattern;
    bool used = false;
  };
  std::vector<entry> entries_;
};

/// The text up to the first '.', by which names are grouped in messages.
[[nodiscard]] inline std::string prefix_of(std::string const& name) {
  return name.substr(0, name.find('.'));
}

/// "adam_m.* (12), adam_v.* (12), global_step": names grouped by prefix.
[[nodiscard]] inline std::string grouped(std::span<std::string const> names) {
  std::map<std::string, std::vector<std::string const*>> groups;
  for (std::string const& name : names) groups[prefix_of(name)].push_back(&name);
  std::string out;
  for (auto const& [prefix, members] : groups) {
    if (!out.empty()) out += ", ";
    out += members.size() == 1 ? *members.front()
                               : prefix + ".* (" + std::to_string(members.size()) + ")";
  }
  return out;
}

/// The arguments that drop these names: --drop 'adam_m\..*' --drop 'global_step'
[[nodiscard]] inline std::string drop_arguments(std::span<std::string const> names) {
  std::map<std::string, std::vector<std::string const*>> groups;
  for (std::string const& name : names) groups[prefix_of(name)].push_back(&name);
  std::string out;
  for (auto const& [prefix, members] : groups) {
    out += out.empty() ? "--drop '" : " --drop '";
    std::string const& text = members.size() == 1 ? *members.front() : prefix;
    for (char const c : text) {
      if (std::string_view{"\\^$.|?*+()[]{}"}.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
    out += members.size() == 1 ? "'" : "(\\..*)?'";
  }
  return out;
}

}  // namespace v1
}  // namespace reshard
