#pragma once

#include <reshard/checkpoint/error.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
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
  /// Throws arguments_disagree for a name that is too long to be matched.
  [[nodiscard]] bool matches(std::string const& name) {
    if (!empty() && name.size() > longest_name)
      detail::arguments_disagree("tensor '" + name.substr(0, 64) + "...': a name of " +
                                 std::to_string(name.size()) +
                                 " characters is too long for patterns");
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
  static constexpr std::size_t longest_name = 4096;  // std::regex recurses once per character

  struct entry {
    std::string text;
    std::regex pattern;
    bool used = false;
  };
  std::vector<entry> entries_;
};

/// The tensors that a filter wants.
class name_selection {
 public:
  explicit name_selection(name_filter const& filter)
      : select_(filter.select), drop_(filter.drop), prefixes_(filter.drop_prefixes) {}

  [[nodiscard]] bool wants(std::string const& name) {
    bool dropped = drop_.matches(name);
    for (std::string const& prefix : prefixes_) dropped = dropped || name.starts_with(prefix);
    return !dropped && (select_.empty() || select_.matches(name));
  }
  /// Throws names_do_not_match if a pattern never matched.
  void require_all_used() const {
    select_.require_all_used();
    drop_.require_all_used();
  }

 private:
  pattern_list select_;
  pattern_list drop_;
  std::vector<std::string> prefixes_;
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

/// "a, b, c and 7 more": names in full, unless they are many.
[[nodiscard]] inline std::string listed(std::span<std::string const> names, std::size_t most = 20) {
  std::string out;
  std::size_t const n = std::min(names.size(), most);
  for (std::size_t i = 0; i < n; ++i) out += (i == 0 ? "" : ", ") + names[i];
  return n == names.size() ? out : out + " and " + std::to_string(names.size() - n) + " more";
}

namespace detail {
/// A pattern for one text.
inline std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (std::string_view{"\\^$.|?*+()[]{}"}.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// A pattern for all names with this prefix.
inline std::string prefix_pattern(std::string const& name) {
  return escaped(prefix_of(name)) + "(\\..*)?";
}

/// A pattern for all names that differ in numbers between dots only: one parameter of all layers.
inline std::string layer_pattern(std::string const& name) {
  std::string out;
  for (std::size_t at = 0; at <= name.size();) {
    std::size_t const end = std::min(name.find('.', at), name.size());
    std::string const part = name.substr(at, end - at);
    bool const number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    out += (at == 0 ? "" : "\\.") + (number ? "\\d+" : escaped(part));
    at = end + 1;
  }
  return out;
}
}  // namespace detail

/// The arguments that drop these names and none of the others: --drop 'adam_m(\..*)?' where a
/// prefix is theirs alone, else --drop 'layers\.\d+\.bias', else name by name.
[[nodiscard]] inline std::string drop_arguments(std::span<std::string const> names,
                                                std::span<std::string const> others = {}) {
  std::set<std::string> taken;  // patterns that match one of the others
  for (std::string const& name : others) {
    taken.insert(detail::prefix_pattern(name));
    taken.insert(detail::layer_pattern(name));
  }
  std::map<std::string, std::vector<std::string const*>> groups;
  for (std::string const& name : names) {
    std::string const prefix = detail::prefix_pattern(name);
    std::string const layer = detail::layer_pattern(name);
    groups[!taken.contains(prefix)  ? prefix
           : !taken.contains(layer) ? layer
                                    : detail::escaped(name)]
        .push_back(&name);
  }
  std::string out;
  for (auto const& [pattern, members] : groups)
    out += (out.empty() ? "--drop '" : " --drop '") +
           (members.size() == 1 ? detail::escaped(*members.front()) : pattern) + "'";
  return out;
}

}  // namespace v1
}  // namespace reshard
