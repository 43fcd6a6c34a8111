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

namespace detail {
/// Gives tensors new names; returns the old ones that none had.
inline std::set<std::string> renamed(std::vector<planned_tensor>& tensors,
                                     std::map<std::string, std::string> const& names) {
  std::set<std::string> unused;
  for (auto const& [from, to] : names) unused.insert(from);
  for (planned_tensor& t : tensors) {
    auto const at = names.find(t.to.name);
    if (at == names.end()) continue;
    unused.erase(t.to.name);
    t.to.name = at->second;
  }
  return unused;
}

/// The names of tensors that are to be together.
class distinct_names {
 public:
  void add(std::string const& name) { ++uses_[name]; }
  ///   throws: checkpoint_error names_do_not_match with the names that several have
  void require(std::string const& where) const {
    std::vector<std::string> several;
    for (auto const& [name, n] : uses_)
      if (n > 1) several.emplace_back(name);
    if (!several.empty())
      names_do_not_match(where + "several tensors would have one name: " + listed(several));
  }

 private:
  std::map<std::string_view, int> uses_;
};
}  // namespace detail

/// Gives tensors of a plan new names: old -> new.
///   throws: checkpoint_error names_do_not_match with the old names that no tensor has, or the new
///           ones that several have
inline void rename(std::vector<planned_tensor>& tensors,
                   std::map<std::string, std::string> const& names) {
  std::set<std::string> const unused = detail::renamed(tensors, names);
  if (!unused.empty())
    detail::names_do_not_match("no tensor has a name that is to be changed: " +
                               listed(std::vector<std::string>{unused.begin(), unused.end()}));
  detail::distinct_names together;
  for (planned_tensor const& t : tensors) together.add(t.to.name);
  together.require("");
}

/// The same where files are planned already: a name may be in several files.
///   returns: the old names that no tensor has
///   throws:  checkpoint_error names_do_not_match with a file and the names that it would have
///   twice
[[nodiscard]] inline std::set<std::string> rename_in_files(
    conversion_plan& plan, std::map<std::string, std::string> const& names) {
  std::set<std::string> unused = detail::renamed(plan.tensors, names);
  for (planned_file const& file : plan.files) {
    detail::distinct_names together;
    for (planned_entry const& e : file.entries) together.add(plan.tensors[e.tensor].to.name);
    together.require(file.path + ": ");
  }
  return unused;
}

}  // namespace v1
}  // namespace reshard
