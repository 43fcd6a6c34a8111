#pragma once

#include <reshard/checkpoint/conversion_plan.hpp>

namespace reshard {
inline namespace v1 {

/// Leaves out the tensors of a plan that a filter does not want. Entries of files count tensors, so
/// this comes before files are planned.
///   throws: checkpoint_error names_do_not_match for a pattern that matches nothing
inline void keep_wanted(std::vector<planned_tensor>& tensors, name_filter const& filter) {
  name_selection names{filter};
  std::erase_if(tensors, [&](planned_tensor const& t) { return !names.wants(t.to.name); });
  names.require_all_used();
}

/// Gives tensors of a plan new names: old -> new.
///   throws: checkpoint_error names_do_not_match with the old names that no tensor has, or the new
///           ones that several have
inline void rename(std::vector<planned_tensor>& tensors,
                   std::map<std::string, std::string> const& names) {
  std::set<std::string> unused;
  for (auto const& [from, to] : names) unused.insert(from);
  std::map<std::string, int> uses;
  for (planned_tensor& t : tensors) {
    auto const renamed = names.find(t.to.name);
    if (renamed != names.end()) {
      unused.erase(t.to.name);
      t.to.name = renamed->second;
    }
    ++uses[t.to.name];
  }
  if (!unused.empty())
    detail::names_do_not_match("no tensor has a name that is to be changed: " +
                               listed(std::vector<std::string>{unused.begin(), unused.end()}));
  std::vector<std::string> several;
  for (auto const& [name, n] : uses)
    if (n > 1) several.push_back(name);
  if (!several.empty())
    detail::names_do_not_match("several tensors would have one name: " + listed(several));
}

}  // namespace v1
}  // namespace reshard
